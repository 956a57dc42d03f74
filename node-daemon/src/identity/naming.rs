//! From what was seen of a process to its names.

use std::path::Path;

use goldwire_model::{
    record::{Text, Transport},
    time::Timestamp,
};
use lru::LruCache;
use rustc_hash::FxBuildHasher;

use super::{
    Identity,
    cgroup::{Cgroup, short_id},
    containers::{self, Containers},
    pods::{Place, Pods},
    rules::WorkloadRules,
    users::Users,
    workload::{Facts, unit, workload},
};
use crate::decode::KernelTime;

/// Words remembered, so that records share them.
const WORDS: usize = 32_768;

/// What was read of a process.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) comm: &'a str,
    pub(super) executable: Option<&'a str>,
    pub(super) cgroup: &'a Cgroup,
    /// Without its secrets.
    pub(super) arguments: Option<String>,
    pub(super) user: Option<u32>,
    pub(super) ancestry: Option<String>,
}

/// Everything that names are made of beside the process itself.
#[derive(Debug)]
pub(super) struct Naming {
    /// The daemon's part of the hierarchy, where it is confined to one.
    subtree: Option<String>,
    containers: Containers,
    pods: Pods,
    pub(super) rules: WorkloadRules,
    users: Users,
    words: LruCache<Text, (), FxBuildHasher>,
}

impl Naming {
    pub(super) fn new(subtree: Option<String>, containers: Containers, pods: Pods, rules: WorkloadRules) -> Self {
        Self {
            subtree,
            containers,
            pods,
            rules,
            users: Users::new(),
            words: LruCache::unbounded_with_hasher(FxBuildHasher),
        }
    }

    /// `home` is the directory in `/proc` of a process that sees the files that this one sees.
    pub(super) fn identity(&mut self, seen: Seen<'_>, home: &Path, now: KernelTime) -> Identity {
        let cgroup = seen.cgroup;
        let facts = Facts { cgroup, subtree: self.subtree.as_deref(), executable: seen.executable, comm: seen.comm };
        let workload = workload(facts).to_owned();
        let (process, workload) = (self.word(seen.comm), self.word(&workload));
        let identity = Identity {
            executable: seen.executable.map(|path| self.word(path)),
            // Nearly every process has its own: to share them is not worth a place among the words.
            arguments: seen.arguments.map(Text::from),
            user: seen.user.map(|user| self.user(user, cgroup.container.as_deref(), home, now)),
            container: cgroup.container.as_deref().map(|id| self.word(short_id(id))),
            ancestry: seen.ancestry.map(|names| self.word(&names)),
            ..Identity::new(seen.pid, seen.parent, process, workload)
        };
        self.in_place(identity, cgroup, now)
    }

    /// Whether it belongs to the daemon's part of the hierarchy.
    pub(super) fn is_inside(&self, cgroup: &Cgroup) -> bool {
        self.subtree.as_deref().is_none_or(|subtree| cgroup.path == subtree || cgroup.leaf_below(subtree).is_some())
    }

    /// With the names of its container and of its pod, as far as they are known. The pod knows better, rules by hand best.
    pub(super) fn in_place(&mut self, identity: Identity, cgroup: &Cgroup, now: KernelTime) -> Identity {
        let id = containers::id_of(cgroup);
        let found = id.map(|id| self.containers.find(&id, now)).unwrap_or_default();
        let named = match &found.container {
            Some(container) => containers::in_container(identity, container, unit(cgroup)),
            None => identity,
        };
        let named = Identity { awaits_names: found.is_awaited, ..named };
        let named = match Place::of(cgroup) {
            Some(place) => self.pods.name(named, &place),
            None => named,
        };
        self.rules.apply(named, cgroup)
    }

    /// The name of a user; `home` as above.
    pub(super) fn user(&mut self, user: u32, container: Option<&str>, home: &Path, now: KernelTime) -> Text {
        let name = self.users.name(user, container, home, now);
        self.word(&name)
    }

    pub(super) fn service(&self, address: std::net::SocketAddr, transport: Transport, at: Timestamp) -> Option<Text> {
        self.pods.service(address, transport, at)
    }

    /// The shared copy of a word.
    fn word(&mut self, text: &str) -> Text {
        if let Some((word, ())) = self.words.get_key_value(text) {
            return word.clone();
        }
        let word = Text::from(text);
        self.words.put(word.clone(), ());
        if self.words.len() > WORDS {
            self.words.pop_lru();
        }
        word
    }
}
