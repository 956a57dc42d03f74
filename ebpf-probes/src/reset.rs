//! Who reset a connection.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use goldwire_probe_events::socket_flag;

use crate::{
    kernel::{Struct, offset},
    maps::SOCKETS,
};

/// hook: tp_btf/tcp_receive_reset
/// needs: BTF
/// since: 5.5
#[btf_tracepoint(function = "tcp_receive_reset")]
pub fn reset_received(ctx: BtfTracePointContext) -> i32 {
    mark(&ctx, socket_flag::RESET_RECEIVED);
    0
}

/// hook: tp_btf/tcp_send_reset
/// needs: BTF
/// since: 5.5
#[btf_tracepoint(function = "tcp_send_reset")]
pub fn reset_sent(ctx: BtfTracePointContext) -> i32 {
    mark(&ctx, socket_flag::RESET_SENT);
    0
}

/// Remembers it for the event that says that the connection closed.
#[inline(always)]
fn mark(ctx: &BtfTracePointContext, flag: u8) -> Option<()> {
    // A reset that answers a segment of no socket has none.
    let sock = Struct::new(ctx.arg(0))?;
    let socket = SOCKETS.get_ptr_mut(sock.field::<u64>(offset!(sock_cookie)))?;
    // SAFETY: the kernel gave the pointer.
    unsafe { (*socket).flags |= flag };
    Some(())
}
