//! A service.

use std::net::IpAddr;

use goldwire_model::{record::Transport, time::Timestamp};
use k8s_openapi::api::core::v1 as api;
use kube::api::ObjectMeta;
use serde::Deserialize;

use super::{metadata, time, transport};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ServiceObject {
    #[serde(deserialize_with = "metadata::lean")]
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

super::resource!(ServiceObject, api::Service);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(rename = "clusterIP")]
    cluster_ip: Option<String>,
    #[serde(rename = "clusterIPs")]
    cluster_ips: Option<Vec<String>>,
    #[serde(rename = "externalIPs")]
    external_ips: Option<Vec<String>>,
    ports: Option<Vec<Port>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Port {
    port: u16,
    protocol: Option<String>,
    node_port: Option<u16>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    load_balancer: LoadBalancer,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct LoadBalancer {
    ingress: Option<Vec<Ingress>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Ingress {
    ip: Option<String>,
}

/// What the directory takes of a service.
#[derive(Debug)]
pub(crate) struct ServiceFacts<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) created: Option<Timestamp>,
    /// Its addresses, times its ports.
    pub(crate) frontends: Vec<(IpAddr, u16, Transport)>,
    /// Its ports at the addresses of every node.
    pub(crate) node_ports: Vec<(u16, Transport)>,
    /// It has no address: its name leads to what is behind it.
    pub(crate) headless: bool,
}

impl ServiceObject {
    /// Namespace and name.
    pub(crate) fn key(&self) -> Option<(&str, &str)> {
        Some((self.metadata.namespace.as_deref()?, self.metadata.name.as_deref()?))
    }

    pub(crate) fn facts(&self) -> Option<ServiceFacts<'_>> {
        let (namespace, name) = self.key()?;
        let addresses = self.addresses();
        let ports = || self.spec.ports.iter().flatten();
        let with_transport = |port: &Port| transport(port.protocol.as_deref());
        Some(ServiceFacts {
            namespace,
            name,
            created: self.metadata.creation_timestamp.as_ref().map(time::timestamp),
            frontends: addresses
                .iter()
                .flat_map(|address| ports().filter_map(|port| Some((*address, port.port, with_transport(port)?))))
                .collect(),
            node_ports: ports()
                .filter_map(|port| Some((port.node_port.filter(|port| *port != 0)?, with_transport(port)?)))
                .collect(),
            headless: addresses.is_empty(),
        })
    }

    /// What is no address (`None`, an empty text) is left out.
    fn addresses(&self) -> Vec<IpAddr> {
        let Spec { cluster_ip, cluster_ips, external_ips, .. } = &self.spec;
        let ingress = self.status.load_balancer.ingress.iter().flatten().filter_map(|ingress| ingress.ip.as_ref());
        let texts = cluster_ip.iter().chain(cluster_ips.iter().flatten()).chain(external_ips.iter().flatten());
        let mut addresses: Vec<IpAddr> = texts.chain(ingress).filter_map(|text| text.parse().ok()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }
}
