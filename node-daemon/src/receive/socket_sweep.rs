//! Sockets by the kernel's own list: those that are older than the daemon are adopted, and those that moved since the last
//! sweep are reported. Runs in a thread of its own, since it enters other network namespaces.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, SocketAddr},
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aya::maps::{HashMap as KernelMap, Map, MapData};
use goldwire_probe_events::{Socket, role, socket_flag, transport};

use super::{
    OpenError, batch,
    cgroup::Cgroup,
    moved::MovedSockets,
    namespace::{Home, Namespaces},
    saturation::SaturationSweep,
    socket_holder::SocketHolders,
    socket_list,
    socket_list::ListedSocket,
    unix_sockets::UnixSweep,
};
use crate::{
    decode::{Addresses, Cookie, Event, KernelTime, Role, TcpAdopted, TcpCounted, TcpListening, TcpOpen},
    privileges,
};

/// At most a twentieth of one core goes into sweeps: where they take long, they come more seldom.
const SHARE: u32 = 20;
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// `repr(transparent)`, so that aya may read and write it.
#[repr(transparent)]
#[derive(Clone, Copy)]
struct SocketValue(Socket);

// SAFETY: `Socket` is made of integers, without padding, and any bytes are a value of it.
unsafe impl aya::Pod for SocketValue {}

/// The map of sockets.
type SocketMap = KernelMap<MapData, u64, SocketValue>;

fn socket_map(sockets: &MapData) -> Result<SocketMap, OpenError> {
    let unusable = |source| OpenError::Map { map: "SOCKETS", source };
    let descriptor = sockets.fd().as_fd().try_clone_to_owned().map_err(OpenError::Thread)?;
    SocketMap::try_from(Map::HashMap(MapData::from_fd(descriptor).map_err(unusable)?)).map_err(unusable)
}

/// How often all sockets that the probes know are told.
const LIST_ALL: Duration = Duration::from_secs(10);

/// What one sweep found, for the reader to tell.
#[derive(Default)]
struct Found {
    events: Vec<Event<'static>>,
    /// See [`TcpOpen`].
    open: Option<(KernelTime, Vec<u64>)>,
}

impl Found {
    fn tell(&self, visit: &mut impl FnMut(Event<'_>)) -> usize {
        self.events.iter().for_each(|event| visit(*event));
        if let Some((time, cookies)) = &self.open {
            visit(Event::TcpOpen(TcpOpen { time: *time, cookies }));
        }
        self.events.len() + usize::from(self.open.is_some())
    }
}

/// The thread that sweeps. Dropping this ends it.
pub(super) struct SocketSweep {
    /// Told before all else, since the probes know these sockets already.
    adopted: Found,
    /// See [`TcpCounted`].
    counted_until: KernelTime,
    running: Option<Running>,
}

/// Both ends of the thread: it ends when either channel is gone.
struct Running {
    found: Receiver<Found>,
    end: SyncSender<()>,
    thread: thread::JoinHandle<()>,
}

impl SocketSweep {
    /// Adopts what is there before it returns, then sweeps every `interval`.
    pub(super) fn start(sockets: &MapData, cgroup: Arc<Cgroup>, interval: Duration) -> Result<Self, OpenError> {
        let descriptor = sockets.fd().as_fd().try_clone_to_owned().map_err(OpenError::Thread)?;
        let sockets = socket_map(sockets)?;
        let (sender, found) = sync_channel(2);
        let (end, ended) = sync_channel(0);
        let sweeper = Sweeper {
            sockets,
            descriptor,
            cgroup,
            namespaces: Namespaces::default(),
            listed_all: Instant::now(),
            moved: HashMap::new(),
            adopted: HashSet::new(),
            saturation: SaturationSweep::default(),
            unix: UnixSweep::default(),
        };
        let thread = thread::Builder::new().name("goldwire-sockets".into());
        let thread = thread.spawn(move || run(sweeper, interval, &sender, &ended)).map_err(OpenError::Thread)?;
        let adopted = found.recv().unwrap_or_default();
        Ok(Self { adopted, counted_until: KernelTime(0), running: Some(Running { found, end, thread }) })
    }

    /// Tells once what was there before the probes.
    pub(super) fn tell_adopted(&mut self, visit: &mut impl FnMut(Event<'_>)) -> usize {
        std::mem::take(&mut self.adopted).tell(visit)
    }

    /// Tells what was found since the last call.
    pub(super) fn tell(&mut self, visit: &mut impl FnMut(Event<'_>)) -> usize {
        let swept = self.running.iter().flat_map(|running| running.found.try_iter());
        let counted_until = &mut self.counted_until;
        let mut visit = |event: Event<'_>| {
            if let Event::TcpCounted(counted) = event {
                *counted_until = counted.time;
            }
            visit(event);
        };
        swept.map(|found| found.tell(&mut visit)).sum()
    }

    /// What was counted before this moment was told.
    pub(super) const fn counted_until(&self) -> KernelTime {
        self.counted_until
    }
}

impl Drop for SocketSweep {
    fn drop(&mut self) {
        if let Some(Running { found, end, thread }) = self.running.take() {
            drop((found, end));
            let _ = thread.join();
        }
    }
}

fn run(mut sweeper: Sweeper, interval: Duration, sender: &SyncSender<Found>, ended: &Receiver<()>) {
    privileges::confine_or_warn(privileges::Role::Sockets);
    let mut found = sweeper.adopt();
    let mut pause = interval;
    while sender.send(found).is_ok() && ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let began = processor_time();
        found = sweeper.report();
        pause = interval.max(processor_time().saturating_sub(began) * SHARE).min(LONGEST_PAUSE);
        if interval >= Duration::from_secs(1) {
            pause = to_begin_of_second(wall(), pause);
        }
    }
}

/// Of the calling thread.
fn processor_time() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// By the wall clock, since the epoch.
pub(super) fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Moves the end of a pause to shortly after the nearest begin of a second by the wall clock. So a step of seconds is
/// finished soon after it is over, and no second has two reports.
pub(super) fn to_begin_of_second(now: Duration, pause: Duration) -> Duration {
    const SECOND: u64 = 1_000;
    const INTO_SECOND: u64 = 20;
    let beyond = (u64::from((now + pause).subsec_millis()) + SECOND - INTO_SECOND) % SECOND;
    if beyond <= SECOND / 2 {
        pause.saturating_sub(Duration::from_millis(beyond))
    } else {
        pause + Duration::from_millis(SECOND - beyond)
    }
}

struct Sweeper {
    sockets: SocketMap,
    /// The same map, for batches.
    descriptor: OwnedFd,
    cgroup: Arc<Cgroup>,
    namespaces: Namespaces,
    listed_all: Instant,
    /// By the namespace's inode.
    moved: HashMap<u32, MovedSockets>,
    /// Taken in by the last sweep that adopted.
    adopted: HashSet<u64>,
    saturation: SaturationSweep,
    unix: UnixSweep,
}

impl Sweeper {
    /// Takes in everything that is there.
    fn adopt(&mut self) -> Found {
        let holders = SocketHolders::read();
        let mut found = Vec::new();
        self.in_each_namespace(|this, namespace| {
            this.read_saturation(namespace);
            let mut listed = Vec::new();
            let _ = socket_list::tcp_sockets(&mut |socket| listed.push(socket));
            let listeners: HashSet<SocketAddr> =
                listed.iter().filter(|socket| socket.is_listening).map(|socket| socket.addresses.local).collect();
            for socket in &listed {
                found.extend(this.adopt_tcp(socket, &listeners, &holders));
            }
            let _ = socket_list::udp_sockets(&mut |socket| this.adopt_udp(&socket, &holders));
        });
        found.extend(self.finish_counts());
        Found { events: found, open: None }
    }

    fn adopt_tcp(
        &mut self,
        socket: &ListedSocket,
        listeners: &HashSet<SocketAddr>,
        holders: &SocketHolders,
    ) -> Option<Event<'static>> {
        let owner_pid =
            if socket.is_listening { holders.of_listener(socket.inode) } else { holders.of_connection(socket.inode) };
        if !self.is_wanted(owner_pid) {
            return None;
        }
        let time = now();
        if socket.is_listening {
            let local = socket.addresses.local;
            return Some(Event::TcpListening(TcpListening { time, cookie: socket.cookie, local, owner_pid }));
        }
        let role = role_of(socket, listeners);
        let mut value = Socket::new(transport::TCP);
        value.role = match role {
            Role::Client => role::CLIENT,
            Role::Server => role::SERVER,
            Role::Unknown => role::UNKNOWN,
        };
        if self.insert(socket.cookie, value, owner_pid) {
            self.adopted.insert(socket.cookie.0);
        } else if !self.has_unknown_role(socket.cookie) {
            return None;
        }
        let (addresses, base) = (socket.addresses, socket.counters);
        Some(Event::TcpAdopted(TcpAdopted { time, cookie: socket.cookie, addresses, role, base, owner_pid }))
    }

    fn adopt_udp(&mut self, socket: &ListedSocket, holders: &SocketHolders) {
        let owner_pid = holders.of_connection(socket.inode);
        if self.is_wanted(owner_pid) {
            self.insert(socket.cookie, Socket::new(transport::UDP), owner_pid);
        }
    }

    fn is_wanted(&self, owner: Option<u32>) -> bool {
        !self.cgroup.is_confined() || owner.is_some_and(|pid| self.cgroup.has_process(pid))
    }

    /// Whether it was not there before.
    fn insert(&mut self, cookie: Cookie, mut value: Socket, owner: Option<u32>) -> bool {
        const BPF_NOEXIST: u64 = 1;
        if let Some(pid) = owner {
            value.owner_pid = pid;
            value.flags |= socket_flag::OWNER_FINAL;
        }
        self.sockets.insert(cookie.0, SocketValue(value), BPF_NOEXIST).is_ok()
    }

    /// Whether the probes took it in by its traffic, a moment ago, and know no more.
    fn has_unknown_role(&self, cookie: Cookie) -> bool {
        self.sockets.get(&cookie.0, 0).is_ok_and(|SocketValue(known)| known.role == role::UNKNOWN)
    }

    /// Reports what moved, and forgets adopted sockets that ended before they were taken in.
    fn report(&mut self) -> Found {
        let began = now();
        self.check_adopted();
        let mut found = Vec::new();
        let there = self.in_each_namespace(|this, namespace| {
            this.read_saturation(namespace);
            let sockets = &this.sockets;
            this.moved.entry(namespace.inode).or_default().sweep(
                |visit| socket_list::tcp_sockets(&mut |socket| visit(socket)),
                |cookie| is_followed(sockets, cookie),
                &mut |report| found.push(Event::TcpCounters(report)),
            );
        });
        self.moved.retain(|inode, _| there.contains(inode));
        found.push(Event::TcpCounted(TcpCounted { time: began }));
        found.extend(self.finish_counts());
        Found { events: found, open: self.list_all() }
    }

    /// The TCP sockets that the probes know, where they were not listed for long.
    fn list_all(&mut self) -> Option<(KernelTime, Vec<u64>)> {
        if self.listed_all.elapsed() < LIST_ALL {
            return None;
        }
        self.listed_all = Instant::now();
        let (time, mut cookies) = (now(), Vec::new());
        let read = batch::for_each(self.descriptor.as_fd(), |cookie: &u64, value: &Socket| {
            if value.transport == transport::TCP {
                cookies.push(*cookie);
            }
        });
        read.ok()?;
        cookies.sort_unstable();
        Some((time, cookies))
    }

    /// Once, after the sweep that adopted.
    fn check_adopted(&mut self) {
        let adopted = std::mem::take(&mut self.adopted);
        if adopted.is_empty() {
            return;
        }
        let mut seen = HashSet::new();
        self.in_each_namespace(|_, _| {
            let _ = socket_list::tcp_sockets(&mut |socket| {
                seen.insert(socket.cookie.0);
            });
        });
        for cookie in adopted.difference(&seen) {
            let _ = batch::remove(self.descriptor.as_fd(), cookie);
        }
    }

    /// Calls `visit` in every namespace that can be entered, and gives the inodes of all that are there.
    fn in_each_namespace(&mut self, mut visit: impl FnMut(&mut Self, Namespace)) -> Vec<u32> {
        let Some(home) = Home::of_thread() else { return Vec::new() };
        let all = self.namespaces.look();
        for inode in &all {
            if self.namespaces.enter(*inode) {
                visit(self, Namespace { inode: *inode, is_own: home.inode() == *inode });
            }
        }
        home.enter();
        all
    }

    /// Of a daemon that is confined, its own namespace is what it knows to be its concern.
    fn read_saturation(&mut self, namespace: Namespace) {
        if namespace.is_own || !self.cgroup.is_confined() {
            self.saturation.read(namespace.inode);
        }
        // Which control group a UNIX socket belongs to is not listed.
        if !self.cgroup.is_confined() {
            self.unix.read();
        }
    }

    fn finish_counts(&mut self) -> impl Iterator<Item = Event<'static>> + use<> {
        let unix = if self.cgroup.is_confined() { None } else { self.unix.finish() };
        let saturation = self.saturation.finish().map(Event::Saturation);
        saturation.into_iter().chain(unix.map(Event::UnixSockets))
    }
}

/// Whether the probes know it as a TCP socket.
fn is_followed(sockets: &SocketMap, cookie: u64) -> bool {
    sockets.get(&cookie, 0).is_ok_and(|SocketValue(known)| known.transport == transport::TCP)
}

/// One that the thread is in right now.
#[derive(Clone, Copy)]
struct Namespace {
    inode: u32,
    /// The daemon's.
    is_own: bool,
}

/// By the kernel's counters, else by who listens in its namespace. A port that nobody listens at proves nothing: a server may have
/// closed its listener.
fn role_of(socket: &ListedSocket, listeners: &HashSet<SocketAddr>) -> Role {
    let Addresses { local, remote } = socket.addresses;
    match socket.role {
        Role::Unknown if is_listened_at(listeners, local) => Role::Server,
        Role::Unknown if remote.ip() == local.ip() && is_listened_at(listeners, remote) => Role::Client,
        role => role,
    }
}

fn is_listened_at(listeners: &HashSet<SocketAddr>, local: SocketAddr) -> bool {
    let any = |address: IpAddr| listeners.contains(&SocketAddr::new(address, local.port()));
    listeners.contains(&local)
        || any(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED))
        || any(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED))
}

/// The kernel's clock.
pub(super) fn now() -> KernelTime {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from);
    KernelTime(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_come_shortly_after_seconds_begin() {
        let pause = |now: u64, pause: u64| {
            to_begin_of_second(Duration::from_millis(now), Duration::from_millis(pause)).as_millis()
        };
        assert_eq!(pause(5_020, 1_000), 1_000);
        assert_eq!(pause(5_027, 1_000), 993);
        assert_eq!(pause(5_010, 1_000), 1_010);
        assert_eq!(pause(5_300, 1_000), 720);
        assert_eq!(pause(5_600, 1_000), 1_420);
        assert_eq!(pause(5_025, 7_300), 6_995);
    }
}
