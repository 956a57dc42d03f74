//! An object's metadata, without what makes it large: who wrote which field, and annotations.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{OwnerReference, Time};
use kube::api::ObjectMeta;
use serde::{Deserialize, Deserializer};

/// The kubelet names the control groups of pods that it has from files by this, not by the uid that the API gave them.
pub(super) const CONFIG_HASH: &str = "kubernetes.io/config.hash";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lean {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    creation_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<OwnerReference>>,
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Annotations {
    #[serde(rename = "kubernetes.io/config.hash")]
    config_hash: Option<String>,
}

pub(super) fn lean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    let lean = Lean::deserialize(deserializer)?;
    let config_hash = lean.annotations.and_then(|annotations| annotations.config_hash);
    Ok(ObjectMeta {
        name: lean.name,
        namespace: lean.namespace,
        uid: lean.uid,
        resource_version: lean.resource_version,
        creation_timestamp: lean.creation_timestamp,
        labels: lean.labels,
        owner_references: lean.owner_references,
        annotations: config_hash.map(|hash| BTreeMap::from([(CONFIG_HASH.to_owned(), hash)])),
        ..ObjectMeta::default()
    })
}
