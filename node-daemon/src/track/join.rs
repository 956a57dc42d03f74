//! Finds the other end of a connection on this node.
//!
//! What the ends of a TCP connection have in common names it (`pairing.rs`), whatever translates addresses between them. Where
//! one of the two does not know that, and with UDP, it is the socket whose addresses are the mirror image.
//!
//! The same addresses may be in use twice at a time (network namespaces) and again later (port reuse). So each pair of addresses
//! leads to a list of flows, an end is joined once, and of several the one that opened nearest in time is taken. Of TCP several
//! are not told apart by their addresses at all.

use std::net::SocketAddr;

use goldwire_model::record::PairingId;
use rustc_hash::FxHashMap;

use crate::decode::KernelTime;

use super::flow::FlowKey;

/// Addresses on the wire as one end sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tuple {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) udp: bool,
}

impl Tuple {
    pub(super) const fn mirrored(self) -> Self {
        Self { local: self.remote, remote: self.local, udp: self.udp }
    }
}

/// A flow that may be joined.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) key: FlowKey,
    pub(super) tuple: Tuple,
    pub(super) opened: KernelTime,
    pub(super) pairing: Option<PairingId>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    candidate: Candidate,
    joined: Option<By>,
}

/// By what an end was joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Pairing,
    Addresses,
}

/// Open flows by their addresses. As large as the table of flows is allowed to grow.
#[derive(Debug, Default)]
pub(super) struct Tuples {
    flows: FxHashMap<Tuple, Vec<Entry>>,
    /// Flows whose pairing id is known.
    pairings: FxHashMap<PairingId, Vec<(Tuple, FlowKey)>>,
}

impl Tuples {
    /// Takes a flow in. Of TCP, flows that were joined by the same addresses may belong to this one: they are parted, and handed
    /// out.
    pub(super) fn insert(&mut self, candidate: Candidate) -> Vec<FlowKey> {
        let Candidate { key, tuple, pairing, .. } = candidate;
        let entries = self.flows.entry(tuple).or_default();
        entries.retain(|entry| entry.candidate.key != key);
        entries.push(Entry { candidate, joined: None });
        if let Some(pairing) = pairing {
            self.pairings.entry(pairing).or_default().push((tuple, key));
        }
        if tuple.udp || self.flows[&tuple].len() == 1 { Vec::new() } else { self.part_doubtful(tuple) }
    }

    fn part_doubtful(&mut self, tuple: Tuple) -> Vec<FlowKey> {
        let mut parted = Vec::new();
        for tuple in [tuple, tuple.mirrored()] {
            let entries = self.flows.get_mut(&tuple).into_iter().flatten();
            for entry in entries.filter(|entry| entry.joined == Some(By::Addresses)) {
                entry.joined = None;
                parted.push(entry.candidate.key);
            }
        }
        parted
    }

    pub(super) fn remove(&mut self, tuple: Tuple, key: FlowKey) {
        let Some(entries) = self.flows.get_mut(&tuple) else { return };
        let removed = entries.iter().position(|entry| entry.candidate.key == key).map(|at| entries.remove(at));
        if entries.is_empty() {
            self.flows.remove(&tuple);
        }
        let Some(pairing) = removed.and_then(|entry| entry.candidate.pairing) else { return };
        let Some(keys) = self.pairings.get_mut(&pairing) else { return };
        keys.retain(|(_, other)| *other != key);
        if keys.is_empty() {
            self.pairings.remove(&pairing);
        }
    }

    /// The other end of a joined flow is gone. Of UDP another may come with the same addresses: a client that was given the
    /// port again, while the server's conversation with it still waits for more. A TCP connection ends with either end.
    pub(super) fn part(&mut self, tuple: Tuple, key: FlowKey) {
        if tuple.udp
            && let Some(entry) = self.entry(tuple, key)
        {
            entry.joined = None;
        }
    }

    /// A flow was joined by what was said in it.
    pub(super) fn mark(&mut self, tuple: Option<Tuple>, key: FlowKey) {
        if let Some(entry) = tuple.and_then(|tuple| self.entry(tuple, key)) {
            entry.joined = Some(By::Pairing);
        }
    }

    /// Any flow with these addresses.
    pub(super) fn find(&self, tuple: Tuple) -> Option<FlowKey> {
        self.flows.get(&tuple)?.last().map(|entry| entry.candidate.key)
    }

    /// Joins a flow that was taken in with its other end, where that is here and not joined yet.
    pub(super) fn join(&mut self, candidate: Candidate) -> Option<FlowKey> {
        let (tuple, key, by) = match self.by_pairing(candidate) {
            Some((tuple, key)) => (tuple, key, By::Pairing),
            None => self.by_addresses(candidate)?,
        };
        self.entry(tuple, key)?.joined = Some(by);
        self.entry(candidate.tuple, candidate.key)?.joined = Some(by);
        Some(key)
    }

    fn by_pairing(&self, own: Candidate) -> Option<(Tuple, FlowKey)> {
        let others = self.pairings.get(&own.pairing?)?.iter();
        let entries =
            others.filter_map(|(tuple, key)| self.flows.get(tuple)?.iter().find(|of| of.candidate.key == *key));
        let nearest = nearest(entries, own)?;
        Some((nearest.tuple, nearest.key))
    }

    fn by_addresses(&self, own: Candidate) -> Option<(Tuple, FlowKey, By)> {
        let mirrored = own.tuple.mirrored();
        let entries = self.flows.get(&mirrored)?;
        if own.tuple.udp {
            return nearest(entries.iter(), own).map(|other| (mirrored, other.key, By::Addresses));
        }
        let rewritten = entries.iter().filter(|entry| are_rewritten(entry.candidate.pairing, own.pairing));
        if let Some(other) = nearest(rewritten, own) {
            return Some((mirrored, other.key, By::Pairing));
        }
        let is_alone = entries.len() == 1 && self.flows.get(&own.tuple)?.len() == 1;
        let unknown = entries.iter().filter(|entry| entry.candidate.pairing.is_none() || own.pairing.is_none());
        nearest(unknown.filter(|_| is_alone), own).map(|other| (mirrored, other.key, By::Addresses))
    }

    fn entry(&mut self, tuple: Tuple, key: FlowKey) -> Option<&mut Entry> {
        self.flows.get_mut(&tuple)?.iter_mut().find(|entry| entry.candidate.key == key)
    }
}

/// The one that opened nearest in time of those that are not joined.
fn nearest<'a>(entries: impl Iterator<Item = &'a Entry>, own: Candidate) -> Option<Candidate> {
    entries
        .filter(|entry| entry.joined.is_none() && entry.candidate.key != own.key)
        .map(|entry| entry.candidate)
        .min_by_key(|candidate| candidate.opened.0.abs_diff(own.opened.0))
}

/// Something between the ends gives one of the streams other sequence numbers, as a proxy for SYN packets does. The other stream
/// has its own, and two connections do not have those of one stream in common by chance.
fn are_rewritten(one: Option<PairingId>, other: Option<PairingId>) -> bool {
    let (Some(PairingId(one)), Some(PairingId(other))) = (one, other) else { return false };
    (one >> 32 == other >> 32) != (one as u32 == other as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Cookie;

    fn tuple() -> Tuple {
        let address = |text: &str| text.parse().expect("an address");
        Tuple { local: address("127.0.0.1:40000"), remote: address("127.0.0.1:80"), udp: false }
    }

    fn key(cookie: u64) -> FlowKey {
        FlowKey::Tcp(Cookie(cookie))
    }

    fn candidate(tuple: Tuple, cookie: u64, opened: u64, pairing: Option<u64>) -> Candidate {
        Candidate { key: key(cookie), tuple, opened: KernelTime(opened), pairing: pairing.map(PairingId) }
    }

    fn take(tuples: &mut Tuples, candidate: Candidate) -> Option<FlowKey> {
        tuples.insert(candidate);
        tuples.join(candidate)
    }

    #[test]
    fn the_nearest_in_time_is_joined_once() {
        let udp = Tuple { udp: true, ..tuple() };
        for (own, pairing) in [(udp, None), (tuple(), Some(7))] {
            let mut tuples = Tuples::default();
            tuples.insert(candidate(own.mirrored(), 1, 100, pairing));
            tuples.insert(candidate(own.mirrored(), 2, 500, pairing));
            assert_eq!(take(&mut tuples, candidate(own, 3, 510, pairing)), Some(key(2)));
            assert_eq!(take(&mut tuples, candidate(own, 4, 600, pairing)), Some(key(1)));
            assert_eq!(take(&mut tuples, candidate(own, 5, 700, pairing)), None);
        }
    }

    #[test]
    fn ids_join_whatever_the_addresses_are() {
        let translated = Tuple { local: "10.0.0.9:8080".parse().expect("an address"), ..tuple().mirrored() };
        let mut tuples = Tuples::default();
        assert_eq!(take(&mut tuples, candidate(translated, 1, 100, Some(7))), None);
        assert_eq!(take(&mut tuples, candidate(tuple().mirrored(), 2, 100, Some(8))), None);
        assert_eq!(take(&mut tuples, candidate(tuple(), 3, 110, Some(7))), Some(key(1)));
    }

    #[test]
    fn equal_addresses_never_join_what_ids_tell_apart() {
        let mut tuples = Tuples::default();
        assert_eq!(take(&mut tuples, candidate(tuple(), 1, 100, Some(1 << 32 | 1))), None);
        assert_eq!(take(&mut tuples, candidate(tuple().mirrored(), 2, 100, Some(2 << 32 | 2))), None);
        assert_eq!(take(&mut tuples, candidate(tuple(), 3, 101, Some(2 << 32 | 2))), Some(key(2)));
        assert_eq!(take(&mut tuples, candidate(tuple().mirrored(), 4, 101, Some(1 << 32 | 1))), Some(key(1)));
    }

    #[test]
    fn without_ids_equal_addresses_are_joined_as_long_as_they_are_alone() {
        let mut tuples = Tuples::default();
        assert_eq!(take(&mut tuples, candidate(tuple(), 1, 100, None)), None);
        assert_eq!(take(&mut tuples, candidate(tuple().mirrored(), 2, 100, None)), Some(key(1)));
        let doubtful = tuples.insert(candidate(tuple(), 3, 100, None));
        assert_eq!(doubtful, [key(1), key(2)]);
        assert_eq!(tuples.join(candidate(tuple(), 3, 100, None)), None);
    }

    #[test]
    fn one_stream_that_is_rewritten_leaves_the_other() {
        let mut tuples = Tuples::default();
        assert_eq!(take(&mut tuples, candidate(tuple(), 1, 100, Some(5 << 32 | 1))), None);
        assert_eq!(take(&mut tuples, candidate(tuple().mirrored(), 2, 100, Some(5 << 32 | 2))), Some(key(1)));
    }

    #[test]
    fn of_udp_the_end_that_is_left_joins_again() {
        for (udp, joined) in [(true, Some(key(1))), (false, None)] {
            let client = Tuple { udp, ..tuple() };
            let mut tuples = Tuples::default();
            tuples.insert(candidate(client.mirrored(), 1, 100, None));
            assert_eq!(take(&mut tuples, candidate(client, 2, 110, None)), Some(key(1)));
            tuples.remove(client, key(2));
            tuples.part(client.mirrored(), key(1));
            assert_eq!(take(&mut tuples, candidate(client, 3, 200, None)), joined);
        }
    }

    #[test]
    fn removal_leaves_nothing() {
        let mut tuples = Tuples::default();
        tuples.insert(candidate(tuple(), 1, 0, Some(9)));
        tuples.insert(candidate(tuple(), 2, 0, None));
        tuples.remove(tuple(), key(1));
        assert_eq!(tuples.find(tuple()), Some(key(2)));
        tuples.remove(tuple(), key(2));
        assert!(tuples.flows.is_empty() && tuples.pairings.is_empty());
    }
}
