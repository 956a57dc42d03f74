//! Creation and release of sockets by processes.

use aya_ebpf::{
    bindings::{BPF_NOEXIST, bpf_sock},
    helpers::generated::bpf_get_socket_cookie,
    macros::cgroup_sock,
    programs::SockContext,
};
use goldwire_probe_events::{SOCKETS_FULL, Socket, SocketReleased, kind, socket_flag, transport};

use crate::{loss, maps::SOCKETS, owner, ring, scope};

const PASS: i32 = 1;
const SOCK_STREAM: u32 = 1;
const SOCK_DGRAM: u32 = 2;
const CLOSE: u32 = 7;
const IP_PROTOCOL_TCP: u32 = 6;
const IP_PROTOCOL_UDP: u32 = 17;

/// Remembers who made a UDP socket. Confined, it also says which TCP sockets are ours.
///
/// hook: cgroup/sock_create
/// needs: bpf_get_socket_cookie and bpf_get_current_pid_tgid in cgroup/sock programs
/// since: 5.7
#[cgroup_sock(sock_create)]
pub fn socket_created(ctx: SockContext) -> i32 {
    let transport = match transport_of(ctx.sock) {
        Some(transport::TCP) if !scope::is_confined() => return PASS,
        _ if !ring::is_watching() => return PASS,
        Some(transport) => transport,
        None => return PASS,
    };
    let mut socket = Socket::new(transport);
    socket.owner_pid = owner::current_pid();
    // SAFETY: the context of this program.
    let cookie = unsafe { bpf_get_socket_cookie(ctx.sock.cast()) };
    if SOCKETS.insert(cookie, socket, u64::from(BPF_NOEXIST)).is_err() {
        loss::count(SOCKETS_FULL, 1);
    }
    PASS
}

/// Forgets a socket that has no connection to end: UDP, and TCP that is neither connected nor in its last states.
///
/// hook: cgroup/sock_release
/// needs: bpf_get_socket_cookie in cgroup/sock programs
/// since: 5.9
#[cgroup_sock(sock_release)]
pub fn socket_released(ctx: SockContext) -> i32 {
    // SAFETY: a field of the context.
    let state = unsafe { (*ctx.sock).state };
    // SAFETY: the context of this program.
    let cookie = unsafe { bpf_get_socket_cookie(ctx.sock.cast()) };
    match transport_of(ctx.sock) {
        Some(transport::UDP) => forget_datagrams(cookie),
        Some(_) if scope::is_confined() && state == CLOSE => {
            let _ = SOCKETS.remove(cookie);
        }
        _ => {}
    }
    PASS
}

#[inline(always)]
fn forget_datagrams(cookie: u64) {
    let Some(socket) = SOCKETS.get_ptr(cookie) else { return };
    // SAFETY: the kernel gave the pointer.
    if unsafe { (*socket).flags } & socket_flag::CONVERSED != 0 {
        ring::tell(SocketReleased { header: ring::header(kind::SOCKET_RELEASED), cookie });
    }
    let _ = SOCKETS.remove(cookie);
}

#[inline(always)]
fn transport_of(sock: *mut bpf_sock) -> Option<u8> {
    // SAFETY: fields of the context.
    let (kind, protocol) = unsafe { ((*sock).type_, (*sock).protocol) };
    match (kind, protocol) {
        (SOCK_STREAM, IP_PROTOCOL_TCP) => Some(transport::TCP),
        (SOCK_DGRAM, IP_PROTOCOL_UDP) => Some(transport::UDP),
        _ => None,
    }
}
