//! Names that the Kubernetes API gives to what runs in a pod.

use std::net::SocketAddr;

use goldwire_kubernetes::{Container, Directory, Pod};
use goldwire_model::{
    record::{Text, Transport},
    time::Timestamp,
};

use super::{Identity, cgroup::Cgroup};

/// Ids are never used again, so that the latest that is told of one is what it is now.
const LATEST: Timestamp = Timestamp(i64::MAX);

/// Where a process runs, as its control group says.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pod: String,
    cgroup: Cgroup,
}

impl Place {
    /// Absent where it runs in no pod.
    pub(super) fn of(cgroup: &Cgroup) -> Option<Self> {
        Some(Self { pod: cgroup.pod.clone()?, cgroup: cgroup.clone() })
    }
}

/// The directory of pods and services, where there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Pods(Option<Directory>);

impl Pods {
    pub(super) fn new(directory: Option<Directory>) -> Self {
        Self(directory)
    }

    /// The identity with the names of its pod, as far as they are known. The API tells of a container a moment after its
    /// first process has begun.
    pub(super) fn name(&self, identity: Identity, place: &Place) -> Identity {
        let Some(directory) = &self.0 else { return identity };
        let member = place.cgroup.container.as_deref().and_then(|id| directory.by_container(id, LATEST));
        if let Some(member) = member {
            return in_container(in_pod(identity, &member.pod), &member.container);
        }
        let identity = Identity { awaits_names: true, ..identity };
        match directory.by_pod_uid(&place.pod, LATEST) {
            Some(pod) => in_pod(identity, &pod),
            None => identity,
        }
    }

    pub(super) fn service(&self, address: SocketAddr, transport: Transport, at: Timestamp) -> Option<Text> {
        let service = self.0.as_ref()?.service_of_address(address.ip(), address.port(), transport, at)?;
        Some(service.name.clone())
    }
}

fn in_pod(identity: Identity, pod: &Pod) -> Identity {
    Identity {
        workload: pod.workload.clone(),
        namespace: Some(pod.namespace.clone()),
        pod: Some(pod.name.clone()),
        labels: pod.labels.clone(),
        ..identity
    }
}

fn in_container(identity: Identity, container: &Container) -> Identity {
    Identity {
        container: Some(container.name.clone()),
        image: container.image.clone().or(identity.image),
        awaits_names: false,
        ..identity
    }
}
