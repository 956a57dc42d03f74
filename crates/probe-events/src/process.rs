//! Processes: fork, exec, exit.
use crate::{Header, Process};

wire! {
    pub struct ProcessForked: 56 {
        pub header: Header,
        /// The child, with the parent's name.
        pub process: Process,
        pub parent: u32,
        pub unused: u32,
    }
}

/// Room for the executable's path, its NUL included.
pub const EXECUTABLE_LENGTH: usize = 256;
/// Room for the name of a cgroup, its NUL included.
pub const CGROUP_NAME_LENGTH: usize = 96;

wire! {
    pub struct ProcessExecuted: 408 {
        pub header: Header,
        pub process: Process,
        pub parent: u32,
        pub unused: u32,
        /// NUL-terminated.
        pub cgroup_name: [u8; CGROUP_NAME_LENGTH],
        /// NUL-terminated.
        pub executable: [u8; EXECUTABLE_LENGTH],
    }
}

wire! {
    pub struct ProcessExited: 24 {
        pub header: Header,
        pub pid: u32,
        /// As in `wait(2)`.
        pub status: u32,
    }
}
