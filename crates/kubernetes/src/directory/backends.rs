//! Services by the addresses of what is behind them.

use std::sync::Arc;

use goldwire_model::time::Timestamp;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{
    Backend, Listing,
    past::{Over, Past},
};
use crate::{Service, Uid, objects::SliceFacts};

/// Addresses and ports known at a time.
const BACKENDS: usize = 65_536;
/// Slices known at a time.
const SLICES: usize = 32_768;
/// Claims remembered on one address and port.
const CLAIMS: usize = 32;
const STILL: Timestamp = Timestamp(i64::MAX);

/// An address is one pod's at a time, but that pod may be behind several services, and for a moment in two slices of one.
#[derive(Debug)]
struct Claim {
    slice: Uid,
    /// The pod, where it is one.
    target: Option<Uid>,
    service: Arc<Service>,
    from: Timestamp,
    until: Timestamp,
}

#[derive(Debug)]
struct Slice {
    /// Sorted.
    backends: Vec<(Backend, Option<Uid>)>,
    listed: Listing,
}

#[derive(Debug, Default)]
pub(super) struct Backends {
    slices: FxHashMap<Uid, Slice>,
    claims: FxHashMap<Backend, SmallVec<[Claim; 1]>>,
    refused: u64,
}

impl Backends {
    /// The services that the newest pod at that address was behind at that time.
    pub(super) fn services(&self, backend: &Backend, at: Timestamp) -> impl Iterator<Item = &Arc<Service>> + Clone {
        let claims = self.claims.get(backend).map_or(&[][..], SmallVec::as_slice);
        let valid = claims.iter().filter(move |claim| claim.from <= at && at < claim.until);
        let target = valid.clone().max_by_key(|claim| claim.from).map(|claim| claim.target);
        valid.filter(move |claim| Some(claim.target) == target).map(|claim| &claim.service)
    }

    /// Addresses and ports behind services, those of a while ago among them.
    pub(super) fn len(&self) -> usize {
        self.claims.len()
    }

    /// Those for which there was no room.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) fn apply(
        &mut self,
        facts: &SliceFacts<'_>,
        service: &Arc<Service>,
        listed: Listing,
        past: &mut Past,
        now: Timestamp,
    ) {
        let mut backends = backends(facts);
        let before = self.slices.remove(&facts.uid).map_or_else(Vec::new, |slice| slice.backends);
        if self.slices.len() >= SLICES {
            backends.clear();
        }
        for known in before.iter().filter(|known| backends.binary_search(known).is_err()) {
            self.release(*known, facts.uid, past, now);
        }
        backends.retain(|known| before.binary_search(known).is_ok() || self.hold(*known, facts.uid, service, now));
        if self.slices.len() < SLICES {
            self.slices.insert(facts.uid, Slice { backends, listed });
        }
    }

    /// False where there is no room.
    fn hold(&mut self, known: (Backend, Option<Uid>), slice: Uid, service: &Arc<Service>, now: Timestamp) -> bool {
        let (backend, target) = known;
        if self.claims.len() >= BACKENDS && !self.claims.contains_key(&backend) {
            self.refused += 1;
            return false;
        }
        let claims = self.claims.entry(backend).or_default();
        if claims.len() == CLAIMS {
            claims.remove(0);
        }
        claims.push(Claim { slice, target, service: service.clone(), from: now, until: STILL });
        true
    }

    fn release(&mut self, known: (Backend, Option<Uid>), slice: Uid, past: &mut Past, now: Timestamp) {
        let (backend, target) = known;
        let claims = self.claims.get_mut(&backend).into_iter().flatten();
        let mut held = claims.filter(|claim| claim.slice == slice && claim.target == target && claim.until == STILL);
        if let Some(claim) = held.next() {
            claim.until = now;
            past.push(now, Over::Backend(backend));
        }
    }

    pub(super) fn delete(&mut self, slice: Uid, past: &mut Past, now: Timestamp) {
        let Some(entry) = self.slices.remove(&slice) else { return };
        entry.backends.into_iter().for_each(|known| self.release(known, slice, past, now));
    }

    /// Whatever was not in the listing is gone.
    pub(super) fn delete_unlisted(&mut self, listing: Listing, past: &mut Past, now: Timestamp) {
        let unlisted = self.slices.iter().filter(|(_, slice)| slice.listed != listing);
        let unlisted: Vec<Uid> = unlisted.map(|(uid, _)| *uid).collect();
        unlisted.into_iter().for_each(|uid| self.delete(uid, past, now));
    }

    pub(super) fn forget(&mut self, backend: &Backend, horizon: Timestamp) {
        let Some(claims) = self.claims.get_mut(backend) else { return };
        claims.retain(|claim| claim.until > horizon);
        if claims.is_empty() {
            self.claims.remove(backend);
        }
    }
}

fn backends(facts: &SliceFacts<'_>) -> Vec<(Backend, Option<Uid>)> {
    let all = facts.backends.iter();
    let mut backends: Vec<_> = all
        .map(|(address, port, transport, target)| {
            (Backend { address: *address, port: *port, transport: *transport }, *target)
        })
        .collect();
    backends.sort_unstable();
    backends.dedup();
    backends
}
