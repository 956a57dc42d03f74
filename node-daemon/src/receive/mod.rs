//! From the kernel's probes to bytes, and on to typed events: loads and attaches the probes, reads their rings and maps.
//! Types of aya go no further than this folder.

mod attach;
mod batch;
mod btf;
mod capability;
mod cgroup;
mod check;
mod confinement;
mod conversations;
mod detach;
mod doorbell;
mod drops;
mod error;
mod hook;
mod kallsyms;
mod lane;
mod losses;
mod mapping;
mod merged;
mod moved;
mod namespace;
mod net_counters;
mod netlink;
mod object;
mod receiver;
mod ring;
mod saturation;
mod socket_holder;
mod socket_list;
mod socket_sweep;
mod statistics;
mod steering;
mod tls;
mod translations;
mod unix_sockets;

pub use capability::{Capability, missing_capabilities};
pub use check::{SignalCheck, check};
pub use confinement::CgroupChange;
pub use error::OpenError;
pub use losses::Losses;
pub use receiver::{Options, Receiver};
pub use statistics::ProbeStatistics;
pub use steering::{CaptureLimit, Steering, Verdict};
pub use tls::TlsFinder;
