//! What the directory tells.

use std::sync::Arc;

use goldwire_model::record::Text;

use crate::Uid;

/// A pod as it was at the time asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Of the API's object.
    pub uid: Uid,
    /// Its namespace.
    pub namespace: Text,
    /// Its name, which another pod may bear later.
    pub name: Text,
    /// Name of what made it: the Deployment, not its ReplicaSet; the pod's own name where nothing made it.
    pub workload: Text,
    /// What that is.
    pub kind: WorkloadKind,
    /// Sorted by key, without those that only machines read.
    pub labels: Arc<[(Text, Text)]>,
    /// It shares the node's addresses, and so has none of its own.
    pub host_network: bool,
}

/// What a pod belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkloadKind {
    /// Through a ReplicaSet.
    Deployment,
    /// One that no Deployment made, as far as its name says.
    ReplicaSet,
    /// A StatefulSet.
    StatefulSet,
    /// A DaemonSet.
    DaemonSet,
    /// Through a Job whose name says so beyond doubt.
    CronJob,
    /// Any other Job.
    Job,
    /// Nothing: it was made by hand, or from a file of the kubelet.
    Pod,
    /// A controller that does not come with Kubernetes.
    Other,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Container {
    /// As the pod's specification names it.
    pub name: Text,
    /// As the pod's specification writes it.
    pub image: Option<Text>,
}

/// A container and its pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The pod.
    pub pod: Arc<Pod>,
    /// The container.
    pub container: Arc<Container>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Service {
    /// Its namespace.
    pub namespace: Text,
    /// Its name.
    pub name: Text,
}
