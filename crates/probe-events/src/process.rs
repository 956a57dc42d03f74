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
/// Room for the arguments of a process; a power of two, so that the verifier follows a length below it.
pub const ARGUMENTS_LENGTH: usize = 512;
/// No user has this number.
pub const NO_USER: u32 = u32::MAX;

wire! {
    /// `execve` succeeded.
    pub struct ProcessExecuted: 936 {
        /// Of [`kind::PROCESS_EXECUTED`](crate::kind::PROCESS_EXECUTED).
        pub header: Header,
        /// With the name of the new executable.
        pub process: Process,
        /// When the process was made, in nanoseconds since boot, time asleep included; 0 where it could not be read.
        pub started: u64,
        /// Thread group id of `real_parent`; 0 where it could not be read.
        pub parent: u32,
        /// The effective user id, by which the new executable runs; [`NO_USER`] where it could not be read.
        pub user: u32,
        /// Bytes of all arguments; more than [`ARGUMENTS_LENGTH`] where some did not fit, 0 where they could not be read.
        pub arguments_length: u32,
        /// Always 0; where padding would be.
        pub unused: u32,
        /// NUL-terminated.
        pub cgroup_name: [u8; CGROUP_NAME_LENGTH],
        /// NUL-terminated.
        pub executable: [u8; EXECUTABLE_LENGTH],
        /// A NUL behind each. What is behind `arguments_length` means nothing.
        pub arguments: [u8; ARGUMENTS_LENGTH],
    }
}

wire! {
    /// The last thread of a process ended.
    pub struct ProcessExited: 40 {
        /// Of [`kind::PROCESS_EXITED`](crate::kind::PROCESS_EXITED).
        pub header: Header,
        /// As in [`ProcessExecuted`].
        pub started: u64,
        /// Thread group id.
        pub pid: u32,
        /// As in `wait(2)`.
        pub status: u32,
        /// The effective user id at the end; [`NO_USER`] where it could not be read.
        pub user: u32,
        /// Always 0; where padding would be.
        pub unused: u32,
    }
}
