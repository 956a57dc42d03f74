//! What is known, and the questions it answers.

mod backends;
mod claims;
mod content;
mod past;
mod pods;
mod services;
mod words;

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use goldwire_model::{record::Transport, time::Timestamp};

pub(crate) use content::{Content, Known};

use crate::{
    Member, Pod, ResourceStatus, Service, Uid,
    watch::{Progress, Reports},
};

/// Number of a listing: what has another one was not in the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing(u32);

impl Listing {
    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// Where a service is asked for; without an address, at every node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Frontend {
    address: Option<IpAddr>,
    port: u16,
    transport: Transport,
}

/// Where what is behind a service listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Backend {
    address: IpAddr,
    port: u16,
    transport: Transport,
}

/// How much is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pods of this node that live.
    pub pods: usize,
    /// Pods that are remembered, those that are gone among them.
    pub pods_remembered: usize,
    /// Services of the cluster.
    pub services: usize,
    /// Addresses and ports behind services.
    pub backends: usize,
    /// Things that are over and still remembered.
    pub past: usize,
    /// Objects that were left out because there was no room for them.
    pub refused: u64,
}

/// Pods and services by their ids and addresses, as of a time. Clones share what is known; readers wait for nothing but
/// the moment in which one change is written.
///
/// Addresses are compared as they are: an IPv4 address that was mapped to IPv6 is to be given as IPv4.
#[derive(Clone, Default)]
pub struct Directory {
    content: Arc<RwLock<Content>>,
    reports: Arc<Reports>,
}

impl Directory {
    /// By a container's id, of at least 32 hexadecimal digits. Ids are never used again, so what is known of one holds for
    /// the time before it was seen too.
    #[must_use]
    pub fn by_container(&self, id: &str, at: Timestamp) -> Option<Member> {
        self.read().pods.by_container(Uid::parse(id)?, at)
    }

    /// By a pod's uid, as the API or as a control group's name writes it.
    #[must_use]
    pub fn by_pod_uid(&self, uid: &str, at: Timestamp) -> Option<Arc<Pod>> {
        self.read().pods.by_uid(Uid::parse(uid)?, at)
    }

    /// By an address of its own: pods on the host's network have none.
    #[must_use]
    pub fn by_pod_address(&self, address: IpAddr, at: Timestamp) -> Option<Arc<Pod>> {
        self.read().pods.by_address(&address, at)
    }

    /// The service that is asked for at this address and port, or that what listens there is behind. Of several, one that
    /// has an address is taken before a headless one, and then the shortest name.
    #[must_use]
    pub fn service_of_address(
        &self,
        address: IpAddr,
        port: u16,
        transport: Transport,
        at: Timestamp,
    ) -> Option<Arc<Service>> {
        self.read().service(address, port, transport, at)
    }

    /// How much is known.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.read().counts()
    }

    /// How it stands with each kind of object that is watched.
    #[must_use]
    pub fn status(&self) -> Vec<ResourceStatus> {
        self.reports.status()
    }

    /// Waits until every kind of object was listed once, or can't be for now.
    pub async fn settled(&self) {
        self.reports.settled().await;
    }

    fn read(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known, at one go.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Content) -> T) -> T {
        change(&mut self.content.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn report(&self, resource: &'static str, progress: Progress) {
        self.reports.report(resource, progress);
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("counts", &self.counts()).field("status", &self.status()).finish()
    }
}
