//! The receiver: opens the probes, and hands out what they tell as one stream of events.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aya::{
    Btf, Ebpf,
    maps::{Array, Map, MapData, PerCpuArray},
};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{
    Losses, OpenError, ProbeStatistics, Steering, attach,
    btf::KernelTypes,
    capability::missing_capabilities,
    cgroup::Cgroup,
    confinement::{CgroupChange, Confinement},
    conversations::{Conversations, key_of},
    detach,
    doorbell::Doorbell,
    drops::{DropSweep, Drops},
    hook::{HOOKS, Hook, Place},
    lane,
    mapping::page_size,
    merged::Merged,
    object,
    ring::Ring,
    socket_sweep::{SocketSweep, now, to_begin_of_second, wall},
    statistics,
    tls::{TlsFinder, TlsProbes},
    translations::Translations,
};
use crate::decode::{Event, KernelTime, decode, released_socket, time_of};

/// What shall be observed, and how much memory it may take.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only sockets and processes of this cgroup and those below; absent for the whole node.
    pub cgroup: Option<PathBuf>,
    /// Size of the ring of lifecycle events; a power of two.
    pub control_ring_bytes: usize,
    /// Size of all rings of payload together; a power of two. Each of the first 16 processors has a lane of 1 MiB besides,
    /// unless this is less than 1 MiB.
    pub data_ring_bytes: usize,
    /// Sockets that are known at once; further ones are not seen, and counted as [`Losses::sockets_full`].
    pub most_sockets: u32,
    /// Conversations that are counted at once; datagrams of others are [`Losses::conversations_full`].
    pub most_conversations: u32,
    /// How often sockets that move are reported.
    pub report_interval: Duration,
    /// Whether the plaintext of TLS is read at functions of TLS libraries.
    pub tls_plaintext: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cgroup: None,
            control_ring_bytes: 2 << 20,
            data_ring_bytes: 8 << 20,
            most_sockets: 131_072,
            most_conversations: 65_536,
            report_interval: Duration::from_secs(1),
            tls_plaintext: false,
        }
    }
}

impl Options {
    /// Lanes rely on x86 keeping stores in order; elsewhere all payload goes by rings.
    pub(super) const fn has_lanes(&self) -> bool {
        cfg!(target_arch = "x86_64") && self.data_ring_bytes >= 1 << 20
    }
}

/// The longest sleep: what comes by maps is looked at as often.
const SWEEP: Duration = Duration::from_secs(1);
/// How often the rings are looked at while there is traffic.
const TICK: Duration = Duration::from_millis(5);
/// After so many empty looks in a row the reader sleeps until the probes wake it.
const EMPTY_LOOKS: u32 = 10;
/// Most events of one call of [`Receiver::poll`].
const MOST_EVENTS: usize = 65_536;

/// Observes. The probes are detached when it is dropped.
pub struct Receiver {
    // Fields are dropped in this order: the thread before the maps that it reads.
    socket_sweep: SocketSweep,
    tls: Option<TlsProbes>,
    conversations: Conversations,
    translations: Translations,
    drops: Drops,
    rings: Merged,
    doorbell: Doorbell,
    steering: Steering,
    losses: PerCpuArray<MapData, u64>,
    undecodable: u64,
    refused: Vec<(&'static Hook, String)>,
    next_conversations: Instant,
    next_sweep: Instant,
    /// What was dropped before is told.
    drops_until: KernelTime,
    /// What the probes told before is handed out.
    read_until: KernelTime,
    empty_looks: u32,
    confinement: Confinement,
    object: Arc<Mutex<Ebpf>>,
}

impl Receiver {
    /// Ends at once, and leaves it to a child process to wait until the kernel has detached everything. Where there can be no
    /// child, this waits for it.
    pub fn end(self) {
        match detach::leave_to_child() {
            Ok(()) => std::mem::forget(self),
            Err(error) => tracing::warn!(%error, "failed to start the process that detaches the probes"),
        }
    }

    /// Loads and attaches the probes, and adopts the sockets that are open already.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        check_sizes(options)?;
        let missing: Vec<_> = missing_capabilities().into_iter().filter(|capability| capability.is_required).collect();
        if !missing.is_empty() {
            return Err(OpenError::Capabilities(missing));
        }
        let cgroup = Arc::new(Cgroup::open(options.cgroup.as_deref())?);
        let types = KernelTypes::of_running_kernel().ok();
        let btf = types.is_some().then(Btf::from_sys_fs).and_then(Result::ok);
        let mut object = object::load(options, &cgroup, types.as_ref())?;
        let attached = attach::attach_all(&mut object, btf.as_ref(), &cgroup.directory, |hook| {
            (cgroup.is_confined() || !hook.only_confined)
                && (options.tls_plaintext || hook.place != Place::UserFunctions)
        })?;
        let (refused, links) = (attached.refused, attached.links);
        let scope = array(map(&mut object, "SCOPE")?, "SCOPE")?;
        let confinement = Confinement::new(&cgroup, links, scope)?;
        let drop_sweep = types
            .map(|types| {
                DropSweep::new(map(&mut object, "DROPS")?, map(&mut object, "REPORTED_REASONS")?, &types)
                    .map_err(|source| OpenError::Map { map: "REPORTED_REASONS", source })
            })
            .transpose()?;
        let sockets = map(&mut object, "SOCKETS")?;
        drop(btf);
        give_back_memory();
        let steering = Steering::new(&map(&mut object, "STEERING")?, &map(&mut object, "SESSION_STEERING")?);
        let files = map(&mut object, "FILES")?;
        let doorbell = Doorbell::new(&map(&mut object, "DOORBELL")?).map_err(OpenError::Mapping)?;
        doorbell.begin_watching();
        let losses = object.take_map("LOSSES").ok_or(OpenError::NoMap("LOSSES"))?;
        let rings = open_rings(&mut object, options)?;
        let conversations = Conversations::new(map(&mut object, "CONVERSATIONS")?, options.most_conversations);
        let object = Arc::new(Mutex::new(object));
        let has_tls = options.tls_plaintext && refused.iter().all(|(hook, _)| hook.place != Place::UserFunctions);
        let tls = has_tls.then(|| start_tls(&object, files, &cgroup)).transpose()?;
        Ok(Self {
            tls,
            rings,
            doorbell,
            steering: steering.map_err(OpenError::Mapping)?,
            losses: PerCpuArray::try_from(losses).map_err(|source| OpenError::Map { map: "LOSSES", source })?,
            conversations,
            translations: Translations::start()?,
            socket_sweep: SocketSweep::start(&sockets, cgroup, options.report_interval)?,
            drops: Drops::new(drop_sweep),
            undecodable: 0,
            refused,
            next_conversations: Instant::now(),
            next_sweep: Instant::now(),
            drops_until: KernelTime(0),
            read_until: KernelTime(0),
            empty_looks: 0,
            confinement,
            object,
        })
    }

    /// Tells what happened since the last call, at most some 65,000 events, and gives their number.
    ///
    /// Events come by the kernel's clock. Of one socket, an event never comes before what caused it: the
    /// socket is established before its first segment, but for [`TcpSegment::at_listener`](crate::decode::TcpSegment), and
    /// all its segments come before it is closed.
    pub fn poll(&mut self, visit: &mut impl FnMut(Event<'_>)) -> usize {
        let mut count = self.socket_sweep.tell_adopted(visit);
        count += self.drain(visit);
        // After what the probes told: the connections that it is about are known then.
        count += self.socket_sweep.tell(visit);
        for translated in self.translations.found() {
            visit(Event::ConversationTranslated(translated));
            count += 1;
        }
        count += self.conversations.tell_held(now(), visit);
        count += self.sweep(Instant::now(), visit);
        self.empty_looks = if count == 0 { self.empty_looks.saturating_add(1) } else { 0 };
        count
    }

    /// What became of the cgroup that is observed, where that is something new.
    pub fn cgroup_change(&mut self) -> Option<CgroupChange> {
        self.confinement.look(Instant::now(), &self.object)
    }

    /// Waits until there may be something to tell, at most `longest`. Under load the rings are looked at on a timer, since
    /// waking the reader for each event would cost the observed programs more than all else; idle, the next event wakes.
    pub fn wait(&self, longest: Duration) {
        if self.empty_looks < EMPTY_LOOKS {
            std::thread::sleep(TICK.min(longest));
            return;
        }
        self.doorbell.set_asleep(true);
        if self.rings.is_empty() {
            let mut descriptors: Vec<_> =
                self.rings.descriptors().map(|ring| PollFd::new(ring, PollFlags::POLLIN)).collect();
            let timeout = PollTimeout::try_from(longest.min(SWEEP)).unwrap_or(PollTimeout::ZERO);
            let _ = poll(&mut descriptors, timeout);
        }
        self.doorbell.set_asleep(false);
    }

    /// Every event of the probes' before this moment was handed out.
    #[must_use]
    pub const fn read_until(&self) -> KernelTime {
        self.read_until
    }

    /// All that the kernel counted before this moment was handed out, too.
    #[must_use]
    pub fn counted_until(&self) -> KernelTime {
        let sockets = self.socket_sweep.counted_until().min(self.drops_until);
        self.conversations.complete_until(self.read_until).min(sockets)
    }

    /// The way to tell the probes what is wanted of a socket.
    #[must_use]
    pub fn steering(&self) -> Steering {
        self.steering.clone()
    }

    /// The way to have the TLS libraries of a process looked for; absent where no plaintext is read.
    #[must_use]
    pub fn tls_finder(&self) -> Option<TlsFinder> {
        self.tls.as_ref().map(TlsProbes::finder)
    }

    /// What was lost since the probes were loaded.
    #[must_use]
    pub fn losses(&self) -> Losses {
        Losses::read(&self.losses, self.undecodable)
    }

    /// What each probe cost since it was loaded; zeros unless `kernel.bpf_stats_enabled` is 1.
    #[must_use]
    pub fn probe_statistics(&self) -> Vec<ProbeStatistics> {
        statistics::read(&self.object.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The hooks that this kernel refused: name, what is not known without it, and the kernel's reason.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        self.refused.iter().map(|(hook, reason)| (hook.name, hook.cost_if_missing, reason.as_str()))
    }

    /// What each hook tells, and why it does not where the kernel refused it.
    pub fn signals(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        HOOKS.iter().map(|hook| {
            let refused = self.refused.iter().find(|(other, _)| other.program == hook.program);
            let is_off = self.tls.is_none() && hook.place == Place::UserFunctions;
            let reason = refused.map(|(_, reason)| reason.as_str());
            (hook.signal, reason.or(is_off.then_some("not switched on")))
        })
    }

    /// What comes by rings.
    fn drain(&mut self, visit: &mut impl FnMut(Event<'_>)) -> usize {
        let (conversations, undecodable, tls) = (&mut self.conversations, &mut self.undecodable, &self.tls);
        let (drops, doorbell, translations) = (&mut self.drops, &self.doorbell, &self.translations);
        let may_be_translated = translations.is_tracked();
        let cut = now();
        let mut last = cut;
        let count = self.rings.drain(cut, MOST_EVENTS, |record| {
            last = time_of(record);
            if let Some(released) = released_socket(record) {
                drops.tell_before_end(doorbell, visit);
                conversations.released(time_of(record), released, may_be_translated, visit);
            } else if let Some(event) = decode(record) {
                if let Event::ConversationOpened(opened) = &event {
                    conversations.opened(opened.time, key_of(opened.conversation));
                    translations.opened(opened);
                }
                if let Event::TcpClosed(_) = &event {
                    drops.tell_before_end(doorbell, visit);
                }
                if let (Event::ProcessExecuted(started), Some(tls)) = (&event, tls) {
                    tls.started(started.pid);
                }
                visit(event);
            } else {
                *undecodable += 1;
            }
        });
        // Where there was too much for one call, more comes with the next.
        self.read_until = if count < MOST_EVENTS { cut } else { last };
        count
    }

    /// What comes by maps rather than by rings.
    fn sweep(&mut self, at: Instant, visit: &mut impl FnMut(Event<'_>)) -> usize {
        let mut count = 0;
        if let Some(pause) = self.conversations.pause()
            && at >= self.next_conversations
        {
            self.next_conversations = at + with_seconds(pause);
            count += self.conversations.sweep(now(), visit).unwrap_or(0);
        }
        if at < self.next_sweep {
            return count;
        }
        self.next_sweep = at + with_seconds(SWEEP);
        let looked = now();
        let Some(drops) = self.drops.tell(&self.doorbell, visit) else { return count };
        self.drops_until = looked;
        count + drops
    }
}

/// What is read once a second is read as seconds begin, so that no second has two reports or none.
fn with_seconds(pause: Duration) -> Duration {
    if pause < SWEEP { pause } else { to_begin_of_second(wall(), pause) }
}

fn check_sizes(options: &Options) -> Result<(), OpenError> {
    let least = page_size();
    for (what, given) in [("the control ring", options.control_ring_bytes), ("the data ring", options.data_ring_bytes)]
    {
        if !given.is_power_of_two() || given < least {
            return Err(OpenError::Size { what, least, given });
        }
    }
    Ok(())
}

/// The control ring first: of two events at the same time, the lifecycle's comes first.
fn open_rings(object: &mut Ebpf, options: &Options) -> Result<Merged, OpenError> {
    let mut rings = vec![Ring::new(map(object, "CONTROL")?, options.control_ring_bytes).map_err(OpenError::Mapping)?];
    for name in object::used_data_rings() {
        let ring = Ring::new(map(object, name)?, object::data_ring_size(options));
        rings.push(ring.map_err(OpenError::Mapping)?);
    }
    let plaintext = Ring::new(map(object, "PLAINTEXT")?, object::plaintext_ring_size(options));
    rings.push(plaintext.map_err(OpenError::Mapping)?);
    let lanes = lane::open(&map(object, "LANES")?, object::lanes(options)).map_err(OpenError::Mapping)?;
    Ok(Merged::new(rings, lanes))
}

fn start_tls(object: &Arc<Mutex<Ebpf>>, files: MapData, cgroup: &Arc<Cgroup>) -> Result<TlsProbes, OpenError> {
    let files = array(files, "FILES")?;
    TlsProbes::start(Arc::clone(object), files, Arc::clone(cgroup))
}

/// The kernel's types take some megabytes while the probes are loaded, and are not needed again.
fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes a number, and may be called at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}

fn array<T: aya::Pod>(data: MapData, map: &'static str) -> Result<Array<MapData, T>, OpenError> {
    Array::try_from(Map::Array(data)).map_err(|source| OpenError::Map { map, source })
}

/// Takes a map out of the object.
fn map(object: &mut Ebpf, name: &'static str) -> Result<MapData, OpenError> {
    match object.take_map(name) {
        Some(Map::Array(data) | Map::HashMap(data) | Map::RingBuf(data)) => Ok(data),
        _ => Err(OpenError::NoMap(name)),
    }
}
