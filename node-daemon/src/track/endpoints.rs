//! Makes the endpoints that records carry, each kind of end once.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use goldwire_model::record::{Endpoint, Text};
use rustc_hash::FxHashMap;

use crate::{
    decode::KernelTime,
    identity::{Identity, ReverseNames},
};

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
    /// What a proxy calls this end.
    pub(super) proxied: Option<IpAddr>,
}

impl End<'_> {
    /// An end of which only the address is known.
    pub(super) const fn unknown(address: IpAddr) -> Self {
        Self { address, local: false, identity: None, dns: None, service: None, proxied: None }
    }
}

/// An identity is told apart by its place in memory, which the stored copy keeps from being used again.
type Key = (IpAddr, bool, usize, Names);

/// What else tells ends of one address apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Names {
    dns: Option<Text>,
    reverse_dns: Option<Text>,
    service: Option<Text>,
    proxied: Option<IpAddr>,
}

#[derive(Debug)]
pub(super) struct Endpoints {
    node: Text,
    /// Names of addresses that nobody asked for by name, where they are wanted.
    reverse: Option<ReverseNames>,
    known: FxHashMap<Key, (Option<Arc<Identity>>, Arc<Endpoint>)>,
}

impl Endpoints {
    pub(super) fn new(node: Text) -> Self {
        Self { node, reverse: None, known: HashMap::default() }
    }

    /// From now on, addresses that nobody asked for by name have the names that these have.
    pub(super) fn set_reverse_names(&mut self, names: ReverseNames) {
        self.reverse = Some(names);
    }

    /// Time goes on: names of addresses may have come.
    pub(super) fn sweep(&mut self, now: KernelTime) {
        if let Some(reverse) = &mut self.reverse {
            reverse.sweep(now);
        }
    }

    /// Whether the endpoint lacks a name that its address has by now.
    pub(super) fn has_learned(&mut self, endpoint: &Endpoint) -> bool {
        let is_named = endpoint.dns.is_some() || endpoint.reverse_dns.is_some();
        let reverse = self.reverse.as_mut().filter(|_| !is_named);
        reverse.is_some_and(|reverse| reverse.name(endpoint.address).is_some())
    }

    /// An end of which only the address is known, for as long as nothing was looked up.
    pub(super) fn unknown(&mut self, address: IpAddr) -> Arc<Endpoint> {
        self.shared(&End::unknown(address), None)
    }

    pub(super) fn endpoint(&mut self, end: &End<'_>) -> Arc<Endpoint> {
        let reverse = self.reverse.as_mut().filter(|_| end.dns.is_none());
        let reverse_dns = reverse.and_then(|reverse| reverse.name(end.address));
        self.shared(end, reverse_dns)
    }

    fn shared(&mut self, end: &End<'_>, reverse_dns: Option<Text>) -> Arc<Endpoint> {
        let place = end.identity.map_or(0, |identity| Arc::as_ptr(identity).addr());
        let (dns, service) = (end.dns.cloned(), end.service.cloned());
        let names = Names { dns, reverse_dns, service, proxied: end.proxied };
        let key = (end.address, end.local, place, names);
        if let Some((_, known)) = self.known.get(&key) {
            return known.clone();
        }
        if self.known.len() >= CAPACITY {
            self.known.clear();
        }
        let endpoint = Arc::new(self.make(end, &key.3));
        self.known.insert(key, (end.identity.cloned(), endpoint.clone()));
        endpoint
    }

    fn make(&self, end: &End<'_>, names: &Names) -> Endpoint {
        let identity = end.identity.map(Arc::as_ref);
        Endpoint {
            address: end.address,
            local: end.local,
            workload: identity.map(|identity| identity.workload.clone()),
            namespace: identity.and_then(|identity| identity.namespace.clone()),
            pod: identity.and_then(|identity| identity.pod.clone()),
            service: names.service.clone(),
            container: identity.and_then(|identity| identity.container.clone()),
            image: identity.and_then(|identity| identity.image.clone()),
            process: identity.map(|identity| identity.process.clone()),
            executable: identity.and_then(|identity| identity.executable.clone()),
            pid: identity.map(|identity| identity.pid),
            ancestry: identity.and_then(|identity| identity.ancestry.clone()),
            node: end.local.then(|| self.node.clone()),
            dns: names.dns.clone(),
            reverse_dns: names.reverse_dns.clone(),
            proxied_address: names.proxied,
            labels: identity.map_or_else(|| Arc::from([]), |identity| identity.labels.clone()),
        }
    }
}
