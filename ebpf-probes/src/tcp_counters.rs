//! The kernel's counters of a TCP socket.

use goldwire_probe_events::{ABSENT, TcpCounters};

use crate::kernel::{Struct, offset};

/// Loads a field, or 0 where this kernel lacks it.
macro_rules! optional {
    ($struct:expr, $field:ident) => {{
        let at = offset!($field);
        if at == ABSENT { 0 } else { $struct.field(at) }
    }};
}

/// All of them, from a `struct tcp_sock`.
#[inline(always)]
pub fn read(tcp: Struct) -> TcpCounters {
    TcpCounters {
        bytes_sent: optional!(tcp, tcp_bytes_sent),
        bytes_retransmitted: optional!(tcp, tcp_bytes_retransmitted),
        bytes_acked: tcp.field(offset!(tcp_bytes_acked)),
        bytes_received: tcp.field::<u64>(offset!(tcp_bytes_received)).wrapping_sub(end_received(tcp)),
        segments_sent: tcp.field(offset!(tcp_segments_sent)),
        segments_received: tcp.field(offset!(tcp_segments_received)),
        data_segments_sent: tcp.field(offset!(tcp_data_segments_sent)),
        data_segments_received: tcp.field(offset!(tcp_data_segments_received)),
        retransmits: tcp.field(offset!(tcp_retransmits)),
        srtt_us_by_8: tcp.field(offset!(tcp_srtt)),
        rtt_min_us: optional!(tcp, tcp_rtt_min),
        unused: 0,
    }
}

/// The kernel counts the other side's FIN as a received byte.
#[inline(always)]
fn end_received(tcp: Struct) -> u64 {
    /// `SOCK_DONE` of `enum sock_flags`, which the FIN sets.
    const DONE: u64 = 1 << 1;
    let flags: u64 = optional!(tcp, sock_flags);
    u64::from(flags & DONE != 0)
}

/// Whether the process has closed the socket, so that nobody reads what comes.
#[inline(always)]
pub fn is_orphan(tcp: Struct) -> bool {
    /// `SOCK_DEAD` of `enum sock_flags`.
    const DEAD: u64 = 1;
    let flags: u64 = optional!(tcp, sock_flags);
    flags & DEAD != 0
}
