//! Services by their own addresses.

use std::{net::IpAddr, sync::Arc};

use goldwire_model::{record::Transport, time::Timestamp};
use rustc_hash::FxHashMap;

use super::{
    Frontend, Listing,
    claims::Holders,
    past::{Over, Past},
    words::Words,
};
use crate::{Service, objects::ServiceFacts};

/// Services that are known at a time.
const SERVICES: usize = 32_768;

#[derive(Debug)]
struct Entry {
    frontends: Vec<Frontend>,
    headless: bool,
    listed: Listing,
}

#[derive(Debug, Default)]
pub(super) struct Services {
    entries: FxHashMap<Arc<Service>, Entry>,
    holders: Holders<Frontend, Arc<Service>>,
    refused: u64,
}

impl Services {
    pub(super) fn holder(&self, frontend: &Frontend, at: Timestamp) -> Option<&Arc<Service>> {
        self.holders.holder(frontend, at)
    }

    /// It is known to have an address of its own.
    pub(super) fn has_address(&self, service: &Service) -> bool {
        self.entries.get(service).is_some_and(|entry| !entry.headless)
    }

    /// The shared copy of a service's name.
    pub(super) fn name(&self, namespace: &str, name: &str, words: &mut Words) -> Arc<Service> {
        let service = Service { namespace: words.text(namespace), name: words.text(name) };
        self.entries.get_key_value(&service).map_or_else(|| Arc::new(service), |(known, _)| known.clone())
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Services for which there was no room.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) fn apply(
        &mut self,
        facts: &ServiceFacts<'_>,
        listed: Listing,
        words: &mut Words,
        past: &mut Past,
        now: Timestamp,
    ) {
        let service = self.name(facts.namespace, facts.name, words);
        let frontends = frontends(facts);
        let known = self.entries.remove(&service);
        if known.is_none() && self.entries.len() >= SERVICES {
            self.refused += 1;
            return;
        }
        // What a known service gets it has not had since its creation.
        let start = if known.is_some() { now } else { facts.created.unwrap_or(now).min(now) };
        let before = known.map_or_else(Vec::new, |entry| entry.frontends);
        for frontend in before.iter().filter(|frontend| !frontends.contains(frontend)) {
            self.release(*frontend, &service, past, now);
        }
        for frontend in frontends.iter().filter(|frontend| !before.contains(frontend)) {
            self.holders.hold(*frontend, service.clone(), start, now);
        }
        self.entries.insert(service, Entry { frontends, headless: facts.headless, listed });
    }

    fn release(&mut self, frontend: Frontend, service: &Arc<Service>, past: &mut Past, now: Timestamp) {
        if self.holders.release(&frontend, service, now) {
            past.push(now, Over::Frontend(frontend));
        }
    }

    pub(super) fn delete(&mut self, namespace: &str, name: &str, past: &mut Past, now: Timestamp) {
        let service = Service { namespace: namespace.into(), name: name.into() };
        let Some((service, entry)) = self.entries.remove_entry(&service) else { return };
        for frontend in entry.frontends {
            self.release(frontend, &service, past, now);
        }
    }

    /// Whatever was not in the listing is gone.
    pub(super) fn delete_unlisted(&mut self, listing: Listing, past: &mut Past, now: Timestamp) {
        let unlisted = self.entries.iter().filter(|(_, entry)| entry.listed != listing);
        let unlisted: Vec<Arc<Service>> = unlisted.map(|(service, _)| service.clone()).collect();
        unlisted.iter().for_each(|service| self.delete(&service.namespace, &service.name, past, now));
    }

    pub(super) fn forget(&mut self, frontend: &Frontend, horizon: Timestamp) {
        self.holders.forget_before(frontend, horizon);
    }
}

fn frontends(facts: &ServiceFacts<'_>) -> Vec<Frontend> {
    let own = facts.frontends.iter().map(|(address, port, transport)| Frontend::own(*address, *port, *transport));
    own.chain(facts.node_ports.iter().map(|(port, transport)| Frontend::node(*port, *transport))).collect()
}

impl Frontend {
    pub(super) const fn own(address: IpAddr, port: u16, transport: Transport) -> Self {
        Self { address: Some(address), port, transport }
    }

    /// At every node's address.
    pub(super) const fn node(port: u16, transport: Transport) -> Self {
        Self { address: None, port, transport }
    }
}
