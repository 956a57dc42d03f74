//! Where programs send the datagrams of sockets that are not connected: the packet may go to who is behind that address (DNAT).
//!
//! The send passes the hook and then the packet, both in the task that sends: so an entry is of a task, not of a socket, which
//! several tasks may share, each with another peer.

use aya_ebpf::{
    bindings::bpf_sock_addr,
    helpers::generated::{bpf_get_current_task, bpf_get_socket_cookie},
    macros::{cgroup_sock_addr, map},
    maps::LruHashMap,
    programs::SockAddrContext,
};
use goldwire_probe_events::Addresses;

use crate::packet;

/// The programs observe and never refuse.
const ALLOW: i32 = 1;

#[repr(C)]
#[derive(Clone, Copy)]
struct Asked {
    /// Of the socket; 0 once the packet has passed.
    cookie: u64,
    address: [u8; 16],
    port: u16,
    unused: [u8; 6],
}

/// By the address of the task. Only those that send right now count, so that what is pushed out was not needed any more.
#[map]
static ASKED: LruHashMap<u64, Asked> = LruHashMap::with_max_entries(16_384, 0);

/// hook: cgroup/sendmsg4
/// needs: bpf_get_socket_cookie, bpf_get_current_task
/// since: 5.10
#[cgroup_sock_addr(sendmsg4)]
pub fn datagram_asked_ipv4(ctx: SockAddrContext) -> i32 {
    // SAFETY: a field of the context.
    let address = unsafe { (&raw const (*ctx.sock_addr).user_ip4).read_volatile() };
    note(ctx.sock_addr, packet::mapped(address), address == 0);
    ALLOW
}

/// hook: cgroup/sendmsg6
/// needs: bpf_get_socket_cookie, bpf_get_current_task
/// since: 5.10
#[cgroup_sock_addr(sendmsg6)]
pub fn datagram_asked_ipv6(ctx: SockAddrContext) -> i32 {
    // SAFETY: a field of the context.
    let words = unsafe { (&raw const (*ctx.sock_addr).user_ip6).read_volatile() };
    // SAFETY: both are 16 bytes, and any bytes will do.
    let address = unsafe { core::mem::transmute::<[u32; 4], [u8; 16]>(words) };
    note(ctx.sock_addr, address, words == [0; 4]);
    ALLOW
}

/// The unspecified address is the kernel's to replace, by that of loopback.
#[inline(always)]
fn note(sock_addr: *mut bpf_sock_addr, address: [u8; 16], is_unspecified: bool) {
    // SAFETY: the context of this program, and a field of it; old verifiers want it read whole.
    let (cookie, port, task) = unsafe {
        (
            bpf_get_socket_cookie(sock_addr.cast()),
            u16::from_be((&raw const (*sock_addr).user_port).read_volatile() as u16),
            bpf_get_current_task(),
        )
    };
    let asked = Asked { cookie: if is_unspecified { 0 } else { cookie }, address, port, unused: [0; 6] };
    if let Some(known) = ASKED.get_ptr_mut(task) {
        // SAFETY: the kernel gave the pointer, and no other task writes this entry.
        unsafe { known.write(asked) };
    } else {
        let _ = ASKED.insert(task, asked, 0);
    }
}

/// Has the remote address be the one that this task asked for with the datagram that passes. False where it asked for none, as
/// with a socket that is connected.
///
/// Not inlined, since the program that uses it has little room left on its stack.
#[inline(never)]
pub fn take(cookie: u64, addresses: &mut Addresses) -> bool {
    // SAFETY: no arguments.
    let Some(asked) = ASKED.get_ptr_mut(unsafe { bpf_get_current_task() }) else { return false };
    // SAFETY: the kernel gave the pointer.
    let asked = unsafe { &mut *asked };
    if cookie == 0 || asked.cookie != cookie {
        return false;
    }
    asked.cookie = 0;
    (addresses.remote, addresses.remote_port) = (asked.address, asked.port);
    true
}
