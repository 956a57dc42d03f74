//! TCP callbacks that a cgroup gets: they say which connections belong to it.

use aya_ebpf::{
    bindings::{BPF_NOEXIST, BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB, BPF_SOCK_OPS_TCP_CONNECT_CB},
    helpers::generated::bpf_get_socket_cookie,
    macros::sock_ops,
    programs::SockOpsContext,
};
use goldwire_probe_events::{SOCKETS_FULL, Socket, role, transport};

use crate::{clock, loss, maps::SOCKETS, ring};

/// Takes in the sockets of the cgroup that no creation announced: accepted ones, and those created before the daemon that
/// connect now. Attached only where the daemon is confined; elsewhere `tcp_state` takes in all there are.
///
/// hook: sock_ops
/// needs: bpf_get_socket_cookie in sock_ops programs
/// since: 4.16
#[sock_ops]
pub fn socket_operation(ctx: SockOpsContext) -> u32 {
    let mut socket = Socket::new(transport::TCP);
    match ctx.op() {
        BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB => socket.role = role::SERVER,
        BPF_SOCK_OPS_TCP_CONNECT_CB => {
            socket.role = role::CLIENT;
            socket.syn_time = clock::now();
        }
        _ => return 0,
    }
    if !ring::is_watching() {
        return 0;
    }
    // SAFETY: the context of this program.
    let cookie = unsafe { bpf_get_socket_cookie(ctx.ops.cast()) };
    if SOCKETS.get_ptr(cookie).is_none() && SOCKETS.insert(cookie, socket, u64::from(BPF_NOEXIST)).is_err() {
        loss::count(SOCKETS_FULL, 1);
    }
    0
}
