//! Calls of Go's `crypto/tls`. Goroutines move between threads and their stacks move in memory, so a call is known by its
//! goroutine and by how deep in its stack it is, and its ends are the function's own return instructions: a return probe would
//! write to the stack, where Go's runtime trips over it.

use aya_ebpf::{
    EbpfContext,
    helpers::generated::{bpf_get_attach_cookie, bpf_probe_read_user},
    macros::{map, uprobe},
    maps::LruHashMap,
    programs::ProbeContext,
};
use goldwire_probe_events::tls_file;

use crate::{
    clock, descriptor, owner, plaintext, registers, ring, scope,
    tls_call::{Call, FILES},
};

/// Names a call that is under way.
#[repr(C)]
#[derive(Clone, Copy)]
struct Place {
    goroutine: u64,
    pid: u32,
    /// Bytes from the upper end of the goroutine's stack, the same wherever the stack lies.
    depth: u32,
}

/// Calls under way; those that began longest ago go first. A read is under way for as long as a connection is idle.
#[map]
static GO_CALLS: LruHashMap<Place, Call> = LruHashMap::with_max_entries(32_768, 0);

/// hook: uprobe at functions of Go's crypto/tls
/// needs: bpf_get_attach_cookie in perf programs
/// since: 5.15
#[uprobe]
pub fn go_called(ctx: ProbeContext) -> u32 {
    let _ = on_call(&ctx);
    0
}

/// hook: uprobe at return instructions of Go's crypto/tls
/// needs: bpf_get_attach_cookie in perf programs
/// since: 5.15
#[uprobe]
pub fn go_returned(ctx: ProbeContext) -> u32 {
    let _ = on_return(&ctx);
    0
}

/// hook: uprobe at functions of Go's crypto/tls
/// needs: ring buffer
/// since: 5.8
#[uprobe]
pub fn go_closed(ctx: ProbeContext) -> u32 {
    plaintext::on_go_closed(registers::go_first(ctx.as_ptr()));
    0
}

/// What a probe is told when it is attached, and when the probes of its file were complete.
#[inline(always)]
fn watched(ctx: &ProbeContext) -> Option<(u64, u64)> {
    // SAFETY: the context of this program.
    let attachment = unsafe { bpf_get_attach_cookie(ctx.as_ptr()) };
    let attached = FILES.get(tls_file(attachment)).copied()?;
    (attached != 0 && ring::is_watching() && scope::has_current_process()).then_some((attachment, attached))
}

/// The function's first instruction runs twice where its stack has to grow: the second time is the same call again.
#[inline(always)]
fn on_call(ctx: &ProbeContext) -> Option<()> {
    let (attachment, attached) = watched(ctx)?;
    let registers = ctx.as_ptr();
    let place = place(registers)?;
    let connection = registers::go_first(registers);
    let distance = attachment.cast_signed() >> 24;
    let close = registers::instruction(registers).wrapping_sub(distance.cast_unsigned());
    // Noted all the same where it is over something else than TCP: its end is to be told from one whose beginning was missed.
    let (object, cookie) = match descriptor_of(connection, close) {
        Some(descriptor) => (connection, descriptor::socket_cookie(descriptor).unwrap_or(0)),
        None => (0, 0),
    };
    let call = Call::of_go(attachment & 0xff, attached, [object, registers::go_second(registers), cookie]);
    GO_CALLS.insert(place, call, 0).ok()?;
    if object != 0 {
        plaintext::begin(&call);
    }
    Some(())
}

#[inline(always)]
fn on_return(ctx: &ProbeContext) -> Option<()> {
    let (attachment, _) = watched(ctx)?;
    let place = place(ctx.as_ptr())?;
    let length = registers::go_first(ctx.as_ptr()).cast_signed();
    let Some(call) = GO_CALLS.get_ptr(place) else { return if length > 0 { put_off(attachment) } else { None } };
    // SAFETY: the kernel gave the pointer, and only this goroutine uses what is behind it.
    let call = unsafe { *call };
    let _ = GO_CALLS.remove(place);
    if call.object == 0 {
        return None;
    }
    plaintext::on_go_passed(&call, if length > 0 { length.cast_unsigned() } else { 0 })
}

/// The beginning of a call was not seen, so a session that is new from here on may have been used before.
#[inline(always)]
fn put_off(attachment: u64) -> Option<()> {
    let attached = FILES.get_ptr_mut(tls_file(attachment))?;
    // SAFETY: the kernel gave the pointer; an aligned word is written whole, and of several that write at once any will do.
    unsafe { *attached = clock::now() };
    Some(())
}

/// `struct g` begins with the ends of its stack, the lower one first.
#[inline(always)]
fn place(registers: *const core::ffi::c_void) -> Option<Place> {
    let goroutine = registers::goroutine(registers);
    let stack: [u64; 2] = read(goroutine)?;
    let depth = stack[1].wrapping_sub(registers::stack_end(registers));
    Some(Place { goroutine, pid: owner::current_pid(), depth: depth as u32 })
}

/// The file descriptor of a `tls.Conn`, if it is over a `net.TCPConn` itself; -1 as a large number where that is closed.
///
/// `tls.Conn` begins with the `net.Conn` below it: a table of methods, sorted by name, and the value. A `net.TCPConn` is a
/// pointer to its `netFD`, which begins with a `poll.FD`, in which a lock of 16 bytes comes before the descriptor.
#[inline(always)]
fn descriptor_of(connection: u64, close: u64) -> Option<u64> {
    /// Where `fun` is in `struct itab`.
    const METHODS: u64 = 24;
    /// Of `Sysfd` in `poll.FD`.
    const DESCRIPTOR: u64 = 16;
    let [table, below]: [u64; 2] = read(connection)?;
    if read::<u64>(table + METHODS)? != close {
        return None;
    }
    let descriptors: u64 = read(below)?;
    read(descriptors + DESCRIPTOR)
}

/// Reads the program's memory.
#[inline(always)]
fn read<T: Copy>(address: u64) -> Option<T> {
    let mut value = core::mem::MaybeUninit::<T>::uninit();
    // SAFETY: the helper writes the whole value, or fails.
    let fault = unsafe {
        bpf_probe_read_user(value.as_mut_ptr().cast(), size_of::<T>() as u32, address as *const core::ffi::c_void)
    };
    // SAFETY: written, as the helper succeeded.
    (fault == 0).then(|| unsafe { value.assume_init() })
}
