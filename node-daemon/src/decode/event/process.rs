//! Processes that begin and end.

use crate::decode::{BootTime, Comm, KernelTime};

/// A process (not a thread) was created.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessForked {
    /// Of the fork, in the parent.
    pub time: KernelTime,
    /// Thread group id of the child, in the node's own process namespace.
    pub pid: u32,
    /// Thread group id of the process that forked.
    pub parent: u32,
    /// The parent's name, which the child has until it executes.
    pub comm: Comm,
    /// As in [`Owner::cgroup`].
    pub cgroup: u64,
}

/// A process runs a new executable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessExecuted<'a> {
    /// After `execve` succeeded.
    pub time: KernelTime,
    /// Thread group id, in the node's own process namespace.
    pub pid: u32,
    /// Thread group id; 0 where it could not be read.
    pub parent: u32,
    /// The new name, from the executable's.
    pub comm: Comm,
    /// As in [`Owner::cgroup`].
    pub cgroup: u64,
    /// Last component of the cgroup's path, on hybrid hierarchies that of the `pids` controller where the v2 cgroup is the
    /// root; empty for a root.
    pub cgroup_name: &'a str,
    /// As given to `execve`, which may be relative, cut at 255 bytes.
    pub executable: &'a str,
    /// When the process was made, which may be long before it executed this.
    pub started: Option<BootTime>,
    /// The effective user id, as the initial user namespace has it.
    pub user: Option<u32>,
    /// What it was started with, its own name first.
    pub arguments: Arguments<'a>,
}

impl ProcessExecuted<'_> {
    /// The executable, where it was named by its whole path.
    #[must_use]
    pub fn absolute_path(&self) -> Option<&str> {
        Some(self.executable).filter(|path| path.starts_with('/'))
    }
}

/// Arguments of a process as the kernel keeps them: a NUL behind each. Secrets may be among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arguments<'a> {
    /// At most 512 bytes; none where they could not be read.
    pub bytes: &'a [u8],
    /// There is more than that.
    pub is_cut: bool,
}

/// The last thread of a process ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessExited {
    /// When its last thread ended.
    pub time: KernelTime,
    /// Thread group id, in the node's own process namespace.
    pub pid: u32,
    /// As in `wait(2)`.
    pub status: i32,
    /// When the process was made.
    pub started: Option<BootTime>,
    /// The effective user id at its end, as the initial user namespace has it.
    pub user: Option<u32>,
}
