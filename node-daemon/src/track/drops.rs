//! Dropped packets, with the names of both ends where they are known.

use std::net::SocketAddr;

use goldwire_model::record::{DropRecord, Ends, Record, Reporter, Text, Transport};

use lru::LruCache;
use rustc_hash::FxBuildHasher;

use crate::{
    decode::{KernelTime, PacketsDropped},
    identity::IdentityLookup,
};

use super::{
    endpoints::End,
    flow::{Flow, FlowKey, Stage},
    join::Tuple,
    outlets::Outlets,
    tracker::Tracker,
};

const TCP: u8 = 6;
const UDP: u8 = 17;

/// Reasons of the kernel that are of its table of neighbours.
const NEIGHBOUR: &str = "NEIGH_";
/// Addresses of which a drop is remembered.
const REMEMBERED: usize = 4_096;

/// When packets of TCP were last dropped that belong to no open connection: those of attempts among them, whose own port is known
/// at their end only.
#[derive(Debug)]
pub(super) struct DroppedAttempts(LruCache<Tuple, KernelTime, FxBuildHasher>);

impl DroppedAttempts {
    pub(super) fn new() -> Self {
        Self(LruCache::unbounded_with_hasher(FxBuildHasher))
    }

    fn note(&mut self, tuple: Tuple, time: KernelTime) {
        self.0.put(tuple, time);
        if self.0.len() > REMEMBERED {
            self.0.pop_lru();
        }
    }

    fn is_since(&self, tuple: Tuple, opened: KernelTime) -> bool {
        self.0.peek(&tuple).is_some_and(|dropped| *dropped >= opened)
    }
}

impl<I: IdentityLookup> Tracker<I> {
    /// Whether packets of an attempt were dropped, now that its own address is known.
    pub(super) fn was_dropped(&self, flow: &Flow, local: SocketAddr) -> bool {
        let tuple = Tuple { local, remote: flow.remote, udp: false };
        [tuple, tuple.mirrored()].into_iter().any(|tuple| self.dropped.is_since(tuple, flow.opened))
    }

    pub(super) fn packets_dropped(&mut self, event: &PacketsDropped<'_>, out: &mut Outlets<'_>) {
        let flow = self.flow_of_dropped(event);
        match flow.filter(|key| self.flows.peek(key).is_some_and(|flow| flow.stage != Stage::Connecting)) {
            Some(key) => self.mark_dropped(key),
            // A SYN that waits for the address of a neighbour who does not answer is dropped because the attempt fails.
            None if event.protocol == TCP && !event.reason.starts_with(NEIGHBOUR) => {
                let tuple = Tuple { local: event.source, remote: event.destination, udp: false };
                self.dropped.note(tuple, event.time);
            }
            None => {}
        }
        let ends = self.ends_of_dropped(flow, event);
        let place = (!event.place.is_empty()).then(|| self.shared.texts.share(event.place));
        let reason: Text = self.shared.texts.share(event.reason);
        let time = self.wall(event.time);
        out.records.record(Record::Drop(DropRecord {
            time,
            ends,
            reason,
            place,
            count: event.count,
            bytes: event.bytes,
        }));
    }

    /// A drop is seen once on a node, so it is never one of two reports.
    fn ends_of_dropped(&mut self, flow: Option<FlowKey>, event: &PacketsDropped<'_>) -> Ends {
        match flow.and_then(|key| self.flows.peek(&key)) {
            Some(flow) => {
                let ends = Ends { joined: false, ..flow.about.ends.clone() };
                // The port of an attempt may not have been known when it was announced; the packet has it.
                let source_port = if ends.source_port == 0 { event.source.port() } else { ends.source_port };
                Ends { source_port, ..ends }
            }
            None => self.ends_without_flow(event),
        }
    }

    /// The next reports of both ends say so.
    fn mark_dropped(&mut self, key: FlowKey) {
        let Some(flow) = self.flows.peek_mut(&key) else { return };
        flow.is_dropped = true;
        if let Some(peer) = flow.peer.and_then(|peer| self.flows.peek_mut(&peer)) {
            peer.is_dropped = true;
        }
    }

    fn flow_of_dropped(&self, event: &PacketsDropped<'_>) -> Option<FlowKey> {
        let tuple = Tuple { local: event.source, remote: event.destination, udp: event.protocol == UDP };
        let by_tuple = || self.tuples.find(tuple).or_else(|| self.tuples.find(tuple.mirrored()));
        let attempt =
            || self.connecting.get(&event.destination).or_else(|| self.connecting.get(&event.source)).copied();
        match event.protocol {
            TCP => by_tuple().or_else(|| attempt().filter(|key| self.is_attempt_of(*key, event))),
            UDP => by_tuple(),
            _ => None,
        }
    }

    /// The local port of an attempt may not be known yet.
    fn is_attempt_of(&self, key: FlowKey, event: &PacketsDropped<'_>) -> bool {
        self.flows.peek(&key).is_some_and(|flow| {
            let own = if flow.remote == event.destination { event.source } else { event.destination };
            let port_fits = flow.local.port() == 0 || flow.local.port() == own.port();
            port_fits && (flow.local.ip() == own.ip() || flow.local.ip().is_unspecified())
        })
    }

    /// As the packet says, turned round where it went from a listener to its client.
    fn ends_without_flow(&mut self, event: &PacketsDropped<'_>) -> Ends {
        let transport = match event.protocol {
            TCP => Transport::Tcp,
            UDP => Transport::Udp,
            other => Transport::Other(other),
        };
        let from_server = transport == Transport::Tcp
            && self.listeners.listens(event.source)
            && !self.listeners.listens(event.destination);
        let (source, destination) =
            if from_server { (event.destination, event.source) } else { (event.source, event.destination) };
        let server_pid = if transport == Transport::Tcp { self.listeners.owner(destination) } else { None };
        let identity = server_pid.and_then(|pid| self.identity.process(pid, event.time));
        let server = End { local: identity.is_some(), identity: identity.as_ref(), ..End::unknown(destination.ip()) };
        Ends {
            source: self.endpoints.endpoint(&self.loopback_or_unknown(source)),
            source_port: source.port(),
            destination: self.endpoints.endpoint(&server),
            destination_port: destination.port(),
            transport,
            reporter: if identity.is_some() { Reporter::Server } else { Reporter::Client },
            role_is_guess: false,
            joined: false,
            pairing: None,
        }
    }

    fn loopback_or_unknown(&self, address: SocketAddr) -> End<'static> {
        let local = self.options.whole_node && address.ip().is_loopback();
        End { local, ..End::unknown(address.ip()) }
    }
}
