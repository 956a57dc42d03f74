//! The pods of this node.

use std::{net::IpAddr, sync::Arc};

use goldwire_model::time::Timestamp;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{
    Listing,
    claims::Holders,
    past::{Over, Past},
    words::Words,
};
use crate::{Container, Member, Pod, Uid, objects::PodFacts};

/// Pods that live at a time. A node has a few hundred at the very most.
const PODS: usize = 16_384;
/// Containers remembered of one pod, those that ran before among them.
const CONTAINERS: usize = 32;
/// Changes remembered of one pod.
const VERSIONS: usize = 8;

#[derive(Debug)]
struct Entry {
    pod: Arc<Pod>,
    /// What was told before, and until when.
    before: Vec<(Timestamp, Arc<Pod>)>,
    gone: Option<Timestamp>,
    listed: Listing,
    /// When the pod was last told of.
    told: Timestamp,
    alias: Option<Uid>,
    addresses: SmallVec<[IpAddr; 1]>,
    containers: SmallVec<[Uid; 2]>,
}

#[derive(Debug, Default)]
pub(super) struct Pods {
    entries: FxHashMap<Uid, Entry>,
    /// The kubelet's own ids of pods that it has from files.
    aliases: FxHashMap<Uid, Uid>,
    containers: FxHashMap<Uid, (Uid, Arc<Container>)>,
    addresses: Holders<IpAddr, Uid>,
    live: usize,
    refused: u64,
}

impl Pods {
    pub(super) fn by_container(&self, id: Uid, at: Timestamp) -> Option<Member> {
        let (pod, container) = self.containers.get(&id)?;
        let pod = self.entries.get(pod)?.at(at).clone();
        Some(Member { pod, container: container.clone() })
    }

    pub(super) fn by_uid(&self, uid: Uid, at: Timestamp) -> Option<Arc<Pod>> {
        let entry = self.entries.get(&uid).or_else(|| self.entries.get(self.aliases.get(&uid)?))?;
        Some(entry.at(at).clone())
    }

    pub(super) fn by_address(&self, address: &IpAddr, at: Timestamp) -> Option<Arc<Pod>> {
        let uid = self.addresses.holder(address, at)?;
        Some(self.entries.get(uid)?.at(at).clone())
    }

    /// Pods that live, and all that are remembered.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.live, self.entries.len())
    }

    /// Pods for which there was no room.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) fn apply(
        &mut self,
        facts: &PodFacts<'_>,
        listed: Listing,
        words: &mut Words,
        past: &mut Past,
        now: Timestamp,
    ) {
        let pod = make(facts, words);
        match self.entries.get_mut(&facts.uid) {
            Some(entry) => {
                self.live += usize::from(entry.gone.take().is_some());
                entry.listed = listed;
                entry.change(pod, past, now);
            }
            None if self.live >= PODS => return self.refused += 1,
            None => {
                self.live += 1;
                self.entries.insert(facts.uid, Entry::new(pod, facts.alias, listed));
                self.aliases.extend(facts.alias.map(|alias| (alias, facts.uid)));
            }
        }
        self.take_containers(facts, words, past, now);
        self.take_addresses(facts, past, now);
        if let Some(entry) = self.entries.get_mut(&facts.uid) {
            entry.told = now;
        }
    }

    /// Containers are only ever added while the pod lives: an id never comes again.
    fn take_containers(&mut self, facts: &PodFacts<'_>, words: &mut Words, past: &mut Past, now: Timestamp) {
        let Some(entry) = self.entries.get_mut(&facts.uid) else { return };
        for (id, name, image) in &facts.containers {
            if !entry.containers.contains(id) {
                entry.containers.push(*id);
            }
            let (_, known) = self.containers.entry(*id).or_insert_with(|| (facts.uid, words.container(name, *image)));
            if *known.name != **name || known.image.as_deref() != *image {
                *known = words.container(name, *image);
            }
        }
        while entry.containers.len() > CONTAINERS {
            past.push(now, Over::Container(entry.containers.remove(0)));
        }
    }

    fn take_addresses(&mut self, facts: &PodFacts<'_>, past: &mut Past, now: Timestamp) {
        let Some(entry) = self.entries.get_mut(&facts.uid) else { return };
        let held = facts.ended.map_or(facts.addresses.as_slice(), |_| &[]);
        // An address beside or after another one came after the pod was last told of; the first came with its network.
        let start = match entry.addresses.is_empty() {
            true => facts.addressed.unwrap_or(now).min(now),
            false => facts.addressed.unwrap_or(now).max(entry.told).min(now),
        };
        let end = facts.ended.unwrap_or(now).min(now);
        for address in entry.addresses.iter().filter(|address| !held.contains(address)) {
            if self.addresses.release(address, &facts.uid, end) {
                past.push(now, Over::Address(*address));
            }
        }
        for address in held.iter().filter(|address| !entry.addresses.contains(address)) {
            self.addresses.hold(*address, facts.uid, start, now);
        }
        entry.addresses = held.into();
    }

    pub(super) fn delete(&mut self, uid: Uid, past: &mut Past, now: Timestamp) {
        let Some(entry) = self.entries.get_mut(&uid).filter(|entry| entry.gone.is_none()) else { return };
        entry.gone = Some(now);
        self.live -= 1;
        past.push(now, Over::Pod(uid));
        for address in std::mem::take(&mut entry.addresses) {
            if self.addresses.release(&address, &uid, now) {
                past.push(now, Over::Address(address));
            }
        }
    }

    /// Whatever was not in the listing is gone.
    pub(super) fn delete_unlisted(&mut self, listing: Listing, past: &mut Past, now: Timestamp) {
        let unlisted = self.entries.iter().filter(|(_, entry)| entry.gone.is_none() && entry.listed != listing);
        let unlisted: Vec<Uid> = unlisted.map(|(uid, _)| *uid).collect();
        unlisted.into_iter().for_each(|uid| self.delete(uid, past, now));
    }

    pub(super) fn forget(&mut self, uid: Uid, horizon: Timestamp) {
        // It may have come back since.
        if self.entries.get(&uid).and_then(|entry| entry.gone).is_none_or(|gone| gone > horizon) {
            return;
        }
        let Some(entry) = self.entries.remove(&uid) else { return };
        entry.containers.iter().for_each(|id| self.forget_container(*id));
        if let Some(alias) = entry.alias.filter(|alias| self.aliases.get(alias) == Some(&uid)) {
            self.aliases.remove(&alias);
        }
    }

    pub(super) fn forget_versions(&mut self, uid: Uid, horizon: Timestamp) {
        if let Some(entry) = self.entries.get_mut(&uid) {
            entry.before.retain(|(until, _)| *until > horizon);
        }
    }

    pub(super) fn forget_container(&mut self, id: Uid) {
        self.containers.remove(&id);
    }

    pub(super) fn forget_address(&mut self, address: &IpAddr, horizon: Timestamp) {
        self.addresses.forget_before(address, horizon);
    }
}

impl Entry {
    fn new(pod: Arc<Pod>, alias: Option<Uid>, listed: Listing) -> Self {
        Self {
            pod,
            before: Vec::new(),
            gone: None,
            listed,
            told: Timestamp(i64::MIN),
            alias,
            addresses: SmallVec::new(),
            containers: SmallVec::new(),
        }
    }

    /// What is first told of a pod holds for all time before: its ids were nobody else's.
    fn at(&self, at: Timestamp) -> &Arc<Pod> {
        let before = self.before.iter().find(|(until, _)| at < *until);
        before.map_or(&self.pod, |(_, pod)| pod)
    }

    fn change(&mut self, pod: Arc<Pod>, past: &mut Past, now: Timestamp) {
        if self.pod == pod {
            return;
        }
        if self.before.len() == VERSIONS {
            self.before.remove(0);
        }
        past.push(now, Over::Version(pod.uid));
        self.before.push((now, std::mem::replace(&mut self.pod, pod)));
    }
}

fn make(facts: &PodFacts<'_>, words: &mut Words) -> Arc<Pod> {
    Arc::new(Pod {
        uid: facts.uid,
        namespace: words.text(facts.namespace),
        name: words.text(facts.name),
        workload: words.text(facts.workload),
        kind: facts.kind,
        labels: words.labels(&facts.labels),
        host_network: facts.host_network,
    })
}
