//! Whose socket: the first process that reads or writes it.

use aya_ebpf::{
    helpers::{
        bpf_get_current_comm,
        generated::{bpf_get_current_cgroup_id, bpf_get_current_pid_tgid},
    },
    macros::btf_tracepoint,
    programs::BtfTracePointContext,
};
use goldwire_probe_events::{Process, STEERING_SLOTS, SocketOwned, kind, socket_flag};

use crate::{
    kernel::{Struct, offset},
    maps::{OWNED, SOCKETS},
    ring, tls_call,
};

/// hook: tp_btf/sock_send_length
/// needs: BTF, ring buffer
/// since: 6.3
#[btf_tracepoint(function = "sock_send_length")]
pub fn socket_written(ctx: BtfTracePointContext) -> i32 {
    on_use(&ctx, false);
    0
}

/// hook: tp_btf/sock_recv_length
/// needs: BTF, ring buffer
/// since: 6.3
#[btf_tracepoint(function = "sock_recv_length")]
pub fn socket_read(ctx: BtfTracePointContext) -> i32 {
    on_use(&ctx, true);
    0
}

/// Runs at every send and receive of every socket, so nearly always it leaves after a few loads.
#[inline(always)]
fn on_use(ctx: &BtfTracePointContext, is_received: bool) -> Option<()> {
    const AF_INET: u16 = 2;
    const AF_INET6: u16 = 10;
    let length: i32 = ctx.arg(1);
    if length <= 0 {
        return None;
    }
    let sock = Struct::new(ctx.arg(0))?;
    let family: u16 = sock.field(offset!(sock_family));
    if family != AF_INET && family != AF_INET6 {
        return None;
    }
    let cookie: u64 = sock.field(offset!(sock_cookie));
    tls_call::note_use(cookie, is_received);
    let owned = OWNED.get_ptr_mut(cookie as u32 & (STEERING_SLOTS - 1))?;
    // SAFETY: the kernel gave the pointer.
    if cookie == 0 || unsafe { *owned } == cookie as u32 {
        return None;
    }
    let socket = SOCKETS.get_ptr_mut(cookie)?;
    // SAFETY: the kernel gave the pointers. Two processes that come at once both tell; the daemon takes the first.
    unsafe {
        let is_known = (*socket).flags & socket_flag::OWNER_FINAL != 0;
        *owned = cookie as u32;
        if is_known {
            return None;
        }
        (*socket).flags |= socket_flag::OWNER_FINAL;
        (*socket).owner_pid = current_pid();
    }
    ring::tell(SocketOwned { header: ring::header(kind::SOCKET_OWNED), cookie, owner: current() });
    Some(())
}

/// The current thread group.
#[inline(always)]
pub fn current_pid() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    (unsafe { bpf_get_current_pid_tgid() } >> 32) as u32
}

/// The current process.
#[inline(always)]
pub fn current() -> Process {
    Process {
        // SAFETY: takes nothing and cannot fail.
        cgroup: unsafe { bpf_get_current_cgroup_id() },
        comm: bpf_get_current_comm().unwrap_or_default(),
        pid: current_pid(),
        unused: 0,
    }
}
