//! Processes by pid: read once, told apart by start time, kept a while after their end.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use goldwire_kubernetes::Directory;
use goldwire_model::{
    record::{Text, Transport},
    time::Timestamp,
};
use lru::LruCache;
use rustc_hash::FxBuildHasher;

use crate::decode::{KernelTime, Owner, ProcessExecuted, ProcessForked};

use super::{
    Identity, IdentityLookup,
    cgroup::{Cgroup, short_id},
    cgroup_ids::CgroupIds,
    containers::{self, Containers},
    docker::DockerFiles,
    engines::{ContainerId, Engines},
    parents::ancestry,
    pods::{Place, Pods},
    proc_files::{ProcFiles, Stat},
    workload::{Facts, workload},
};

/// Processes remembered, the ended ones among them.
const CAPACITY: usize = 32_768;
const SECOND: u64 = 1_000_000_000;
/// How long names outlive their process.
const KEPT: u64 = 120 * SECOND;
/// An entry is believed so long before its start time is looked at again, in case an exit was missed.
const BELIEVED: u64 = 10 * SECOND;
/// A process whose pod or container is not known yet is looked up again at most this often.
const ASKED_AGAIN: u64 = SECOND / 50;

/// What the names depend on.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of this node.
    pub node: String,
    /// The daemon's part of the v2 hierarchy, as a directory, where it is confined to one.
    pub cgroup: Option<PathBuf>,
    /// Usually `/proc`.
    pub proc: PathBuf,
    /// Where Docker keeps its containers, usually `/var/lib/docker/containers`.
    pub docker: PathBuf,
    /// What the Kubernetes API tells, where there is one.
    pub kubernetes: Option<Directory>,
    /// What containers' engines tell, where they are asked.
    pub engines: Option<Engines>,
}

impl Options {
    /// The usual places.
    #[must_use]
    pub fn new(node: impl Into<String>, cgroup: Option<PathBuf>) -> Self {
        let docker = PathBuf::from("/var/lib/docker/containers");
        Self { node: node.into(), cgroup, proc: PathBuf::from("/proc"), docker, kubernetes: None, engines: None }
    }
}

#[derive(Debug)]
struct Known {
    identity: Arc<Identity>,
    /// Absent where the process was gone before it could be read.
    start_time: Option<u64>,
    checked: KernelTime,
    ended: Option<KernelTime>,
    place: RunsIn,
    /// When its names were last asked for.
    asked: KernelTime,
}

impl Known {
    /// The API may have told of the pod since, or the engine of the container.
    fn ask_again(&mut self, containers: &mut Containers, pods: &Pods, now: KernelTime) {
        if !self.identity.awaits_names || now.0.saturating_sub(self.asked.0) < ASKED_AGAIN {
            return;
        }
        self.asked = now;
        let named = self.place.name(self.identity.as_ref().clone(), containers, pods, now);
        if named != *self.identity {
            self.identity = Arc::new(named);
        }
    }
}

/// Where a process runs, as its control group says.
#[derive(Clone, Debug, Default)]
struct RunsIn {
    container: Option<ContainerId>,
    pod: Option<Place>,
}

impl RunsIn {
    fn of(cgroup: &Cgroup) -> Self {
        Self { container: containers::id_of(cgroup), pod: Place::of(cgroup) }
    }

    /// The identity with the names of its container and of its pod, as far as they are known. The pod knows better.
    fn name(&self, identity: Identity, containers: &mut Containers, pods: &Pods, now: KernelTime) -> Identity {
        let found = self.container.as_ref().map(|id| containers.find(id, now)).unwrap_or_default();
        let named = match &found.container {
            Some(container) => containers::in_container(identity, container),
            None => identity,
        };
        let named = Identity { awaits_names: found.is_awaited, ..named };
        match &self.pod {
            Some(pod) => pods.name(named, pod),
            None => named,
        }
    }
}

/// The processes of this machine.
#[derive(Debug)]
pub struct Processes {
    node: Text,
    subtree: Option<String>,
    files: ProcFiles,
    containers: Containers,
    pods: Pods,
    cgroup_ids: CgroupIds,
    known: LruCache<u32, Known, FxBuildHasher>,
    /// Children that were heard of and not read yet: their parent, in case they are gone by then.
    forked: LruCache<u32, u32, FxBuildHasher>,
    words: LruCache<Text, (), FxBuildHasher>,
}

impl Processes {
    /// Knows nobody yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let files = ProcFiles::new(options.proc);
        let mount = files.cgroup2_mount();
        let subtree = options.cgroup.map(|path| {
            let below = mount.as_deref().and_then(|mount| path.strip_prefix(mount).ok());
            below.map_or_else(|| path.to_string_lossy().into_owned(), |below| format!("/{}", below.to_string_lossy()))
        });
        Self {
            node: options.node.into(),
            subtree,
            files,
            containers: Containers::new(DockerFiles::new(options.docker), options.engines),
            pods: Pods::new(options.kubernetes),
            cgroup_ids: CgroupIds::new(mount),
            known: LruCache::unbounded_with_hasher(FxBuildHasher),
            forked: LruCache::unbounded_with_hasher(FxBuildHasher),
            words: LruCache::unbounded_with_hasher(FxBuildHasher),
        }
    }

    /// A remembered process, if it is still the same one.
    fn believed(&mut self, pid: u32, now: KernelTime) -> Option<Arc<Identity>> {
        let known = self.known.get_mut(&pid)?;
        known.ask_again(&mut self.containers, &self.pods, now);
        let is_checked = known.ended.is_some() || now.0.saturating_sub(known.checked.0) < BELIEVED;
        if is_checked {
            return Some(known.identity.clone());
        }
        let start_time = self.files.stat(pid).map(|stat| stat.start_time);
        match start_time {
            Some(_) if start_time != known.start_time => None,
            Some(_) => {
                known.checked = now;
                Some(known.identity.clone())
            }
            None => {
                known.ended = Some(now);
                Some(known.identity.clone())
            }
        }
    }

    /// Reads a process that runs.
    fn read(&mut self, pid: u32, now: KernelTime) -> Option<Arc<Identity>> {
        let stat = self.files.stat(pid)?;
        let executable = self.files.executable(pid);
        let cgroup = Cgroup::parse(&self.files.cgroups(pid).unwrap_or_default());
        let start_time = Some(stat.start_time);
        let identity = self.make(pid, &stat, executable.as_deref(), &cgroup, now);
        Some(self.remember(pid, identity, start_time, RunsIn::of(&cgroup), now))
    }

    /// Makes do with what the kernel read, for a process that is gone.
    fn imagine(&mut self, pid: u32, comm: &str, cgroup: u64, now: KernelTime) -> Arc<Identity> {
        let parent = self.forked.peek(&pid).copied().unwrap_or(0);
        let stat = Stat { comm: comm.to_owned(), parent, start_time: 0 };
        let cgroup = self.cgroup_ids.path(cgroup, now).map_or_else(Cgroup::default, Cgroup::of_path);
        let identity = self.make(pid, &stat, None, &cgroup, now);
        self.remember(pid, identity, None, RunsIn::of(&cgroup), now)
    }

    fn make(&mut self, pid: u32, stat: &Stat, executable: Option<&str>, cgroup: &Cgroup, now: KernelTime) -> Identity {
        let facts = Facts { cgroup, subtree: self.subtree.as_deref(), executable, comm: &stat.comm };
        let workload = workload(facts).to_owned();
        let ancestry = ancestry(stat.parent, |parent| self.stat_of_parent(parent));
        let identity = Identity {
            pid,
            parent: stat.parent,
            process: self.word(&stat.comm),
            executable: executable.map(|path| self.word(path)),
            workload: self.word(&workload),
            namespace: None,
            pod: None,
            awaits_names: false,
            container: cgroup.container.as_deref().map(|id| self.word(short_id(id))),
            image: None,
            ancestry: ancestry.map(|names| self.word(&names)),
            labels: Arc::from([]),
        };
        RunsIn::of(cgroup).name(identity, &mut self.containers, &self.pods, now)
    }

    /// A parent may be gone while its child lives on.
    fn stat_of_parent(&self, pid: u32) -> Option<Stat> {
        if let Some(known) = self.known.peek(&pid) {
            let Identity { process, parent, .. } = known.identity.as_ref();
            return Some(Stat { comm: process.to_string(), parent: *parent, start_time: 0 });
        }
        self.files.stat(pid)
    }

    fn remember(
        &mut self,
        pid: u32,
        identity: Identity,
        start_time: Option<u64>,
        place: RunsIn,
        now: KernelTime,
    ) -> Arc<Identity> {
        let identity = Arc::new(identity);
        let known = Known { identity: identity.clone(), start_time, checked: now, ended: None, place, asked: now };
        self.forked.pop(&pid);
        self.known.put(pid, known);
        if self.known.len() > CAPACITY {
            self.known.pop_lru();
        }
        identity
    }

    /// The shared copy of a word.
    fn word(&mut self, text: &str) -> Text {
        if let Some((word, ())) = self.words.get_key_value(text) {
            return word.clone();
        }
        let word = Text::from(text);
        self.words.put(word.clone(), ());
        if self.words.len() > CAPACITY {
            self.words.pop_lru();
        }
        word
    }
}

impl IdentityLookup for Processes {
    fn process(&mut self, pid: u32, now: KernelTime) -> Option<Arc<Identity>> {
        if let Some(known) = self.believed(pid, now) {
            return Some(known);
        }
        if let Some(read) = self.read(pid, now) {
            return Some(read);
        }
        // Gone without having executed anything: it was what its parent is.
        let parent = self.forked.peek(&pid).copied()?;
        let identity = Identity { pid, parent, ..self.believed(parent, now)?.as_ref().clone() };
        let place = self.known.peek(&parent).map(|known| known.place.clone()).unwrap_or_default();
        Some(self.remember(pid, identity, None, place, now))
    }

    fn owner(&mut self, owner: &Owner, now: KernelTime) -> Arc<Identity> {
        match self.process(owner.pid, now) {
            Some(known) => known,
            None => self.imagine(owner.pid, owner.comm.as_str(), owner.cgroup, now),
        }
    }

    fn forked(&mut self, event: &ProcessForked) {
        self.known.pop(&event.pid);
        self.forked.put(event.pid, event.parent);
        if self.forked.len() > CAPACITY {
            self.forked.pop_lru();
        }
    }

    fn executed(&mut self, event: &ProcessExecuted<'_>) -> Arc<Identity> {
        if let Some(read) = self.read(event.pid, event.time) {
            return read;
        }
        let stat = Stat { comm: event.comm.as_str().to_owned(), parent: event.parent, start_time: 0 };
        let executable = Some(event.executable).filter(|path| path.starts_with('/'));
        let cgroup = match self.cgroup_ids.path(event.cgroup, event.time) {
            Some(path) => Cgroup::of_path(path),
            None => Cgroup::of_path(event.cgroup_name),
        };
        let identity = self.make(event.pid, &stat, executable, &cgroup, event.time);
        self.remember(event.pid, identity, None, RunsIn::of(&cgroup), event.time)
    }

    fn exited(&mut self, pid: u32, now: KernelTime) -> Option<Arc<Identity>> {
        let known = self.process(pid, now);
        if let Some(entry) = self.known.peek_mut(&pid) {
            entry.ended = Some(now);
        }
        self.forked.pop(&pid);
        known
    }

    fn sweep(&mut self, now: KernelTime) {
        while let Some((_, oldest)) = self.known.peek_lru() {
            let is_gone = oldest.ended.is_some_and(|ended| now.0.saturating_sub(ended.0) > KEPT);
            if !is_gone {
                return;
            }
            self.known.pop_lru();
        }
    }

    fn service(&self, address: SocketAddr, transport: Transport, at: Timestamp) -> Option<Text> {
        self.pods.service(address, transport, at)
    }

    fn node(&self) -> &Text {
        &self.node
    }
}

#[cfg(test)]
mod tests;
