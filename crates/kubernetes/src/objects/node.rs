//! The node itself: its addresses.

use std::net::IpAddr;

use k8s_openapi::api::core::v1 as api;
use kube::api::ObjectMeta;
use serde::Deserialize;

use super::metadata;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NodeObject {
    #[serde(deserialize_with = "metadata::lean")]
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    status: Status,
}

super::resource!(NodeObject, api::Node);

#[derive(Clone, Debug, Default, Deserialize)]
struct Status {
    addresses: Option<Vec<Address>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Address {
    address: String,
}

impl NodeObject {
    /// Names among them are left out.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        self.status.addresses.iter().flatten().filter_map(|address| address.address.parse().ok()).collect()
    }
}
