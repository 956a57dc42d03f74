//! Calls of TLS libraries: what a thread gave or got, and which socket it used meanwhile.

use aya_ebpf::{
    EbpfContext,
    helpers::generated::{bpf_get_attach_cookie, bpf_get_current_pid_tgid, bpf_probe_read_user},
    macros::{map, uprobe, uretprobe},
    maps::{Array, LruHashMap},
    programs::{ProbeContext, RetProbeContext},
};
use goldwire_probe_events::{TLS_FILES, tls_file, tls_function, transport};

use crate::{clock, maps::SOCKETS, plaintext, registers, ring, scope};

/// A call that has not returned.
#[derive(Clone, Copy)]
pub struct Call {
    /// Address of the library's object.
    pub object: u64,
    /// Address of the bytes; 0 where the call names none.
    pub buffer: u64,
    /// Where the call leaves how many bytes passed, if it is such a call.
    count_at: u64,
    /// The stack's end at its beginning: it tells which return is this call's.
    stack: u64,
    pub began: u64,
    /// When the probes of its library were complete.
    pub attached: u64,
    /// The TCP socket that it used; [`SEVERAL`] where that is not one.
    cookie: u64,
    /// One of [`tls_function`].
    pub function: u64,
}

/// In the place of a cookie: more than one socket.
const SEVERAL: u64 = u64::MAX;

const NO_CALL: Call =
    Call { object: 0, buffer: 0, count_at: 0, stack: 0, began: 0, attached: 0, cookie: 0, function: 0 };

impl Call {
    /// A call of Go's, which says what its socket is.
    #[inline(always)]
    pub fn of_go(function: u64, attached: u64, [object, buffer, cookie]: [u64; 3]) -> Self {
        Self { object, buffer, count_at: 0, stack: 0, began: clock::now(), attached, cookie, function }
    }

    /// Whether its cookie is the session's socket for sure, or 0.
    #[inline(always)]
    pub fn names_socket(&self) -> bool {
        matches!(self.function as u8, tls_function::GO_WRITE | tls_function::GO_READ)
    }

    /// The one TCP socket that was used in the call; 0 where there is none.
    #[inline(always)]
    pub fn cookie(&self) -> u64 {
        if self.cookie == SEVERAL { 0 } else { self.cookie }
    }
}

/// What a thread is about. Of calls within calls (TLS inside of TLS, through a proxy) two are followed.
#[derive(Clone, Copy)]
struct Thread {
    depth: u64,
    /// The TCP socket from which it received last.
    received_from: u64,
    calls: [Call; 2],
}

/// Threads that have called a TLS library, by thread id.
#[map]
static THREADS: LruHashMap<u64, Thread> = LruHashMap::with_max_entries(8192, 0);

/// Ids of the same threads, by id modulo the size: a cache that keeps the look-up from all other threads' system calls.
#[map]
static TLS_THREADS: Array<u32> = Array::with_max_entries(THREAD_SLOTS, 0);

const THREAD_SLOTS: u32 = 65_536;

/// When the probes of each watched file were complete, or 0. A call whose beginning nobody saw puts it off to its end.
#[map]
pub static FILES: Array<u64> = Array::with_max_entries(TLS_FILES, 0);

/// hook: uprobe at functions of TLS libraries
/// needs: bpf_get_attach_cookie in perf programs
/// since: 5.15
#[uprobe]
pub fn tls_called(ctx: ProbeContext) -> u32 {
    let _ = on_call(&ctx);
    0
}

/// hook: uretprobe at functions of TLS libraries
/// needs: bpf_probe_read_user, ring buffer
/// since: 5.8
#[uretprobe]
pub fn tls_returned(ctx: RetProbeContext) -> u32 {
    let _ = on_return(&ctx);
    0
}

/// hook: uprobe at functions of TLS libraries
/// needs: ring buffer
/// since: 5.8
#[uprobe]
pub fn tls_freed(ctx: ProbeContext) -> u32 {
    if let Some(object) = ctx.arg(0) {
        plaintext::forget(object);
    }
    0
}

#[inline(always)]
fn on_call(ctx: &ProbeContext) -> Option<()> {
    // SAFETY: the context of this program.
    let attachment = unsafe { bpf_get_attach_cookie(ctx.as_ptr()) };
    // SAFETY: the kernel gave the pointer.
    let attached = FILES.get(tls_file(attachment)).copied()?;
    if attached == 0 || !ring::is_watching() || !scope::has_current_process() {
        return None;
    }
    let thread = current_thread()?;
    let call = Call {
        object: ctx.arg(0)?,
        buffer: ctx.arg(1)?,
        count_at: ctx.arg(3)?,
        stack: registers::stack_end(ctx.as_ptr()),
        began: clock::now(),
        attached,
        cookie: 0,
        function: attachment & 0xff,
    };
    // SAFETY: the kernel gave the pointer, and only this thread uses what is behind it.
    unsafe { begin(thread, &call) }
}

/// Calls whose stack is gone have ended without a return: a long jump. A call on the same object within a call is part of it.
///
/// # Safety
///
/// `thread` points into the map.
#[inline(always)]
unsafe fn begin(thread: *mut Thread, call: &Call) -> Option<()> {
    // SAFETY: by the caller.
    unsafe {
        let [outer, inner] = [&raw mut (*thread).calls[0], &raw mut (*thread).calls[1]];
        let has_outer = (*thread).depth > 0 && (*outer).stack > call.stack;
        let has_inner = has_outer && (*thread).depth > 1 && (*inner).stack > call.stack;
        let is_part = (has_outer && (*outer).object == call.object) || (has_inner && (*inner).object == call.object);
        if is_part || has_inner {
            return None;
        }
        if has_outer {
            *inner = *call;
            (*thread).depth = 2;
        } else {
            *outer = *call;
            (*thread).depth = 1;
        }
    }
    Some(())
}

#[inline(always)]
fn on_return(ctx: &RetProbeContext) -> Option<()> {
    let thread = THREADS.get_ptr_mut(thread_id())?;
    // SAFETY: the kernel gave the pointer, and only this thread uses what is behind it.
    let (call, received_from) = unsafe { (end(thread, registers::stack_end(ctx.as_ptr()))?, (*thread).received_from) };
    let length = passed(&call, ctx.ret::<u64>())?;
    plaintext::on_passed(&call, received_from, length)
}

/// Takes the call that returns to this place off the thread.
///
/// # Safety
///
/// `thread` points into the map.
#[inline(always)]
unsafe fn end(thread: *mut Thread, stack: u64) -> Option<Call> {
    // SAFETY: by the caller.
    unsafe {
        let [outer, inner] = [&raw mut (*thread).calls[0], &raw mut (*thread).calls[1]];
        if (*thread).depth > 1 && returns_to(&*inner, stack) {
            (*thread).depth = 1;
            return Some(*inner);
        }
        if (*thread).depth > 0 && returns_to(&*outer, stack) {
            (*thread).depth = 0;
            return Some(*outer);
        }
        None
    }
}

/// Where the return address was on the stack, it is off now.
#[inline(always)]
fn returns_to(call: &Call, stack: u64) -> bool {
    stack.wrapping_sub(call.stack) <= 8
}

/// How many bytes a call wrote or read; `None` where it failed.
#[inline(always)]
fn passed(call: &Call, result: u64) -> Option<u64> {
    let length = match call.function as u8 {
        tls_function::WRITE | tls_function::READ => i64::from(result as i32),
        tls_function::WRITE_EX | tls_function::READ_EX if result as i32 == 1 => read_count(call.count_at)? as i64,
        tls_function::SEND_FILE | tls_function::SEND | tls_function::RECEIVE => result as i64,
        _ => 0,
    };
    (length > 0).then_some(length as u64)
}

#[inline(always)]
fn read_count(address: u64) -> Option<u64> {
    let mut count = 0_u64;
    // SAFETY: the helper writes the whole number, or fails.
    let fault = unsafe { bpf_probe_read_user((&raw mut count).cast(), 8, address as *const core::ffi::c_void) };
    (fault == 0).then_some(count)
}

/// A socket was used by the current thread: that is the one of the call it is in.
#[inline(always)]
pub fn note_use(cookie: u64, is_received: bool) {
    if scope::wants_plaintext() {
        let _ = note(cookie, is_received);
    }
}

#[inline(always)]
fn note(cookie: u64, is_received: bool) -> Option<()> {
    let id = thread_id();
    if *TLS_THREADS.get(id as u32 & (THREAD_SLOTS - 1))? != id as u32 {
        return None;
    }
    let thread = THREADS.get_ptr_mut(id)?;
    // SAFETY: the kernel gave the pointers, and only this thread uses what is behind the first.
    unsafe {
        if (*SOCKETS.get_ptr(cookie)?).transport != transport::TCP {
            return None;
        }
        if is_received {
            (*thread).received_from = cookie;
        }
        let call = match (*thread).depth {
            0 => return None,
            1 => &raw mut (*thread).calls[0],
            _ => &raw mut (*thread).calls[1],
        };
        let before = (*call).cookie;
        (*call).cookie = if before == 0 || before == cookie { cookie } else { SEVERAL };
    }
    Some(())
}

#[inline(always)]
fn current_thread() -> Option<*mut Thread> {
    let id = thread_id();
    if let Some(slot) = TLS_THREADS.get_ptr_mut(id as u32 & (THREAD_SLOTS - 1)) {
        // SAFETY: the kernel gave the pointer; another thread that shares the slot is not noted then.
        unsafe { *slot = id as u32 };
    }
    if let Some(thread) = THREADS.get_ptr_mut(id) {
        return Some(thread);
    }
    let _ = THREADS.insert(id, Thread { depth: 0, received_from: 0, calls: [NO_CALL; 2] }, 0);
    THREADS.get_ptr_mut(id)
}

/// Thread group id and thread id.
#[inline(always)]
fn thread_id() -> u64 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { bpf_get_current_pid_tgid() }
}
