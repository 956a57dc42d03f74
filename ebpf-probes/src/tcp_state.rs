//! The life of TCP sockets: connecting, listening, established, closed.

use aya_ebpf::{
    bindings::{BPF_ANY, BPF_NOEXIST},
    helpers::generated::{bpf_get_socket_cookie, bpf_skc_to_tcp_sock},
    macros::btf_tracepoint,
    programs::BtfTracePointContext,
};
use goldwire_probe_events::{
    ABSENT, Addresses, ORPHANED, RESETS, SOCKETS_FULL, Socket, TcpClosed, TcpConnecting, TcpEstablished, TcpListening, kind, role,
    socket_flag, transport,
};

use crate::{
    beginning,
    kernel::{Struct, offset},
    loss,
    maps::SOCKETS,
    owner, packet, ring, scope, tcp_counters,
};

const ESTABLISHED: i32 = 1;
const SYN_SENT: i32 = 2;
const SYN_RECEIVED: i32 = 3;
const CLOSE: i32 = 7;
const LISTEN: i32 = 10;

/// A socket at a change of its state.
struct Change {
    sock: Struct,
    tcp: Struct,
    cookie: u64,
    from: i32,
}

/// hook: tp_btf/inet_sock_set_state
/// needs: BTF, bpf_get_socket_cookie and bpf_skc_to_tcp_sock in tracing programs, ring buffer
/// since: 5.12
#[btf_tracepoint(function = "inet_sock_set_state")]
pub fn tcp_state(ctx: BtfTracePointContext) -> i32 {
    on_change(&ctx);
    0
}

#[inline(always)]
fn on_change(ctx: &BtfTracePointContext) -> Option<()> {
    let to: i32 = ctx.arg(2);
    if !matches!(to, ESTABLISHED | SYN_SENT | CLOSE | LISTEN) || !ring::is_watching() {
        return None;
    }
    let sock = Struct::new(ctx.arg(0))?;
    // SAFETY: the verifier knows the argument as a socket.
    let tcp = Struct::new(unsafe { bpf_skc_to_tcp_sock(sock.as_ptr().cast_mut().cast()) }.cast())?;
    // SAFETY: as above.
    let cookie = unsafe { bpf_get_socket_cookie(sock.as_ptr().cast_mut().cast()) };
    let change = Change { sock, tcp, cookie, from: ctx.arg(1) };
    match to {
        SYN_SENT => connecting(&change),
        ESTABLISHED => established(&change),
        CLOSE => closed(&change),
        _ => listening(&change),
    }
}

/// Runs in the process that connects.
#[inline(always)]
fn connecting(change: &Change) -> Option<()> {
    let header = ring::header(kind::TCP_CONNECTING);
    let mut socket = Socket::new(transport::TCP);
    socket.role = role::CLIENT;
    socket.syn_time = header.time;
    socket.owner_pid = owner::current_pid();
    socket.flags = socket_flag::OWNER_FINAL;
    // Confined, a socket is ours if its creation was seen; if it is older, `tcp_connect` of the socket operations takes it.
    if scope::is_confined() && SOCKETS.get_ptr(change.cookie).is_none() {
        return None;
    }
    if SOCKETS.insert(change.cookie, socket, u64::from(BPF_ANY)).is_err() {
        loss::count(SOCKETS_FULL, 1);
        return None;
    }
    ring::tell(TcpConnecting {
        header,
        cookie: change.cookie,
        addresses: addresses(change),
        unused: 0,
        owner: owner::current(),
    });
    Some(())
}

/// Runs in whatever context the last packet of the handshake came.
#[inline(always)]
fn established(change: &Change) -> Option<()> {
    let known = SOCKETS.get_ptr_mut(change.cookie);
    let side = match change.from {
        SYN_SENT => role::CLIENT,
        SYN_RECEIVED => role::SERVER,
        _ => return None,
    };
    let mut socket = Socket::new(transport::TCP);
    if let Some(known) = known {
        // SAFETY: the kernel gave the pointer.
        unsafe {
            if (*known).role == role::UNKNOWN {
                (*known).role = side;
            }
            (*known).flags |= socket_flag::BEGINNING_TOLD;
            socket = *known;
        }
    } else if scope::is_confined() {
        return None;
    } else {
        socket.role = side;
        socket.flags = socket_flag::BEGINNING_TOLD;
        if SOCKETS.insert(change.cookie, socket, u64::from(BPF_NOEXIST)).is_err() {
            loss::count(SOCKETS_FULL, 1);
            return None;
        }
    }
    ring::tell(TcpEstablished {
        header: ring::header(kind::TCP_ESTABLISHED),
        cookie: change.cookie,
        syn_time: socket.syn_time,
        addresses: addresses(change),
        first_sent: beginning::sent_from(change.tcp).wrapping_add(u32::from(socket.role == role::CLIENT)),
        first_received: beginning::first_received(change.tcp),
        owner_pid: socket.owner_pid,
        role: socket.role,
        unused: [0; 7],
    });
    Some(())
}

#[inline(always)]
fn closed(change: &Change) -> Option<()> {
    let known = SOCKETS.get_ptr_mut(change.cookie)?;
    // SAFETY: the kernel gave the pointer.
    let socket = unsafe { *known };
    if change.from == LISTEN || change.from == CLOSE {
        return SOCKETS.remove(change.cookie).ok();
    }
    ring::tell(TcpClosed {
        header: ring::header(kind::TCP_CLOSED),
        cookie: change.cookie,
        addresses: addresses(change),
        errno: change.sock.field(offset!(sock_error)),
        counters: tcp_counters::read(change.tcp),
        owner_pid: socket.owner_pid,
        role: socket.role,
        from: change.from as u8,
        flags: socket.flags & RESETS | if tcp_counters::is_orphan(change.tcp) { ORPHANED } else { 0 },
        tcp_flags: socket.tcp_flags,
    });
    if scope::is_confined() && change.from == SYN_SENT {
        // The same socket may connect again, and only its creation told that it is ours; its release removes it.
        return None;
    }
    SOCKETS.remove(change.cookie).ok()
}

/// Runs in the process that listens.
#[inline(always)]
fn listening(change: &Change) -> Option<()> {
    if scope::is_confined() && SOCKETS.get_ptr(change.cookie).is_none() {
        return None;
    }
    let Addresses { local, local_port, .. } = addresses(change);
    ring::tell(TcpListening {
        header: ring::header(kind::TCP_LISTENING),
        cookie: change.cookie,
        local,
        local_port,
        unused: 0,
        owner_pid: owner::current_pid(),
    });
    Some(())
}

#[inline(always)]
fn addresses(change: &Change) -> Addresses {
    const AF_INET6: u16 = 10;
    let sock = change.sock;
    let is_ipv6 = sock.field::<u16>(offset!(sock_family)) == AF_INET6 && offset!(sock_remote6) != ABSENT;
    let (local, remote) = if is_ipv6 {
        (ipv6(sock, offset!(sock_local6)), ipv6(sock, offset!(sock_remote6)))
    } else {
        (packet::mapped(sock.field(offset!(sock_local4))), packet::mapped(sock.field(offset!(sock_remote4))))
    };
    Addresses {
        local,
        remote,
        local_port: u16::from_be(change.tcp.field(offset!(tcp_local_port))),
        remote_port: u16::from_be(sock.field(offset!(sock_remote_port))),
    }
}

#[inline(always)]
fn ipv6(sock: Struct, offset: u32) -> [u8; 16] {
    let words: [u64; 2] = [sock.field(offset), sock.field(offset + 8)];
    // SAFETY: both are 16 bytes, and any bytes will do.
    unsafe { core::mem::transmute::<[u64; 2], [u8; 16]>(words) }
}
