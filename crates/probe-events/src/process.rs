//! Processes: fork, exec, exit.
use crate::{Header, Process};

wire! {
    /// A process was made, no mere thread.
    pub struct ProcessForked: 56 {
        /// Of [`kind::PROCESS_FORKED`](crate::kind::PROCESS_FORKED).
        pub header: Header,
        /// The child, with the parent's name.
        pub process: Process,
        /// Thread group id of the process that forked.
        pub parent: u32,
        /// Always 0; where padding would be.
        pub unused: u32,
    }
}

/// Room for the executable's path, its NUL included.
pub const EXECUTABLE_LENGTH: usize = 256;
/// Room for the name of a cgroup, its NUL included.
pub const CGROUP_NAME_LENGTH: usize = 96;

wire! {
    /// `execve` succeeded.
    pub struct ProcessExecuted: 408 {
        /// Of [`kind::PROCESS_EXECUTED`](crate::kind::PROCESS_EXECUTED).
        pub header: Header,
        /// With the name of the new executable.
        pub process: Process,
        /// Thread group id of `real_parent`; 0 where it could not be read.
        pub parent: u32,
        /// Always 0; where padding would be.
        pub unused: u32,
        /// NUL-terminated.
        pub cgroup_name: [u8; CGROUP_NAME_LENGTH],
        /// NUL-terminated.
        pub executable: [u8; EXECUTABLE_LENGTH],
    }
}

wire! {
    /// The last thread of a process ended.
    pub struct ProcessExited: 24 {
        /// Of [`kind::PROCESS_EXITED`](crate::kind::PROCESS_EXITED).
        pub header: Header,
        /// Thread group id.
        pub pid: u32,
        /// As in `wait(2)`.
        pub status: u32,
    }
}
