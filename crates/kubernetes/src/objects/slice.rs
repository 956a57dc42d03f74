//! An EndpointSlice: a part of what is behind a service.

use std::net::IpAddr;

use goldwire_model::record::Transport;
use k8s_openapi::api::discovery::v1 as api;
use kube::api::ObjectMeta;
use serde::Deserialize;

use super::{metadata, transport};
use crate::Uid;

const SERVICE_NAME: &str = "kubernetes.io/service-name";

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SliceObject {
    #[serde(deserialize_with = "metadata::lean")]
    pub(super) metadata: ObjectMeta,
    endpoints: Option<Vec<Endpoint>>,
    ports: Option<Vec<Port>>,
}

super::resource!(SliceObject, api::EndpointSlice);

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    addresses: Option<Vec<String>>,
    target_ref: Option<Target>,
}

#[derive(Clone, Debug, Deserialize)]
struct Target {
    uid: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Port {
    port: Option<u16>,
    protocol: Option<String>,
}

/// What the directory takes of a slice.
#[derive(Debug)]
pub(crate) struct SliceFacts<'a> {
    pub(crate) uid: Uid,
    pub(crate) namespace: &'a str,
    pub(crate) service: &'a str,
    /// Address, port, transport, and which pod that is, where it is one.
    pub(crate) backends: Vec<(IpAddr, u16, Transport, Option<Uid>)>,
}

impl SliceObject {
    pub(crate) fn uid(&self) -> Option<Uid> {
        Uid::parse(self.metadata.uid.as_deref()?)
    }

    /// Absent where it is no service's. Endpoints count whether they are ready or not: connections to those that are
    /// ending go on.
    pub(crate) fn facts(&self) -> Option<SliceFacts<'_>> {
        let ports: Vec<(u16, Transport)> = self
            .ports
            .iter()
            .flatten()
            .filter_map(|port| Some((port.port?, transport(port.protocol.as_deref())?)))
            .collect();
        let mut backends = Vec::new();
        for endpoint in self.endpoints.iter().flatten() {
            let target = endpoint.target_ref.as_ref().and_then(|target| Uid::parse(target.uid.as_deref()?));
            for address in endpoint.addresses.iter().flatten().filter_map(|text| text.parse().ok()) {
                backends.extend(ports.iter().map(|(port, transport)| (address, *port, *transport, target)));
            }
        }
        Some(SliceFacts {
            uid: self.uid()?,
            namespace: self.metadata.namespace.as_deref()?,
            service: self.metadata.labels.as_ref()?.get(SERVICE_NAME)?,
            backends,
        })
    }
}
