//! Where the two streams of a TCP socket began, by its kernel's counters.

use aya_ebpf::{
    bindings::{__sk_buff, bpf_sock},
    helpers::generated::bpf_skc_to_tcp_sock,
};
use goldwire_probe_events::{ABSENT, TcpBeginning, direction::EGRESS, kind, role};

use crate::{
    kernel::{Struct, offset},
    ring,
    segment::Segment,
};

const ESTABLISHED: u8 = 1;
const CLOSE_WAIT: u8 = 8;

/// What the socket has sent begins at this number: at a client with its SYN, which was acknowledged too, at a server with its
/// first payload byte.
#[inline(always)]
pub fn sent_from(tcp: Struct) -> u32 {
    let acknowledged: u64 = tcp.field(offset!(tcp_bytes_acked));
    tcp.field::<u32>(offset!(tcp_send_unacknowledged)).wrapping_sub(acknowledged as u32)
}

/// The number of the first payload byte received.
#[inline(always)]
pub fn first_received(tcp: Struct) -> u32 {
    let received: u64 = tcp.field(offset!(tcp_bytes_received));
    tcp.field::<u32>(offset!(tcp_receive_next)).wrapping_sub(received as u32)
}

/// Tells the beginning of a socket of which a segment passes and no handshake was seen.
///
/// Rare, so it is a function of its own, with a stack of its own.
#[inline(never)]
pub fn tell(segment: &Segment) {
    let _ = tell_of(segment);
}

#[inline(always)]
fn tell_of(segment: &Segment) -> Option<()> {
    let tcp = tcp_socket(segment.skb)?;
    // Where a FIN was sent or may have been, it is among what was acknowledged too.
    let state: u8 = tcp.field(offset!(sock_state));
    if state != ESTABLISHED && state != CLOSE_WAIT {
        return None;
    }
    ring::tell(TcpBeginning {
        header: ring::header(kind::TCP_BEGINNING),
        cookie: segment.cookie,
        sent_from: sent_from(tcp),
        first_received: first_received(tcp),
        role: role_of(tcp, segment),
        unused: [0; 7],
    });
    Some(())
}

#[inline(always)]
fn tcp_socket(skb: *mut __sk_buff) -> Option<Struct> {
    if offset!(tcp_bytes_received) == ABSENT {
        return None;
    }
    // SAFETY: a field of the context.
    let sock: *mut bpf_sock = unsafe { (*skb).__bindgen_anon_2.sk };
    if sock.is_null() {
        return None;
    }
    // SAFETY: not null, and the verifier knows the type.
    Struct::new(unsafe { bpf_skc_to_tcp_sock(sock.cast()) }.cast())
}

/// A SYN of its own is among what was acknowledged, or is not: the other numbers say what was sent besides. A segment on its way
/// out is counted already, but its end is not yet where the next one begins.
#[inline(always)]
fn role_of(tcp: Struct, segment: &Segment) -> u8 {
    if offset!(tcp_bytes_sent) == ABSENT {
        return role::UNKNOWN;
    }
    let mut next: u32 = tcp.field(offset!(tcp_send_next));
    if segment.direction == EGRESS {
        let end = segment.sequence.wrapping_add(segment.length);
        if end.wrapping_sub(next).cast_signed() > 0 {
            next = end;
        }
    }
    let under_way = next.wrapping_sub(tcp.field(offset!(tcp_send_unacknowledged)));
    let passed = tcp.field::<u64>(offset!(tcp_bytes_acked)).wrapping_add(u64::from(under_way));
    let payload =
        tcp.field::<u64>(offset!(tcp_bytes_sent)).wrapping_sub(tcp.field::<u64>(offset!(tcp_bytes_retransmitted)));
    match passed.wrapping_sub(payload) {
        0 => role::SERVER,
        1 => role::CLIENT,
        _ => role::UNKNOWN,
    }
}
