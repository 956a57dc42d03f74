//! Who a pod is, kept from the Kubernetes API for one node.
//!
//! A [`Directory`] knows the pods of its node, and the services of the cluster with what is behind them. It answers **as
//! of a time**: an address that another pod has taken over since is still the first one's in the records of before.
//!
//! **Which clock.** Every time is the node's wall clock, in nanoseconds since the epoch, the clock of the records. Times
//! that the API tells of this node's pods were written by its kubelet and are of the same clock, cut to the second; the
//! rest is the moment at which this daemon saw a change. What was seen never goes backwards, whatever the clock does.
//!
//! **What is in doubt has no name.** Between the last moment at which an address may have been its old holder's and the
//! first at which it must be the new one's, it is nobody's.
//!
//! Types of Kubernetes and of its client stop in this crate.

mod directory;
mod id;
mod objects;
mod pod;
mod watch;

pub use directory::{Counts, Directory};
pub use id::Uid;
pub use pod::{Container, Member, Pod, Service, WorkloadKind};
pub use watch::{Access, AccessError, Config, ResourceStatus, State, is_in_cluster, spawn};
