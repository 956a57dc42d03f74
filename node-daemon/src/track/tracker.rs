//! The tracker's state, and which event goes where.

use std::collections::VecDeque;

use goldwire_answer::coverage::{LossStage, UnreadKind};
use goldwire_model::{
    record::{ConnectionId, Record, SaturationRecord},
    time::Timestamp,
};
use lru::LruCache;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::{
    decode::{Event, KernelTime},
    identity::{IdentityLookup, ReverseNames},
};

use super::{
    anchor::Anchor,
    drops::DroppedAttempts,
    endpoints::Endpoints,
    exchanges::Shared,
    flow::{Flow, FlowKey},
    held::Held,
    join::Tuples,
    lingering::LingeringFlows,
    listeners::Listeners,
    outlets::Outlets,
    questions::Questions,
    sessions::Sessions,
};

/// What the tracker is told once.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections and conversations followed at a time. The one longest without an event goes first.
    pub flows: usize,
    /// The daemon sees every socket of the machine, so that whatever is at a loopback address is known here or not at all.
    pub whole_node: bool,
    /// Connections are numbered from here. The wall clock's nanoseconds at the start serve: numbers never come again then.
    pub first_connection: u64,
}

impl Options {
    /// For a daemon that sees the whole machine.
    #[must_use]
    pub const fn whole_node(first_connection: u64) -> Self {
        Self { flows: 65_536, whole_node: true, first_connection }
    }
}

/// Follows connections, conversations and processes.
#[derive(Debug)]
pub struct Tracker<I> {
    pub(super) identity: I,
    pub(super) options: Options,
    pub(super) shared: Shared,
    pub(super) flows: LruCache<FlowKey, Flow, FxBuildHasher>,
    pub(super) tuples: Tuples,
    /// The latest attempt at each remote address, whose local port may not be known yet.
    pub(super) connecting: FxHashMap<std::net::SocketAddr, FlowKey>,
    pub(super) listeners: Listeners,
    pub(super) endpoints: Endpoints,
    pub(super) held: Held,
    pub(super) sessions: Sessions,
    pub(super) questions: Questions,
    pub(super) lingering: LingeringFlows,
    pub(super) dropped: DroppedAttempts,
    /// Established, and not reported yet.
    pub(super) fresh: VecDeque<(FlowKey, KernelTime)>,
    /// The same of conversations over UDP.
    pub(super) fresh_conversations: VecDeque<(FlowKey, KernelTime)>,
    /// Flows on which something is held or waited for.
    pub(super) waiting: Vec<FlowKey>,
    /// Open sessions that are compressed.
    pub(super) compressed: u64,
    pub(super) last_connection: u64,
    pub(super) last_sweep: KernelTime,
    /// The last but one and the last [`TcpCounted`](crate::decode::TcpCounted).
    pub(super) counted: [KernelTime; 2],
}

impl<I: IdentityLookup> Tracker<I> {
    /// A tracker that knows nothing yet.
    #[must_use]
    pub fn new(identity: I, options: Options, anchor: Anchor) -> Self {
        let endpoints = Endpoints::new(identity.node().clone());
        Self {
            identity,
            options,
            shared: Shared::new(anchor),
            flows: LruCache::unbounded_with_hasher(FxBuildHasher),
            tuples: Tuples::default(),
            connecting: FxHashMap::default(),
            listeners: Listeners::new(),
            endpoints,
            held: Held::default(),
            sessions: Sessions::new(),
            questions: Questions::new(),
            lingering: LingeringFlows::default(),
            dropped: DroppedAttempts::new(),
            fresh: VecDeque::new(),
            fresh_conversations: VecDeque::new(),
            waiting: Vec::new(),
            compressed: 0,
            last_connection: options.first_connection,
            last_sweep: KernelTime(0),
            counted: [KernelTime(0); 2],
        }
    }

    /// The clocks were compared again.
    pub fn set_anchor(&mut self, anchor: Anchor) {
        self.shared.anchor = anchor;
    }

    /// From now on, ends that nobody asked for by name have the name that the reverse DNS has for their address.
    pub fn set_reverse_names(&mut self, names: ReverseNames) {
        self.endpoints.set_reverse_names(names);
    }

    /// Connections and conversations that are followed now.
    #[must_use]
    pub fn open_flows(&self) -> usize {
        self.flows.len()
    }

    /// Names of processes.
    pub fn identity_mut(&mut self) -> &mut I {
        &mut self.identity
    }

    /// Takes one event.
    pub fn handle(&mut self, event: &Event<'_>, out: &mut Outlets<'_>) {
        self.take(event, out);
        self.learn_names();
    }

    fn take(&mut self, event: &Event<'_>, out: &mut Outlets<'_>) {
        match event {
            Event::TcpSegment(event) => self.segment(event, out),
            Event::Plaintext(event) => self.plaintext(event, out),
            Event::Datagram(event) => self.datagram(event, out),
            Event::PlaintextSession(event) => self.plaintext_session(event),
            Event::PlaintextEnded(event) => self.plaintext_ended(event, out),
            Event::TcpConnecting(event) => self.connecting(event, out),
            Event::TcpEstablished(event) => self.established(event, out),
            Event::TcpTranslated(event) => self.translated(FlowKey::Tcp(event.cookie), event.remote, event.time),
            Event::ConversationTranslated(event) => self.conversation_translated(event),
            Event::TcpAdopted(event) => self.adopted(event, out),
            Event::TcpBeginning(event) => self.beginning(event, out),
            Event::TcpListening(event) => self.listeners.opened(event.local, event.cookie, event.owner_pid),
            Event::TcpCounters(event) => self.counted(event, out),
            Event::TcpCounted(event) => self.all_counted(event),
            Event::TcpOpen(event) => self.tcp_open(event, out),
            Event::TcpClosed(event) => self.closed(event, out),
            Event::SocketOwned(event) => self.owned(event, out),
            Event::ConversationOpened(event) => self.conversation_opened(event, out),
            Event::ConversationCounters(event) => self.conversation_counted(event, out),
            Event::ConversationClosed(event) => self.conversation_closed(event, out),
            Event::PacketsDropped(event) => self.packets_dropped(event, out),
            Event::ProcessForked(event) => self.identity.forked(event),
            Event::ProcessExecuted(event) => self.executed(event, out),
            Event::ProcessExited(event) => self.exited(event, out),
            Event::Saturation(event) => out.records.record(Record::Saturation(SaturationRecord {
                time: self.shared.anchor.wall(event.time),
                accept_queue_overflows: event.accept_queue_overflows,
                zero_windows: event.zero_windows,
            })),
            Event::UnixSockets(event) => {
                out.records.unread(UnreadKind::UnixSockets, self.shared.anchor.wall(event.time), event.connections);
            }
        }
    }

    pub(super) fn wall(&self, time: KernelTime) -> Timestamp {
        self.shared.anchor.wall(time)
    }

    pub(super) fn next_connection(&mut self) -> ConnectionId {
        self.last_connection += 1;
        ConnectionId(self.last_connection)
    }

    /// Takes a flow in, and lets the one longest without an event go where there are too many.
    pub(super) fn insert(&mut self, key: FlowKey, flow: Flow, now: KernelTime, out: &mut Outlets<'_>) {
        if let Some(before) = self.flows.put(key, flow) {
            self.forget(key, &before);
        }
        while self.flows.len() > self.options.flows {
            let Some((key, flow)) = self.flows.pop_lru() else { return };
            self.forget(key, &flow);
            out.records.loss(LossStage::Tracker, self.shared.anchor.wall(now), 1 + flow.late.len() as u64);
        }
    }

    /// Takes a flow out of every index.
    pub(super) fn forget(&mut self, key: FlowKey, flow: &Flow) {
        if let Some(tuple) = flow.tuple {
            self.tuples.remove(tuple, key);
        }
        self.compressed -= u64::from(flow.is_compressed);
        if let Some(hello) = &flow.hello {
            self.sessions.forget_hello(&hello.random, key);
        }
        if self.connecting.get(&flow.remote) == Some(&key) {
            self.connecting.remove(&flow.remote);
        }
        let Some(peer_key) = flow.peer else { return };
        if let Some(peer) = self.flows.peek_mut(&peer_key) {
            peer.peer = None;
            if let Some(tuple) = peer.tuple {
                self.tuples.part(tuple, peer_key);
            }
        }
    }
}
