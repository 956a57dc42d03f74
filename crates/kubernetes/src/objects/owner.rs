//! What made a pod, from the pod alone: no other object is asked for.

use goldwire_model::time::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::ObjectMeta;

use super::time::timestamp;
use crate::WorkloadKind;

const MINUTE: i64 = 60_000_000_000;
/// A Job of a CronJob that waited longer for its pods is taken for a plain one.
const LONGEST_WAIT: i64 = 7 * 24 * 60;
/// Clocks of the control plane may differ.
const SKEW: i64 = 5;

/// Name and kind of the workload.
pub(super) fn workload<'a>(metadata: &'a ObjectMeta, node: &str) -> (&'a str, WorkloadKind) {
    let name = metadata.name.as_deref().unwrap_or_default();
    let owners = metadata.owner_references.as_deref().unwrap_or_default();
    let Some(owner) = owners.iter().find(|owner| owner.controller == Some(true)) else {
        return (name, WorkloadKind::Pod);
    };
    match owner.kind.as_str() {
        "ReplicaSet" => replica_set(metadata, owner),
        "StatefulSet" => (&owner.name, WorkloadKind::StatefulSet),
        "DaemonSet" => (&owner.name, WorkloadKind::DaemonSet),
        "Job" => job(metadata, owner),
        // From a file of the kubelet, which appends its own name to the pod's.
        "Node" => (strip(name, node).unwrap_or(name), WorkloadKind::Pod),
        _ => (&owner.name, WorkloadKind::Other),
    }
}

/// A Deployment names its ReplicaSets by itself and the hash that is also a label of their pods.
fn replica_set<'a>(metadata: &ObjectMeta, owner: &'a OwnerReference) -> (&'a str, WorkloadKind) {
    let hash = metadata.labels.as_ref().and_then(|labels| labels.get("pod-template-hash"));
    match hash.and_then(|hash| strip(&owner.name, hash)) {
        Some(deployment) => (deployment, WorkloadKind::Deployment),
        None => (&owner.name, WorkloadKind::ReplicaSet),
    }
}

/// A CronJob names its Jobs by itself and the minute they were due, counted from the epoch. A name that only looks alike
/// is years away from its pod's creation.
fn job<'a>(metadata: &ObjectMeta, owner: &'a OwnerReference) -> (&'a str, WorkloadKind) {
    let created = metadata.creation_timestamp.as_ref().map(timestamp);
    let cron_job = owner.name.rsplit_once('-').filter(|(name, due)| !name.is_empty() && is_due(due, created));
    cron_job.map_or((owner.name.as_str(), WorkloadKind::Job), |(name, _)| (name, WorkloadKind::CronJob))
}

fn is_due(minute: &str, created: Option<Timestamp>) -> bool {
    let is_number = minute.len() == 8 && minute.bytes().all(|byte| byte.is_ascii_digit());
    let (Some(created), Ok(due)) = (created, minute.parse::<i64>()) else { return false };
    let waited = created.0 / MINUTE - due;
    is_number && (-SKEW..=LONGEST_WAIT).contains(&waited)
}

/// `name` without `-suffix`.
fn strip<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    let stripped = name.strip_suffix(suffix).filter(|_| !suffix.is_empty())?.strip_suffix('-')?;
    (!stripped.is_empty()).then_some(stripped)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff};

    use super::*;

    fn pod(kind: &str, owner: &str, hash: Option<&str>) -> ObjectMeta {
        let owner = OwnerReference {
            kind: kind.to_owned(),
            name: owner.to_owned(),
            controller: Some(true),
            ..Default::default()
        };
        ObjectMeta {
            name: Some("a-pod".to_owned()),
            labels: hash.map(|hash| [("pod-template-hash".to_owned(), hash.to_owned())].into()),
            owner_references: Some(vec![owner]),
            creation_timestamp: jiff::Timestamp::from_second(1_764_000_000).ok().map(Time),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn a_replica_set_with_its_hash_is_a_deployments() {
        let of = |name, hash| {
            let pod = pod("ReplicaSet", name, hash);
            let (name, kind) = workload(&pod, "node-a");
            (name.to_owned(), kind)
        };
        assert_eq!(of("shop-6d4b75cb6d", Some("6d4b75cb6d")), ("shop".to_owned(), WorkloadKind::Deployment));
        assert_eq!(of("shop-6d4b75cb6d", None), ("shop-6d4b75cb6d".to_owned(), WorkloadKind::ReplicaSet));
        assert_eq!(of("shop-6d4b75cb6d", Some("cb6d")), ("shop-6d4b75cb6d".to_owned(), WorkloadKind::ReplicaSet));
        assert_eq!(of("shop", Some("")), ("shop".to_owned(), WorkloadKind::ReplicaSet));
    }

    #[test]
    fn a_cron_jobs_minute_is_near_the_pods_creation() {
        let of = |name| {
            let pod = pod("Job", name, None);
            let (name, kind) = workload(&pod, "node-a");
            (name.to_owned(), kind)
        };
        // 1_764_000_000 seconds are 29_400_000 minutes.
        assert_eq!(of("backup-29399990"), ("backup".to_owned(), WorkloadKind::CronJob));
        assert_eq!(of("backup-29410000"), ("backup-29410000".to_owned(), WorkloadKind::Job));
        assert_eq!(of("import-20251124"), ("import-20251124".to_owned(), WorkloadKind::Job));
        assert_eq!(of("import"), ("import".to_owned(), WorkloadKind::Job));
        assert_eq!(of("-29399990"), ("-29399990".to_owned(), WorkloadKind::Job));
    }

    #[test]
    fn others() {
        let of = |kind, name| workload(&pod(kind, name, None), "node-a").1;
        assert_eq!(of("StatefulSet", "db"), WorkloadKind::StatefulSet);
        assert_eq!(of("DaemonSet", "proxy"), WorkloadKind::DaemonSet);
        assert_eq!(of("Rollout", "web"), WorkloadKind::Other);
        let mut file = pod("Node", "node-a", None);
        file.name = Some("etcd-node-a".to_owned());
        assert_eq!(workload(&file, "node-a"), ("etcd", WorkloadKind::Pod));
        file.owner_references = None;
        assert_eq!(workload(&file, "node-a"), ("etcd-node-a", WorkloadKind::Pod));
    }
}
