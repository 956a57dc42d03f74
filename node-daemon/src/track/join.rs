//! Finds the other end of a connection on this node: the socket whose addresses are the mirror image.
//!
//! The same addresses may be in use twice at a time (network namespaces) and again later (port reuse). So each pair of
//! addresses leads to a list of flows, an end is joined once, and the one that opened nearest in time is taken.

use std::net::SocketAddr;

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

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: FlowKey,
    opened: KernelTime,
    joined: bool,
}

/// Open flows by their addresses. As large as the table of flows is allowed to grow.
#[derive(Debug, Default)]
pub(super) struct Tuples {
    flows: FxHashMap<Tuple, Vec<Entry>>,
}

impl Tuples {
    pub(super) fn insert(&mut self, tuple: Tuple, key: FlowKey, opened: KernelTime) {
        let entries = self.flows.entry(tuple).or_default();
        entries.retain(|entry| entry.key != key);
        entries.push(Entry { key, opened, joined: false });
    }

    pub(super) fn remove(&mut self, tuple: Tuple, key: FlowKey) {
        let Some(entries) = self.flows.get_mut(&tuple) else { return };
        entries.retain(|entry| entry.key != key);
        if entries.is_empty() {
            self.flows.remove(&tuple);
        }
    }

    /// The other end of a joined flow is gone. Of UDP another may come with the same addresses: a client that was given the
    /// port again, while the server's conversation with it still waits for more. A TCP connection ends with either end.
    pub(super) fn part(&mut self, tuple: Tuple, key: FlowKey) {
        if !tuple.udp {
            return;
        }
        let entries = self.flows.get_mut(&tuple).into_iter().flatten();
        entries.filter(|entry| entry.key == key).for_each(|entry| entry.joined = false);
    }

    /// Any flow with these addresses.
    pub(super) fn find(&self, tuple: Tuple) -> Option<FlowKey> {
        self.flows.get(&tuple)?.last().map(|entry| entry.key)
    }

    /// Joins a flow with its other end, where that is here and not joined yet.
    pub(super) fn join(&mut self, tuple: Tuple, key: FlowKey, opened: KernelTime) -> Option<FlowKey> {
        let other = self
            .flows
            .get_mut(&tuple.mirrored())?
            .iter_mut()
            .filter(|entry| !entry.joined && entry.key != key)
            .min_by_key(|entry| entry.opened.0.abs_diff(opened.0))?;
        other.joined = true;
        let other = other.key;
        let own = self.flows.get_mut(&tuple)?.iter_mut().find(|entry| entry.key == key)?;
        own.joined = true;
        Some(other)
    }
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

    #[test]
    fn the_nearest_in_time_is_joined_once() {
        let mut tuples = Tuples::default();
        tuples.insert(tuple().mirrored(), key(1), KernelTime(100));
        tuples.insert(tuple().mirrored(), key(2), KernelTime(500));
        tuples.insert(tuple(), key(3), KernelTime(510));
        assert_eq!(tuples.join(tuple(), key(3), KernelTime(510)), Some(key(2)));
        tuples.insert(tuple(), key(4), KernelTime(600));
        assert_eq!(tuples.join(tuple(), key(4), KernelTime(600)), Some(key(1)));
        tuples.insert(tuple(), key(5), KernelTime(700));
        assert_eq!(tuples.join(tuple(), key(5), KernelTime(700)), None);
    }

    #[test]
    fn of_udp_the_end_that_is_left_joins_again() {
        for (udp, joined) in [(true, Some(key(1))), (false, None)] {
            let client = Tuple { udp, ..tuple() };
            let mut tuples = Tuples::default();
            tuples.insert(client.mirrored(), key(1), KernelTime(100));
            tuples.insert(client, key(2), KernelTime(110));
            assert_eq!(tuples.join(client, key(2), KernelTime(110)), Some(key(1)));
            tuples.remove(client, key(2));
            tuples.part(client.mirrored(), key(1));
            tuples.insert(client, key(3), KernelTime(200));
            assert_eq!(tuples.join(client, key(3), KernelTime(200)), joined);
        }
    }

    #[test]
    fn removal_leaves_nothing() {
        let mut tuples = Tuples::default();
        tuples.insert(tuple(), key(1), KernelTime(0));
        tuples.insert(tuple(), key(2), KernelTime(0));
        tuples.remove(tuple(), key(1));
        assert_eq!(tuples.find(tuple()), Some(key(2)));
        tuples.remove(tuple(), key(2));
        assert!(tuples.flows.is_empty());
    }
}
