//! Processes by pid: read once, told apart by start time, kept a while after their end.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use goldwire_kubernetes::Directory;
use goldwire_model::{
    record::{Text, Transport},
    time::Timestamp,
};
use goldwire_probe_events::ARGUMENTS_LENGTH;
use lru::LruCache;
use rustc_hash::FxBuildHasher;

use super::{
    Identity, IdentityLookup, NamesFor,
    arguments::command_line,
    cgroup::Cgroup,
    cgroup_ids::CgroupIds,
    containers::Containers,
    docker::DockerFiles,
    engines::Engines,
    naming::{Naming, Seen},
    parents::ancestry,
    pods::Pods,
    proc_files::{ProcFiles, Stat},
    resolvers::Resolvers,
    rules::WorkloadRules,
};
use crate::decode::{Arguments, BootTime, KernelTime, Owner, ProcessExecuted, ProcessExited, ProcessForked};

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
    /// Workloads by hand.
    pub rules: WorkloadRules,
    /// Whether command lines are kept, without their secrets.
    pub arguments: bool,
    /// DNS servers whose answers name addresses for everybody, beside those that the node is configured to ask.
    pub resolvers: Vec<IpAddr>,
}

impl Options {
    /// The usual places.
    #[must_use]
    pub fn new(node: impl Into<String>, cgroup: Option<PathBuf>) -> Self {
        let docker = PathBuf::from("/var/lib/docker/containers");
        let (proc, rules) = (PathBuf::from("/proc"), WorkloadRules::default());
        Self {
            node: node.into(),
            cgroup,
            proc,
            docker,
            kubernetes: None,
            engines: None,
            rules,
            arguments: true,
            resolvers: Vec::new(),
        }
    }
}

#[derive(Debug)]
struct Known {
    identity: Arc<Identity>,
    /// Absent where the process was gone before it could be read.
    start_time: Option<u64>,
    checked: KernelTime,
    ended: Option<KernelTime>,
    /// Where it runs, where that is a container or a pod.
    place: Option<Arc<Cgroup>>,
    /// Number of the user that its identity has.
    user: Option<u32>,
    /// When its names were last asked for.
    asked: KernelTime,
}

/// When a process began, in clock ticks since boot as far as that is known, and when it was looked at.
#[derive(Clone, Copy, Debug)]
struct Moments {
    start_time: Option<u64>,
    now: KernelTime,
}

impl Known {
    fn new(identity: Arc<Identity>, Moments { start_time, now }: Moments) -> Self {
        Self { identity, start_time, checked: now, ended: None, place: None, user: None, asked: now }
    }

    /// The API may have told of the pod since, or the engine of the container.
    fn ask_again(&mut self, naming: &mut Naming, now: KernelTime) {
        let is_due = self.identity.awaits_names && now.0.saturating_sub(self.asked.0) >= ASKED_AGAIN;
        let Some(place) = self.place.as_ref().filter(|_| is_due) else { return };
        self.asked = now;
        let named = naming.in_place(self.identity.as_ref().clone(), place, now);
        if named != *self.identity {
            self.identity = Arc::new(named);
        }
    }
}

/// The processes of this machine.
#[derive(Debug)]
pub struct Processes {
    node: Text,
    files: ProcFiles,
    keeps_arguments: bool,
    resolvers: Resolvers,
    naming: Naming,
    cgroup_ids: CgroupIds,
    /// Read since [`IdentityLookup::newly_seen`] was asked last.
    noticed: Vec<u32>,
    known: LruCache<u32, Known, FxBuildHasher>,
    /// Children that were heard of and not read yet: their parent, in case they are gone by then.
    forked: LruCache<u32, u32, FxBuildHasher>,
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
        let containers = Containers::new(DockerFiles::new(options.docker), options.engines);
        let pods = Pods::new(options.kubernetes);
        Self {
            node: options.node.into(),
            resolvers: Resolvers::new(files.clone(), options.resolvers),
            files,
            keeps_arguments: options.arguments,
            naming: Naming::new(subtree, containers, pods, options.rules),
            cgroup_ids: CgroupIds::new(mount),
            noticed: Vec::new(),
            known: LruCache::unbounded_with_hasher(FxBuildHasher),
            forked: LruCache::unbounded_with_hasher(FxBuildHasher),
        }
    }

    /// A remembered process, if it is still the same one.
    fn believed(&mut self, pid: u32, now: KernelTime) -> Option<Arc<Identity>> {
        let known = self.known.get_mut(&pid)?;
        known.ask_again(&mut self.naming, now);
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

    /// Reads a process that runs. What the kernel told at its exec need not be read, and by now it may have executed
    /// something else.
    fn read(&mut self, pid: u32, told: Option<&ProcessExecuted<'_>>, now: KernelTime) -> Option<Arc<Identity>> {
        let stat = self.files.stat(pid)?;
        let comm = told.map_or(&*stat.comm, |told| told.comm.as_str());
        let executable = match told {
            Some(told) if stat.comm != comm => told.absolute_path().map(str::to_owned),
            _ => self.files.executable(pid),
        };
        let cgroup = Cgroup::parse(&self.files.cgroups(pid).unwrap_or_default());
        let user = told.and_then(|told| told.user).or_else(|| self.files.user(pid));
        let arguments = self.arguments(pid, told);
        let seen = Seen {
            pid,
            parent: stat.parent,
            comm,
            executable: executable.as_deref(),
            cgroup: &cgroup,
            arguments,
            user,
            ancestry: None,
        };
        let identity = self.make(seen, now);
        if told.is_none() && self.naming.is_inside(&cgroup) {
            self.noticed.push(pid);
        }
        Some(self.remember(identity, &cgroup, Moments { start_time: Some(stat.start_time), now }, user))
    }

    /// As the kernel told them, else as `/proc` has them.
    fn arguments(&self, pid: u32, told: Option<&ProcessExecuted<'_>>) -> Option<String> {
        if !self.keeps_arguments {
            return None;
        }
        told.and_then(|told| command_line(&told.arguments)).or_else(|| self.read_arguments(pid))
    }

    fn read_arguments(&self, pid: u32) -> Option<String> {
        let bytes = self.files.arguments(pid)?;
        let kept = bytes.len().min(ARGUMENTS_LENGTH);
        command_line(&Arguments { bytes: &bytes[..kept], is_cut: kept < bytes.len() })
    }

    /// Makes do with what the kernel read, for a process that is gone.
    fn imagine(&mut self, pid: u32, comm: &str, cgroup: u64, now: KernelTime) -> Arc<Identity> {
        let parent = self.forked.peek(&pid).copied().unwrap_or(0);
        let cgroup = self.cgroup_ids.path(cgroup, now).map_or_else(Cgroup::default, Cgroup::of_path);
        let seen =
            Seen { pid, parent, comm, executable: None, cgroup: &cgroup, arguments: None, user: None, ancestry: None };
        let identity = self.make(seen, now);
        self.remember(identity, &cgroup, Moments { start_time: None, now }, None)
    }

    /// Names what was seen; its parents are looked up here.
    fn make(&mut self, seen: Seen<'_>, now: KernelTime) -> Identity {
        let ancestry = ancestry(seen.parent, |parent| self.stat_of_parent(parent));
        let home = self.files.home(seen.pid, seen.cgroup.container.is_some());
        self.naming.identity(Seen { ancestry, ..seen }, &home, now)
    }

    /// A parent may be gone while its child lives on.
    fn stat_of_parent(&self, pid: u32) -> Option<Stat> {
        if let Some(known) = self.known.peek(&pid) {
            let Identity { process, parent, .. } = known.identity.as_ref();
            return Some(Stat { comm: process.to_string(), parent: *parent, start_time: 0 });
        }
        self.files.stat(pid)
    }

    fn remember(&mut self, identity: Identity, cgroup: &Cgroup, moments: Moments, user: Option<u32>) -> Arc<Identity> {
        let place = (cgroup.container.is_some() || cgroup.pod.is_some()).then(|| Arc::new(cgroup.clone()));
        let known = Known { place, user, ..Known::new(Arc::new(identity), moments) };
        self.keep(known)
    }

    fn keep(&mut self, known: Known) -> Arc<Identity> {
        let identity = known.identity.clone();
        self.forked.pop(&identity.pid);
        self.known.put(identity.pid, known);
        if self.known.len() > CAPACITY {
            self.known.pop_lru();
        }
        identity
    }
}

impl IdentityLookup for Processes {
    fn process(&mut self, pid: u32, now: KernelTime) -> Option<Arc<Identity>> {
        if let Some(known) = self.believed(pid, now) {
            return Some(known);
        }
        if let Some(read) = self.read(pid, None, now) {
            return Some(read);
        }
        // Gone without having executed anything: it was what its parent is.
        let parent = self.forked.peek(&pid).copied()?;
        let identity = Identity { pid, parent, ..self.believed(parent, now)?.as_ref().clone() };
        let (place, user) = self.known.peek(&parent).map(|known| (known.place.clone(), known.user))?;
        let moments = Moments { start_time: None, now };
        Some(self.keep(Known { place, user, ..Known::new(Arc::new(identity), moments) }))
    }

    fn owner(&mut self, owner: &Owner, now: KernelTime) -> Arc<Identity> {
        match self.process(owner.pid, now) {
            Some(known) => known,
            None => self.imagine(owner.pid, owner.comm.as_str(), owner.cgroup, now),
        }
    }

    fn forked(&mut self, event: &ProcessForked) {
        self.known.pop(&event.pid);
        self.resolvers.forget(event.pid);
        self.forked.put(event.pid, event.parent);
        if self.forked.len() > CAPACITY {
            self.forked.pop_lru();
        }
    }

    fn executed(&mut self, event: &ProcessExecuted<'_>) -> Arc<Identity> {
        if let Some(read) = self.read(event.pid, Some(event), event.time) {
            return read;
        }
        let cgroup = match self.cgroup_ids.path(event.cgroup, event.time) {
            Some(path) => Cgroup::of_path(path),
            None => Cgroup::of_path(event.cgroup_name),
        };
        let seen = Seen {
            pid: event.pid,
            parent: event.parent,
            comm: event.comm.as_str(),
            executable: event.absolute_path(),
            cgroup: &cgroup,
            arguments: self.keeps_arguments.then(|| command_line(&event.arguments)).flatten(),
            user: event.user,
            ancestry: None,
        };
        let identity = self.make(seen, event.time);
        self.remember(identity, &cgroup, Moments { start_time: None, now: event.time }, event.user)
    }

    fn exited(&mut self, event: &ProcessExited) -> Option<Arc<Identity>> {
        let noticed = self.noticed.len();
        let identity = self.process(event.pid, event.time);
        // Its end says all that there is to say.
        self.noticed.truncate(noticed);
        self.forked.pop(&event.pid);
        let known = self.known.peek_mut(&event.pid)?;
        known.ended = Some(event.time);
        // It may have given up its rights since it was looked at.
        let Some(user) = event.user.filter(|user| known.user != Some(*user)) else { return identity };
        let container = known.place.as_ref().and_then(|place| place.container.as_deref());
        let home = self.files.home(event.pid, container.is_some());
        let user = self.naming.user(user, container, &home, event.time);
        known.identity = Arc::new(Identity { user: Some(user), ..known.identity.as_ref().clone() });
        Some(known.identity.clone())
    }

    fn newly_seen(&mut self, now: KernelTime) -> Vec<(Arc<Identity>, Option<BootTime>)> {
        let mut seen = Vec::new();
        while let Some(pid) = self.noticed.pop() {
            let Some(known) = self.known.peek(&pid) else { continue };
            let started = known.start_time.map(|ticks| self.files.since_boot(ticks));
            let parent = known.identity.parent;
            seen.push((known.identity.clone(), started));
            if parent != 0 && !self.known.contains(&parent) {
                self.process(parent, now);
            }
        }
        seen
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
        self.naming.service(address, transport, at)
    }

    fn names_for(&mut self, server: IpAddr, pid: Option<u32>, now: KernelTime) -> NamesFor {
        self.resolvers.names_for(server, pid, now)
    }

    fn node(&self) -> &Text {
        &self.node
    }
}

#[cfg(test)]
mod tests;
