//! All that is known, and how objects change it.

use std::{net::IpAddr, sync::Arc};

use goldwire_model::{record::Transport, time::Timestamp};

use super::{
    Backend, Counts, Frontend, Listing,
    backends::Backends,
    past::{Over, Past},
    pods::Pods,
    services::Services,
    words::Words,
};
use crate::{
    Service,
    objects::{PodObject, ServiceObject, SliceObject},
};

/// A clock that goes back by more than this was set.
const STEP: i64 = 60_000_000_000;

#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(super) pods: Pods,
    services: Services,
    backends: Backends,
    node: Vec<IpAddr>,
    words: Words,
    past: Past,
    latest: Timestamp,
}

/// A kind of object that the directory keeps.
pub(crate) trait Known {
    /// As the API names it in the plural.
    const RESOURCE: &'static str;

    /// The object is there, as it says.
    fn apply(&self, content: &mut Content, listing: Listing, now: Timestamp);
    /// The object is gone.
    fn delete(&self, content: &mut Content, now: Timestamp);
    /// Of its kind, those are there that were applied in this listing, and no others.
    fn finish(content: &mut Content, listing: Listing, now: Timestamp);
}

impl Known for PodObject {
    const RESOURCE: &'static str = "pods";

    fn apply(&self, content: &mut Content, listing: Listing, now: Timestamp) {
        let now = content.advance(now);
        let Some(facts) = self.facts(now) else { return };
        content.pods.apply(&facts, listing, &mut content.words, &mut content.past, now);
    }

    fn delete(&self, content: &mut Content, now: Timestamp) {
        let now = content.advance(now);
        if let Some(uid) = self.uid() {
            content.pods.delete(uid, &mut content.past, now);
        }
    }

    fn finish(content: &mut Content, listing: Listing, now: Timestamp) {
        let now = content.advance(now);
        content.pods.delete_unlisted(listing, &mut content.past, now);
    }
}

impl Known for ServiceObject {
    const RESOURCE: &'static str = "services";

    fn apply(&self, content: &mut Content, listing: Listing, now: Timestamp) {
        let now = content.advance(now);
        let Some(facts) = self.facts() else { return };
        content.services.apply(&facts, listing, &mut content.words, &mut content.past, now);
    }

    fn delete(&self, content: &mut Content, now: Timestamp) {
        let now = content.advance(now);
        let Some((namespace, name)) = self.key() else { return };
        content.services.delete(namespace, name, &mut content.past, now);
    }

    fn finish(content: &mut Content, listing: Listing, now: Timestamp) {
        let now = content.advance(now);
        content.services.delete_unlisted(listing, &mut content.past, now);
    }
}

impl Known for SliceObject {
    const RESOURCE: &'static str = "endpointslices";

    fn apply(&self, content: &mut Content, listing: Listing, now: Timestamp) {
        let now = content.advance(now);
        let Some(facts) = self.facts() else { return };
        let service = content.services.name(facts.namespace, facts.service, &mut content.words);
        content.backends.apply(&facts, &service, listing, &mut content.past, now);
    }

    fn delete(&self, content: &mut Content, now: Timestamp) {
        let now = content.advance(now);
        let Some(uid) = self.uid() else { return };
        content.backends.delete(uid, &mut content.past, now);
    }

    fn finish(content: &mut Content, listing: Listing, now: Timestamp) {
        let now = content.advance(now);
        content.backends.delete_unlisted(listing, &mut content.past, now);
    }
}

impl Content {
    pub(super) fn service(
        &self,
        address: IpAddr,
        port: u16,
        transport: Transport,
        at: Timestamp,
    ) -> Option<Arc<Service>> {
        let own = self.services.holder(&Frontend::own(address, port, transport), at);
        let known = own.or_else(|| self.behind(&Backend { address, port, transport }, at));
        let node = || self.services.holder(&Frontend::node(port, transport), at);
        known.or_else(|| node().filter(|_| self.node.contains(&address))).cloned()
    }

    fn behind(&self, backend: &Backend, at: Timestamp) -> Option<&Arc<Service>> {
        let mut services = self.backends.services(backend, at);
        let first = services.next()?;
        if services.clone().next().is_none() {
            return Some(first);
        }
        let rank = |service: &&Arc<Service>| (!self.services.has_address(service), service.name.len());
        services.chain([first]).min_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)))
    }

    pub(super) fn counts(&self) -> Counts {
        let (pods, pods_remembered) = self.pods.counts();
        Counts {
            pods,
            pods_remembered,
            services: self.services.len(),
            backends: self.backends.len(),
            past: self.past.len(),
            refused: self.pods.refused() + self.services.refused() + self.backends.refused(),
        }
    }

    /// The node's own addresses.
    pub(crate) fn set_node(&mut self, addresses: Vec<IpAddr>) {
        self.node = addresses;
    }

    /// Time goes on, though nothing changes.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        self.advance(now);
    }

    /// Forgets what is due. Times of what is seen do not go back where the clock is slewed; where it is set back, they
    /// follow, or nothing new would be known until it has caught up.
    fn advance(&mut self, now: Timestamp) -> Timestamp {
        let is_set_back = now.0.saturating_add(STEP) < self.latest.0;
        self.latest = if is_set_back { now } else { self.latest.max(now) };
        while let Some((horizon, over)) = self.past.pop_due(self.latest) {
            self.forget(over, horizon);
        }
        self.words.sweep();
        self.latest
    }

    fn forget(&mut self, over: Over, horizon: Timestamp) {
        match over {
            Over::Pod(uid) => self.pods.forget(uid, horizon),
            Over::Version(uid) => self.pods.forget_versions(uid, horizon),
            Over::Container(id) => self.pods.forget_container(id),
            Over::Address(address) => self.pods.forget_address(&address, horizon),
            Over::Frontend(frontend) => self.services.forget(&frontend, horizon),
            Over::Backend(backend) => self.backends.forget(&backend, horizon),
        }
    }
}
