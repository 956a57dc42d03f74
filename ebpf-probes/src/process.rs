//! Processes: fork, exec, exit. Threads are not told.

use aya_ebpf::{
    helpers::generated::{bpf_probe_read_kernel_str, bpf_probe_read_user},
    macros::btf_tracepoint,
    programs::BtfTracePointContext,
};
use goldwire_probe_events::{
    ABSENT, ARGUMENTS_LENGTH, NO_USER, ProcessExecuted, ProcessExited, ProcessForked, kind,
};

use crate::{
    kernel::{self, Struct, offset},
    owner, ring, scope,
};

/// hook: tp_btf/sched_process_fork
/// needs: BTF, ring buffer
/// since: 5.8
#[btf_tracepoint(function = "sched_process_fork")]
pub fn process_forked(ctx: BtfTracePointContext) -> i32 {
    on_fork(&ctx);
    0
}

/// hook: tp_btf/sched_process_exec
/// needs: BTF, ring buffer
/// since: 5.8
#[btf_tracepoint(function = "sched_process_exec")]
pub fn process_executed(ctx: BtfTracePointContext) -> i32 {
    on_exec(&ctx);
    0
}

/// hook: tp_btf/sched_process_exit
/// needs: BTF, ring buffer
/// since: 5.8
#[btf_tracepoint(function = "sched_process_exit")]
pub fn process_exited(ctx: BtfTracePointContext) -> i32 {
    on_exit(&ctx);
    0
}

/// Runs in the parent.
#[inline(always)]
fn on_fork(ctx: &BtfTracePointContext) -> Option<()> {
    let child = Struct::new(ctx.arg(1))?;
    let pid: u32 = child.field(offset!(task_thread_group));
    if child.field::<u32>(offset!(task_pid)) != pid || !scope::has_current_process() {
        return None;
    }
    let mut process = owner::current();
    let parent = process.pid;
    process.pid = pid;
    ring::tell(ProcessForked { header: ring::header(kind::PROCESS_FORKED), process, parent, unused: 0 });
    Some(())
}

#[inline(always)]
fn on_exec(ctx: &BtfTracePointContext) -> Option<()> {
    let task = Struct::new(ctx.arg(0))?;
    let binary = Struct::new(ctx.arg(2))?;
    if !scope::has_current_process() {
        return None;
    }
    let parent = task.follow(offset!(task_parent)).map_or(0, |parent| parent.field(offset!(task_thread_group)));
    let mut entry = ring::reserve::<ProcessExecuted>()?;
    let event = entry.as_mut_ptr();
    let executable = binary.field(offset!(binary_file_name));
    // SAFETY: the ring gave room for the whole event; each field is written.
    unsafe {
        (&raw mut (*event).header).write(ring::header(kind::PROCESS_EXECUTED));
        (&raw mut (*event).process).write(owner::current());
        (*event).started = started(task);
        (*event).parent = parent;
        (*event).user = user(task);
        (*event).unused = 0;
        text(&raw mut (*event).executable, executable);
        text(&raw mut (*event).cgroup_name, cgroup_name(task));
        (*event).arguments_length = arguments(&raw mut (*event).arguments, task);
    }
    ring::submit(entry);
    Some(())
}

/// The whole process ended where no thread of it lives.
#[inline(always)]
fn on_exit(ctx: &BtfTracePointContext) -> Option<()> {
    let task = Struct::new(ctx.arg(0))?;
    let signal = task.follow(offset!(task_signal))?;
    if signal.field::<u32>(offset!(signal_live)) != 0 || !scope::has_current_process() {
        return None;
    }
    let of_group: u32 = signal.field(offset!(signal_group_exit_code));
    let status = if of_group != 0 { of_group } else { task.field(offset!(task_exit_code)) };
    ring::tell(ProcessExited {
        header: ring::header(kind::PROCESS_EXITED),
        started: started(task),
        pid: task.field(offset!(task_thread_group)),
        status,
        user: user(task),
        unused: 0,
    });
    Some(())
}

/// When the process of a thread was made, in nanoseconds since boot; 0 where it cannot be read.
#[inline(always)]
fn started(task: Struct) -> u64 {
    if offset!(task_leader) == ABSENT || offset!(task_started) == ABSENT {
        return 0;
    }
    task.follow(offset!(task_leader)).map_or(0, |leader| leader.field(offset!(task_started)))
}

/// The effective user id.
#[inline(always)]
fn user(task: Struct) -> u32 {
    if offset!(task_credentials) == ABSENT || offset!(credentials_user) == ABSENT {
        return NO_USER;
    }
    task.follow(offset!(task_credentials)).map_or(NO_USER, |credentials| credentials.field(offset!(credentials_user)))
}

/// Copies the arguments of the current process, which the kernel has just laid out on its stack, so that their pages are
/// there. Gives the length of all of them; 0 where they cannot be read.
///
/// SAFETY: `to` is room for that many bytes.
#[inline(always)]
unsafe fn arguments(to: *mut [u8; ARGUMENTS_LENGTH], task: Struct) -> u32 {
    if offset!(task_memory) == ABSENT
        || offset!(memory_arguments) == ABSENT
        || offset!(memory_arguments_end) == ABSENT
    {
        return 0;
    }
    let Some(memory) = task.follow(offset!(task_memory)) else { return 0 };
    let start: u64 = memory.field(offset!(memory_arguments));
    let end: u64 = memory.field(offset!(memory_arguments_end));
    let length = end.saturating_sub(start).min(u64::from(u32::MAX)) as u32;
    if length == 0 {
        return 0;
    }
    // SAFETY: an initialised local. Volatile, so that the bound below stands in the program where the verifier sees it.
    let wanted = unsafe { core::ptr::read_volatile(&raw const length) }.min(ARGUMENTS_LENGTH as u32);
    let bounded = (wanted.wrapping_sub(1) & (ARGUMENTS_LENGTH as u32 - 1)) + 1;
    // SAFETY: by the caller; the helper fails on bad addresses.
    let result = unsafe { bpf_probe_read_user(to.cast(), bounded, start as *const core::ffi::c_void) };
    if result == 0 { length } else { 0 }
}

/// Address of the name of the process's cgroup: the v2 one, or that of the `pids` controller where the v2 one is the root.
/// Names of roots are empty.
#[inline(always)]
fn cgroup_name(task: Struct) -> u64 {
    if offset!(task_cgroups) == ABSENT || offset!(cgroup_node) == ABSENT || offset!(node_name) == ABSENT {
        return 0;
    }
    let groups: u64 = task.field(offset!(task_cgroups));
    let unified = node_name(next(groups, offset!(cgroups_default)));
    if kernel::read::<u8>(unified).unwrap_or(0) != 0 || offset!(cgroups_pids) == ABSENT {
        return unified;
    }
    let subsystem = next(groups, offset!(cgroups_pids));
    node_name(next(subsystem, offset!(subsystem_cgroup)))
}

#[inline(always)]
fn node_name(cgroup: u64) -> u64 {
    next(next(cgroup, offset!(cgroup_node)), offset!(node_name))
}

/// Follows a pointer at an offset; 0 where it cannot be read.
#[inline(always)]
fn next(address: u64, offset: u32) -> u64 {
    if address == 0 || offset == ABSENT {
        return 0;
    }
    kernel::read(address + u64::from(offset)).unwrap_or(0)
}

/// Copies NUL-terminated text; empty where it cannot be read.
///
/// SAFETY: `to` is room for that many bytes.
#[inline(always)]
unsafe fn text<const ROOM: usize>(to: *mut [u8; ROOM], from: u64) {
    // SAFETY: by the caller; the helper bounds itself and fails on bad addresses.
    unsafe {
        let length = bpf_probe_read_kernel_str(to.cast(), ROOM as u32, from as *const core::ffi::c_void);
        if length < 0 {
            (*to)[0] = 0;
        }
    }
}
