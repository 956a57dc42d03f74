//! The one thread that reads the probes' rings, tracks what they tell, and writes history.

use std::{
    io,
    net::IpAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use goldwire_answer::coverage::{LossStage, UnreadKind};
use goldwire_history::History;
use goldwire_kubernetes::Directory;
use goldwire_model::{record::Record, time::Timestamp};
use tracing::{info, warn};

use super::{clock, gauges::Gauges};
use crate::{
    capture::Kernel,
    decode::{Event, KernelTime},
    identity::{self, Processes, ReverseNames, WorkloadRules, engines::Engines},
    privileges::{self, Role},
    receive::{CgroupChange, Losses, Receiver},
    track::{self, Outlets, RecordSink, Tracker},
};

/// Records are handed to history in batches of about this many, so that its lock is taken rarely.
const BATCH: usize = 512;

/// Longest sleep while nothing happens.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// How often losses are read and the clocks compared.
const HOUSEKEEPING: u64 = 1_000_000_000;

/// What the pipeline needs to know beside its receiver.
pub(super) struct Settings {
    pub(super) node: Arc<str>,
    /// Confines names to this part of the cgroup hierarchy.
    pub(super) cgroup: Option<PathBuf>,
    /// What the Kubernetes API tells, where there is one.
    pub(super) kubernetes: Option<Directory>,
    /// Workloads by hand.
    pub(super) rules: WorkloadRules,
    /// DNS servers that are believed for every connection of the node.
    pub(super) resolvers: Vec<IpAddr>,
    /// Whether command lines are kept, without their secrets.
    pub(super) keeps_arguments: bool,
    /// What containers' engines tell, where they are asked.
    pub(super) engines: Option<Engines>,
    /// Names of addresses, where they are looked up.
    pub(super) reverse: Option<ReverseNames>,
}

/// The thread, which waits for what it works with: it has to be started while the process has its rights.
pub(super) struct Waiting {
    work: SyncSender<Pipeline>,
    thread: JoinHandle<()>,
}

impl Waiting {
    /// Starts the thread. Once it works it ends after `stop` is set, when it has read what the rings still hold.
    pub(super) fn start(is_confined: bool, stop: Arc<AtomicBool>) -> io::Result<Self> {
        let (work, waiting) = sync_channel::<Pipeline>(1);
        let thread = thread::Builder::new().name("pipeline".to_owned()).spawn(move || {
            privileges::confine_or_warn(Role::Pipeline { is_confined });
            if let Ok(pipeline) = waiting.recv() {
                pipeline.run(&stop);
            }
        })?;
        Ok(Self { work, thread })
    }

    /// Has it work.
    pub(super) fn work(
        self,
        receiver: Receiver,
        history: Arc<History>,
        settings: Settings,
        gauges: Arc<Gauges>,
    ) -> JoinHandle<()> {
        // Where the thread is gone, the caller hears of it from the handle.
        let _ = self.work.send(Pipeline::new(receiver, history, settings, gauges));
        self.thread
    }
}

struct Pipeline {
    receiver: Receiver,
    tracker: Tracker<Processes>,
    capture: Kernel,
    history: Arc<History>,
    gauges: Arc<Gauges>,
    batch: Vec<Record>,
    losses: Losses,
    next_housekeeping: KernelTime,
}

impl Pipeline {
    fn new(receiver: Receiver, history: Arc<History>, settings: Settings, gauges: Arc<Gauges>) -> Self {
        let anchor = clock::anchor();
        let options = track::Options {
            whole_node: settings.cgroup.is_none(),
            ..track::Options::whole_node(anchor.wall.0.unsigned_abs())
        };
        let identity = Processes::new(identity::Options {
            kubernetes: settings.kubernetes,
            rules: settings.rules,
            arguments: settings.keeps_arguments,
            resolvers: settings.resolvers,
            engines: settings.engines,
            ..identity::Options::new(&*settings.node, settings.cgroup)
        });
        let mut tracker = Tracker::new(identity, options, anchor);
        if let Some(names) = settings.reverse {
            tracker.set_reverse_names(names);
        }
        Self {
            capture: Kernel::new(&receiver),
            tracker,
            receiver,
            history,
            gauges,
            batch: Vec::with_capacity(2 * BATCH),
            losses: Losses::default(),
            next_housekeeping: KernelTime(0),
        }
    }

    fn run(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            self.turn();
            self.receiver.wait(LONGEST_WAIT);
        }
        self.turn();
        let mut sink = Sink { history: &self.history, gauges: &self.gauges, batch: &mut self.batch };
        self.tracker.flush(&mut Outlets { records: &mut sink, capture: &mut self.capture });
        sink.flush();
        self.receiver.end();
    }

    /// Reads what there is, and does what is due.
    fn turn(&mut self) {
        let Self { receiver, tracker, capture, history, gauges, batch, .. } = self;
        let mut sink = Sink { history, gauges, batch };
        let mut buffers = 0;
        receiver.poll(&mut |event| {
            buffers += u64::from(matches!(event, Event::TcpSegment(_)));
            tracker.handle(&event, &mut Outlets { records: &mut sink, capture });
        });
        gauges.add_buffers(buffers);
        let now = clock::kernel_now();
        tracker.sweep(now, &mut Outlets { records: &mut sink, capture });
        sink.flush();
        let complete = tracker.complete(receiver.read_until(), receiver.counted_until());
        history.complete_until(complete.events, complete.counters);
        self.watch_cgroup();
        if now >= self.next_housekeeping {
            self.next_housekeeping = KernelTime(now.0 + HOUSEKEEPING);
            self.keep_house();
        }
    }

    /// Says so where the control group that is observed is gone or was made again.
    fn watch_cgroup(&mut self) {
        let Some(change) = self.receiver.cgroup_change() else { return };
        let now = clock::anchor().wall;
        match change {
            CgroupChange::Lost(why) => {
                warn!("nothing is observed: {why}");
                self.history.blind_from(now, &format!("nothing was observed: {why}"));
                self.gauges.set_blind(Some(why));
            }
            CgroupChange::Regained(unobserved) => {
                let milliseconds = unobserved.as_millis().max(1);
                info!(milliseconds, "the control group was made again, and is observed");
                let why = format!(
                    "the control group was removed and made again: what was in it for the first {milliseconds} ms was not observed"
                );
                let began = now.0.saturating_sub(i64::try_from(unobserved.as_nanos()).unwrap_or(i64::MAX));
                self.history.blind_from(Timestamp(began), &why);
                self.history.observes_from(now);
                self.gauges.set_blind(None);
            }
        }
    }

    fn keep_house(&mut self) {
        // Wall clocks are set and slewed; the kernel's is not.
        let anchor = clock::anchor();
        self.tracker.set_anchor(anchor);
        self.gauges.set_connections(self.tracker.open_flows() as u64);
        let losses = self.receiver.losses();
        for (stage, events, bytes) in by_stage(losses - self.losses) {
            self.history.record_loss(stage, anchor.wall, events);
            self.history.record_lost_bytes(stage, anchor.wall, bytes);
            self.gauges.add_lost(stage, events, bytes);
        }
        self.losses = losses;
    }
}

/// Events and the payload bytes that were in them.
fn by_stage(losses: Losses) -> [(LossStage, u64, u64); 4] {
    [
        (LossStage::KernelRing, losses.control_ring + losses.data_ring, losses.data_ring_bytes),
        (LossStage::KernelMap, losses.sockets_full + losses.conversations_full + losses.drops_full, 0),
        (LossStage::Decoder, losses.read_fault + losses.undecodable, 0),
        (LossStage::Tracker, losses.undecided, losses.undecided_bytes),
    ]
}

/// Gathers records, and hands them to history a batch at a time.
struct Sink<'a> {
    history: &'a History,
    gauges: &'a Gauges,
    batch: &'a mut Vec<Record>,
}

impl Sink<'_> {
    fn flush(&mut self) {
        if !self.batch.is_empty() {
            self.history.append_all(self.batch);
            self.batch.clear();
        }
    }
}

impl RecordSink for Sink<'_> {
    fn record(&mut self, record: Record) {
        self.batch.push(record);
        if self.batch.len() >= BATCH {
            self.flush();
        }
    }

    fn loss(&mut self, stage: LossStage, time: Timestamp, events: u64) {
        self.history.record_loss(stage, time, events);
        self.gauges.add_lost(stage, events, 0);
    }

    fn missed(&mut self, time: Timestamp, bytes: u64) {
        self.history.record_lost_bytes(LossStage::Tracker, time, bytes);
        self.gauges.add_lost(LossStage::Tracker, 0, bytes);
    }

    fn unread(&mut self, kind: UnreadKind, time: Timestamp, count: u64) {
        self.history.record_unread(kind, time, count);
    }
}
