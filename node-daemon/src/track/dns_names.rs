//! The names that clients asked for, so that a connection can be shown with the name and not only the address.

use std::net::IpAddr;

use goldwire_model::record::Text;
use lru::LruCache;
use rustc_hash::FxBuildHasher;

use crate::{decode::KernelTime, identity::NamesFor};

/// Names kept, over all clients.
const CAPACITY: usize = 32_768;
/// Clients connect for a while after an answer whatever its TTL says.
const SHORTEST_SECONDS: u32 = 60;
/// As resolvers do: whoever answers must not name an address for years.
const LONGEST_SECONDS: u32 = 86_400;
/// Names kept of servers that nobody is configured to ask, for the processes that asked them.
const UNTRUSTED: usize = 8_192;
const NANOS: u64 = 1_000_000_000;

/// Who asked. The process itself is believed first, then any other of its workload (forked workers, a caching helper),
/// then any on this node (a resolver in its own service), as far as the server's names are for these.
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
    /// Of servers that may be anybody's: they take no place from the others.
    untrusted: LruCache<(Asker, IpAddr), Named, FxBuildHasher>,
    /// What was answered since the last look.
    answers: Vec<(Answered, KernelTime)>,
}

/// An answer to a client of this node.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) server: IpAddr,
    pub(super) pid: Option<u32>,
    pub(super) workload: Option<Text>,
    pub(super) address: IpAddr,
    pub(super) name: Text,
    pub(super) seconds: u32,
}

/// A client as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client<'a> {
    pub(super) pid: Option<u32>,
    pub(super) workload: Option<&'a Text>,
}

impl Client<'_> {
    /// Nearest first, out to those that the names are for.
    fn askers(self, names_for: NamesFor) -> impl Iterator<Item = Asker> {
        let process = self.pid.map(Asker::Process);
        let workload = self.workload.filter(|_| names_for >= NamesFor::Workload).cloned().map(Asker::Workload);
        let node = (names_for >= NamesFor::Node).then_some(Asker::Node);
        process.into_iter().chain(workload).chain(node)
    }
}

impl DnsNames {
    pub(super) fn new() -> Self {
        let names = || LruCache::unbounded_with_hasher(FxBuildHasher);
        Self { names: names(), untrusted: names(), answers: Vec::new() }
    }

    /// A client was answered; for whom that is good is found out by [`DnsNames::answers`]' caller.
    pub(super) fn answered(&mut self, answered: Answered, now: KernelTime) {
        self.answers.push((answered, now));
    }

    pub(super) const fn has_answers(&self) -> bool {
        !self.answers.is_empty()
    }

    /// What was answered since the last call, in its order.
    pub(super) fn answers(&mut self) -> Vec<(Answered, KernelTime)> {
        std::mem::take(&mut self.answers)
    }

    /// A client learned that a name has an address.
    pub(super) fn learn(&mut self, answered: &Answered, names_for: NamesFor, now: KernelTime) {
        let seconds = answered.seconds.clamp(SHORTEST_SECONDS, LONGEST_SECONDS);
        let until = KernelTime(now.0.saturating_add(u64::from(seconds) * NANOS));
        let named = Named { name: answered.name.clone(), until };
        let client = Client { pid: answered.pid, workload: answered.workload.as_ref() };
        let (names, other, most) = match names_for {
            NamesFor::Process => (&mut self.untrusted, &mut self.names, UNTRUSTED),
            NamesFor::Workload | NamesFor::Node => (&mut self.names, &mut self.untrusted, CAPACITY),
        };
        for asker in client.askers(names_for) {
            // The process believes what it heard last.
            other.pop(&(asker.clone(), answered.address));
            names.put((asker, answered.address), named.clone());
        }
        while names.len() > most {
            names.pop_lru();
        }
    }

    /// The name a client most likely asked for to get this address.
    pub(super) fn name(&mut self, client: Client<'_>, address: IpAddr, now: KernelTime) -> Option<Text> {
        client.askers(NamesFor::Node).find_map(|asker| {
            let key = (asker, address);
            let named = self.names.get(&key).or_else(|| self.untrusted.get(&key))?;
            (named.until >= now).then(|| named.name.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    fn learn(names: &mut DnsNames, pid: u32, name: &str, seconds: u32, names_for: NamesFor) {
        let workload = Some(format!("w{}", pid % 10).into());
        let (pid, server, name) = (Some(pid), IpAddr::V4(Ipv4Addr::LOCALHOST), name.into());
        names.learn(&Answered { server, pid, workload, address: ADDRESS, name, seconds }, names_for, KernelTime(0));
    }

    fn name(names: &mut DnsNames, pid: u32, seconds: u64) -> Option<Text> {
        let workload = format!("w{}", pid % 10).into();
        names.name(Client { pid: Some(pid), workload: Some(&workload) }, ADDRESS, KernelTime(seconds * NANOS))
    }

    #[test]
    fn the_asker_is_believed_before_others() {
        let mut names = DnsNames::new();
        learn(&mut names, 1, "a.example", 300, NamesFor::Node);
        learn(&mut names, 2, "b.example", 300, NamesFor::Node);
        assert_eq!(name(&mut names, 1, 1).as_deref(), Some("a.example"));
        assert_eq!(name(&mut names, 3, 1).as_deref(), Some("b.example"));
    }

    #[test]
    fn answer_of_any_server_names_for_its_asker_alone() {
        let mut names = DnsNames::new();
        learn(&mut names, 1, "bank.example", 300, NamesFor::Process);
        assert_eq!([1, 11, 2].map(|pid| name(&mut names, pid, 1).is_some()), [true, false, false]);
        learn(&mut names, 1, "shop.example", 300, NamesFor::Workload);
        assert_eq!([1, 11, 2].map(|pid| name(&mut names, pid, 1).is_some()), [true, true, false]);
        assert_eq!(name(&mut names, 1, 1).as_deref(), Some("shop.example"), "what it heard last");
        learn(&mut names, 1, "bank.example", 300, NamesFor::Process);
        assert_eq!(name(&mut names, 1, 1).as_deref(), Some("bank.example"));
        assert_eq!(name(&mut names, 11, 1).as_deref(), Some("shop.example"));
    }

    #[test]
    fn lifetimes_last_a_minute_to_a_day() {
        let mut names = DnsNames::new();
        learn(&mut names, 1, "a.example", 1, NamesFor::Node);
        assert!(name(&mut names, 1, 60).is_some());
        assert!(name(&mut names, 1, 61).is_none());
        learn(&mut names, 1, "a.example", u32::MAX, NamesFor::Node);
        assert!(name(&mut names, 1, 86_400).is_some());
        assert!(name(&mut names, 1, 86_401).is_none());
    }

    #[test]
    fn names_are_bounded_and_those_of_any_server_push_no_other_out() {
        let mut names = DnsNames::new();
        learn(&mut names, 1, "a.example", 300, NamesFor::Node);
        for pid in 10..100_000 {
            learn(&mut names, pid, "a", 1, NamesFor::Process);
        }
        assert!(names.untrusted.len() <= UNTRUSTED);
        assert_eq!(name(&mut names, 2, 1).as_deref(), Some("a.example"));
        for pid in 10..100_000 {
            learn(&mut names, pid, "a", 1, NamesFor::Node);
        }
        assert!(names.names.len() <= CAPACITY);
    }
}
