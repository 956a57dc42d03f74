//! Makes the endpoints that records carry, each kind of end once.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use goldwire_model::record::{Endpoint, Text};
use rustc_hash::FxHashMap;

use crate::identity::Identity;

/// Endpoints kept; the store starts afresh when it is full.
const CAPACITY: usize = 16_384;

/// Everything an endpoint is made of.
#[derive(Clone, Debug)]
pub(super) struct End<'a> {
    pub(super) address: IpAddr,
    /// A process of this end runs on this node.
    pub(super) local: bool,
    pub(super) identity: Option<&'a Arc<Identity>>,
    pub(super) dns: Option<&'a Text>,
    /// The Kubernetes service that was asked for or is served; else the address that was asked for, where it was
    /// translated to this end's.
    pub(super) service: Option<&'a Text>,
}

impl End<'_> {
    /// An end of which only the address is known.
    pub(super) const fn unknown(address: IpAddr) -> Self {
        Self { address, local: false, identity: None, dns: None, service: None }
    }
}

/// An identity is told apart by its place in memory, which the stored copy keeps from being used again.
type Key = (IpAddr, bool, usize, Option<Text>, Option<Text>);

#[derive(Debug)]
pub(super) struct Endpoints {
    node: Text,
    known: FxHashMap<Key, (Option<Arc<Identity>>, Arc<Endpoint>)>,
}

impl Endpoints {
    pub(super) fn new(node: Text) -> Self {
        Self { node, known: HashMap::default() }
    }

    pub(super) fn endpoint(&mut self, end: &End<'_>) -> Arc<Endpoint> {
        let place = end.identity.map_or(0, |identity| Arc::as_ptr(identity).addr());
        let key = (end.address, end.local, place, end.dns.cloned(), end.service.cloned());
        if let Some((_, known)) = self.known.get(&key) {
            return known.clone();
        }
        if self.known.len() >= CAPACITY {
            self.known.clear();
        }
        let endpoint = Arc::new(self.make(end));
        self.known.insert(key, (end.identity.cloned(), endpoint.clone()));
        endpoint
    }

    fn make(&self, end: &End<'_>) -> Endpoint {
        let identity = end.identity.map(Arc::as_ref);
        Endpoint {
            address: end.address,
            local: end.local,
            workload: identity.map(|identity| identity.workload.clone()),
            namespace: identity.and_then(|identity| identity.namespace.clone()),
            pod: identity.and_then(|identity| identity.pod.clone()),
            service: end.service.cloned(),
            container: identity.and_then(|identity| identity.container.clone()),
            image: identity.and_then(|identity| identity.image.clone()),
            process: identity.map(|identity| identity.process.clone()),
            executable: identity.and_then(|identity| identity.executable.clone()),
            pid: identity.map(|identity| identity.pid),
            ancestry: identity.and_then(|identity| identity.ancestry.clone()),
            node: end.local.then(|| self.node.clone()),
            dns: end.dns.cloned(),
            labels: identity.map_or_else(|| Arc::from([]), |identity| identity.labels.clone()),
        }
    }
}
