//! Nodes on one machine: network namespaces, control groups, and programs that run in both. Each is a guard: what it
//! made is gone when it is dropped, and what a killed run left is removed by the next.

pub mod cgroup;
pub mod cluster;
pub mod command;
pub mod launch;
pub mod loss;
pub mod namespace;
pub mod process;

pub use cgroup::Cgroup;
pub use cluster::{Cluster, ClusterError, Node, Plan};
pub use command::CommandError;
pub use launch::Launch;
pub use namespace::Namespace;
pub use process::Process;
