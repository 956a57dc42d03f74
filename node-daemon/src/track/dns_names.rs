//! The names that clients asked for, so that a connection can be shown with the name and not only the address.

use std::net::IpAddr;

use goldwire_model::record::Text;
use lru::LruCache;
use rustc_hash::FxBuildHasher;

use crate::decode::KernelTime;

/// Names kept, over all clients.
const CAPACITY: usize = 32_768;
/// Clients connect for a while after an answer whatever its TTL says.
const SHORTEST_SECONDS: u32 = 60;
const NANOS: u64 = 1_000_000_000;

/// Who asked. The process itself is believed first, then any other of its workload (forked workers, a caching helper),
/// then any on this node (a resolver in its own service).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asker {
    Process(u32),
    Workload(Text),
    Node,
}

#[derive(Clone, Debug)]
struct Named {
    name: Text,
    until: KernelTime,
}

/// Address to name, by who asked.
#[derive(Debug)]
pub(super) struct DnsNames {
    names: LruCache<(Asker, IpAddr), Named, FxBuildHasher>,
}

/// A client as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client<'a> {
    pub(super) pid: Option<u32>,
    pub(super) workload: Option<&'a Text>,
}

impl Client<'_> {
    fn askers(self) -> impl Iterator<Item = Asker> {
        let process = self.pid.map(Asker::Process);
        let workload = self.workload.cloned().map(Asker::Workload);
        process.into_iter().chain(workload).chain([Asker::Node])
    }
}

impl DnsNames {
    pub(super) fn new() -> Self {
        Self { names: LruCache::unbounded_with_hasher(FxBuildHasher) }
    }

    /// A client learned that `name` has this address, for `seconds`.
    pub(super) fn learn(&mut self, client: Client<'_>, address: IpAddr, name: &Text, seconds: u32, now: KernelTime) {
        let lifetime = u64::from(seconds.max(SHORTEST_SECONDS)) * NANOS;
        let named = Named { name: name.clone(), until: KernelTime(now.0.saturating_add(lifetime)) };
        for asker in client.askers() {
            self.names.put((asker, address), named.clone());
        }
        while self.names.len() > CAPACITY {
            self.names.pop_lru();
        }
    }

    /// The name a client most likely asked for to get this address.
    pub(super) fn name(&mut self, client: Client<'_>, address: IpAddr, now: KernelTime) -> Option<Text> {
        client.askers().find_map(|asker| {
            let named = self.names.get(&(asker, address))?;
            (named.until >= now).then(|| named.name.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    fn process(pid: u32) -> Client<'static> {
        Client { pid: Some(pid), workload: None }
    }

    #[test]
    fn the_asker_is_believed_before_others() {
        let mut names = DnsNames::new();
        names.learn(process(1), ADDRESS, &"a.example".into(), 300, KernelTime(0));
        names.learn(process(2), ADDRESS, &"b.example".into(), 300, KernelTime(0));
        assert_eq!(names.name(process(1), ADDRESS, KernelTime(1)).as_deref(), Some("a.example"));
        assert_eq!(names.name(process(3), ADDRESS, KernelTime(1)).as_deref(), Some("b.example"));
    }

    #[test]
    fn short_lifetimes_last_a_minute() {
        let mut names = DnsNames::new();
        names.learn(process(1), ADDRESS, &"a.example".into(), 1, KernelTime(0));
        assert!(names.name(process(1), ADDRESS, KernelTime(60 * NANOS)).is_some());
        assert!(names.name(process(1), ADDRESS, KernelTime(61 * NANOS)).is_none());
    }

    #[test]
    fn names_are_bounded() {
        let mut names = DnsNames::new();
        for index in 0..100_000_u32 {
            names.learn(process(index), IpAddr::V4(Ipv4Addr::from(index)), &"a".into(), 1, KernelTime(0));
        }
        assert!(names.names.len() <= CAPACITY);
    }
}
