//! A pod.

use std::net::IpAddr;

use goldwire_model::time::Timestamp;
use k8s_openapi::{api::core::v1 as api, apimachinery::pkg::apis::meta::v1::Time};
use kube::api::ObjectMeta;
use serde::Deserialize;

use super::{metadata, owner, time};
use crate::{Uid, WorkloadKind};

/// Labels that are kept; those beyond are lost, last keys first.
const LABELS: usize = 32;
/// Written by controllers for themselves: every roll-out or Job has its own.
const MACHINES_LABELS: [&str; 6] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "statefulset.kubernetes.io/pod-name",
];

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PodObject {
    #[serde(deserialize_with = "metadata::lean")]
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

super::resource!(PodObject, api::Pod);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    node_name: Option<String>,
    host_network: Option<bool>,
    containers: Option<Vec<ContainerSpec>>,
    init_containers: Option<Vec<ContainerSpec>>,
    ephemeral_containers: Option<Vec<ContainerSpec>>,
}

#[derive(Clone, Debug, Deserialize)]
struct ContainerSpec {
    name: String,
    image: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    phase: Option<String>,
    start_time: Option<Time>,
    #[serde(rename = "podIP")]
    pod_ip: Option<String>,
    #[serde(rename = "podIPs")]
    pod_ips: Option<Vec<PodIp>>,
    conditions: Option<Vec<Condition>>,
    container_statuses: Option<Vec<ContainerStatus>>,
    init_container_statuses: Option<Vec<ContainerStatus>>,
    ephemeral_container_statuses: Option<Vec<ContainerStatus>>,
}

#[derive(Clone, Debug, Deserialize)]
struct PodIp {
    ip: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    last_transition_time: Option<Time>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContainerStatus {
    name: String,
    #[serde(rename = "containerID")]
    container_id: Option<String>,
    #[serde(default)]
    state: ContainerState,
    #[serde(default)]
    last_state: ContainerState,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct ContainerState {
    terminated: Option<Terminated>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Terminated {
    #[serde(rename = "containerID")]
    container_id: Option<String>,
    finished_at: Option<Time>,
}

/// What the directory takes of a pod.
#[derive(Debug)]
pub(crate) struct PodFacts<'a> {
    pub(crate) uid: Uid,
    /// By which the kubelet knows a pod that it has from a file.
    pub(crate) alias: Option<Uid>,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) workload: &'a str,
    pub(crate) kind: WorkloadKind,
    pub(crate) labels: Vec<(&'a str, &'a str)>,
    pub(crate) host_network: bool,
    /// Its own; none where it shares the node's.
    pub(crate) addresses: Vec<IpAddr>,
    /// The earliest it can have had them.
    pub(crate) addressed: Option<Timestamp>,
    /// The latest it can have had them, where it has ended.
    pub(crate) ended: Option<Timestamp>,
    /// Id, name and image; those that ran before among them.
    pub(crate) containers: Vec<(Uid, &'a str, Option<&'a str>)>,
}

impl PodObject {
    pub(crate) fn uid(&self) -> Option<Uid> {
        Uid::parse(self.metadata.uid.as_deref()?)
    }

    /// Absent where the object has no uid as the API gives them.
    pub(crate) fn facts(&self, now: Timestamp) -> Option<PodFacts<'_>> {
        let host_network = self.spec.host_network.unwrap_or(false);
        let (workload, kind) = owner::workload(&self.metadata, self.spec.node_name.as_deref().unwrap_or_default());
        let annotations = self.metadata.annotations.as_ref();
        Some(PodFacts {
            uid: self.uid()?,
            alias: annotations
                .and_then(|annotations| annotations.get(metadata::CONFIG_HASH))
                .and_then(|id| Uid::parse(id)),
            namespace: self.metadata.namespace.as_deref()?,
            name: self.metadata.name.as_deref()?,
            workload,
            kind,
            labels: self.labels(),
            host_network,
            addresses: if host_network { Vec::new() } else { self.addresses() },
            addressed: self.addressed(),
            ended: self.has_ended().then(|| self.last_end().unwrap_or(now)),
            containers: self.containers(),
        })
    }

    fn labels(&self) -> Vec<(&str, &str)> {
        let labels = self.metadata.labels.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()));
        labels.filter(|(key, _)| !MACHINES_LABELS.contains(key)).take(LABELS).collect()
    }

    fn addresses(&self) -> Vec<IpAddr> {
        let all = self.status.pod_ips.iter().flatten().filter_map(|address| address.ip.as_deref());
        let mut addresses: Vec<IpAddr> =
            all.chain(self.status.pod_ip.as_deref()).filter_map(|text| text.parse().ok()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    /// When its network was made; kubelets that do not tell say when they took the pod on, which is earlier.
    fn addressed(&self) -> Option<Timestamp> {
        let conditions = self.status.conditions.iter().flatten();
        let networked = conditions
            .filter(|condition| condition.kind == "PodReadyToStartContainers" && condition.status == "True")
            .find_map(|condition| condition.last_transition_time.as_ref());
        networked.or(self.status.start_time.as_ref()).map(time::timestamp)
    }

    fn has_ended(&self) -> bool {
        matches!(self.status.phase.as_deref(), Some("Succeeded" | "Failed"))
    }

    fn last_end(&self) -> Option<Timestamp> {
        let ends = self.statuses().filter_map(|status| status.state.terminated.as_ref()?.finished_at.as_ref());
        ends.map(time::end_of_second).max()
    }

    fn statuses(&self) -> impl Iterator<Item = &ContainerStatus> {
        let Status { container_statuses, init_container_statuses, ephemeral_container_statuses, .. } = &self.status;
        [container_statuses, init_container_statuses, ephemeral_container_statuses].into_iter().flatten().flatten()
    }

    fn image(&self, name: &str) -> Option<&str> {
        let Spec { containers, init_containers, ephemeral_containers, .. } = &self.spec;
        let mut specs = [containers, init_containers, ephemeral_containers].into_iter().flatten().flatten();
        specs.find(|spec| spec.name == name)?.image.as_deref()
    }

    fn containers(&self) -> Vec<(Uid, &str, Option<&str>)> {
        let mut containers = Vec::new();
        for status in self.statuses() {
            let past = [&status.last_state, &status.state].map(|state| state.terminated.as_ref());
            let past = past.into_iter().flatten().filter_map(|ended| ended.container_id.as_deref());
            let ids = past.chain(status.container_id.as_deref()).filter_map(Uid::of_container);
            containers.extend(ids.map(|id| (id, status.name.as_str(), self.image(&status.name))));
        }
        containers.sort_unstable_by_key(|(id, ..)| *id);
        containers.dedup_by_key(|(id, ..)| *id);
        containers
    }
}
