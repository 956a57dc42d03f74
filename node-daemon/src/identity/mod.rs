//! Who a process is: its names, its parents, and the workload it belongs to.
//!
//! Names are read from `/proc` the first time a process is heard of, at once when it executes something, and kept a while
//! after it is gone, so that a process that lives for five milliseconds has its names on its records all the same.

mod arguments;
mod cgroup;
mod cgroup_ids;
mod container;
mod containers;
mod docker;
pub(crate) mod engines;
mod lookup;
mod naming;
mod parents;
mod pods;
mod proc_files;
mod processes;
mod resolvers;
mod reverse;
mod root_files;
mod rules;
mod users;
mod workload;

use std::sync::Arc;

use goldwire_model::record::Text;

pub use lookup::IdentityLookup;
pub use processes::{Options, Processes};
pub use resolvers::NamesFor;
#[cfg(test)]
pub(crate) use reverse::Questions;
pub use reverse::ReverseNames;
pub use rules::{RulesError, WorkloadRules};

/// What is known of a process. Shared by every record that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Thread group id.
    pub pid: u32,
    /// Thread group id of the parent when the process was looked at; 0 where unknown.
    pub parent: u32,
    /// The command name (`comm`).
    pub process: Text,
    /// Path of the executable; absent where it could not be read.
    pub executable: Option<Text>,
    /// The command line, without its secrets; absent where it could not be read.
    pub arguments: Option<Text>,
    /// Name of the effective user, else the number; absent where it could not be read.
    pub user: Option<Text>,
    /// What groups processes for people. Never empty.
    pub workload: Text,
    /// Kubernetes namespace.
    pub namespace: Option<Text>,
    /// Kubernetes pod.
    pub pod: Option<Text>,
    /// It runs in a pod or a container, and not all that the API or the engine tells of it has been heard yet: asked again, it
    /// may have more names.
    pub awaits_names: bool,
    /// Name of the container; else its id, shortened to twelve digits.
    pub container: Option<Text>,
    /// What the container was made from.
    pub image: Option<Text>,
    /// Names of the parents, nearest first, joined by ` < `.
    pub ancestry: Option<Text>,
    /// Of the pod, else of the container, sorted by key.
    pub labels: Arc<[(Text, Text)]>,
}

impl Identity {
    /// What is known of every process, and nothing else.
    #[must_use]
    pub fn new(pid: u32, parent: u32, process: Text, workload: Text) -> Self {
        Self {
            pid,
            parent,
            process,
            executable: None,
            arguments: None,
            user: None,
            workload,
            namespace: None,
            pod: None,
            awaits_names: false,
            container: None,
            image: None,
            ancestry: None,
            labels: Arc::from([]),
        }
    }
}
