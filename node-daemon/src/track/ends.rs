//! Who the two ends of a flow are: own names, the other end's names where it is here too, the name that was asked for.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use goldwire_l7::{Proxied, TlsHandshake};
use goldwire_model::record::{ConnectionId, Endpoint, Ends, Reporter, Text};

use crate::{
    decode::{KernelTime, Role},
    identity::{Identity, IdentityLookup},
};

use super::{
    dns_names::Client,
    endpoints::{End, Endpoints},
    flow::{About, Flow, FlowKey, Stage, Totals},
    join::{Candidate, Tuple},
    late_answers::LateAnswers,
    leaving::Leaving,
    stream_offset::StreamOffset,
    tracker::Tracker,
    traffic::{Interest, Traffic},
};

/// A flow as it begins.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) key: FlowKey,
    pub(super) reporter: Reporter,
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) identity: Option<Arc<Identity>>,
    pub(super) time: KernelTime,
}

impl<I: IdentityLookup> Tracker<I> {
    pub(super) fn open(&mut self, opening: Opening) -> Flow {
        let Opening { key, reporter, local, remote, identity, time } = opening;
        let dns = match reporter {
            Reporter::Client => self.asked_name(identity.as_deref(), remote, time),
            Reporter::Server => None,
        };
        let destination = match reporter {
            Reporter::Client => remote,
            Reporter::Server => local,
        };
        let service = self.identity.service(destination, key.transport(), self.wall(time));
        let about = About { connection: self.next_connection(), ends: self.unknown_ends(key, reporter, local, remote) };
        let mut flow = Flow {
            about,
            local,
            remote,
            seen_at: None,
            identity,
            owner_is_final: false,
            dns,
            service,
            proxied: None,
            is_compressed: false,
            upgraded: None,
            tuple: None,
            peer: None,
            opened: time,
            established: time,
            adopted: false,
            missing: None,
            stage: Stage::Established,
            state: None,
            connect_latency: None,
            reported: Totals::default(),
            counted: time,
            rtt: None,
            rtt_min: None,
            streams: [StreamOffset::default(); 2],
            firsts: None,
            skip_told: [0; 2],
            traffic: Traffic::default(),
            interest: Interest::Undecided,
            since_wish: 0,
            waits: false,
            protocol: None,
            tls: TlsHandshake::default(),
            tls_latency_is_told: false,
            hello: None,
            inner: None,
            leaving: Leaving::default(),
            late: LateAnswers::default(),
            is_dropped: false,
        };
        flow.name_ends(&mut self.endpoints, None, self.options.whole_node);
        flow
    }

    pub(super) fn asked_name(
        &mut self,
        identity: Option<&Identity>,
        remote: SocketAddr,
        now: KernelTime,
    ) -> Option<Text> {
        let client = Client {
            pid: identity.map(|identity| identity.pid),
            workload: identity.map(|identity| &identity.workload),
        };
        self.shared.names.name(client, remote.ip(), now)
    }

    /// Names of the answers that came since the last call, for those whose configuration has the server.
    pub(super) fn learn_names(&mut self) {
        if !self.shared.names.has_answers() {
            return;
        }
        for (answered, now) in self.shared.names.answers() {
            let names_for = self.identity.names_for(answered.server, answered.pid, now);
            self.shared.names.learn(&answered, names_for, now);
        }
    }

    fn unknown_ends(&mut self, key: FlowKey, reporter: Reporter, local: SocketAddr, remote: SocketAddr) -> Ends {
        let (source, destination) = match reporter {
            Reporter::Client => (local, remote),
            Reporter::Server => (remote, local),
        };
        Ends {
            source: self.endpoints.unknown(source.ip()),
            source_port: source.port(),
            destination: self.endpoints.unknown(destination.ip()),
            destination_port: destination.port(),
            transport: key.transport(),
            reporter,
            role_is_guess: false,
            joined: false,
            pairing: None,
        }
    }

    /// The flow's own process became known, or changed: both ends' records say so.
    pub(super) fn rename(&mut self, key: FlowKey) {
        let Some(flow) = self.flows.peek(&key) else { return };
        let (peer_key, own) = (flow.peer, flow.identity.clone());
        let peer = peer_key.and_then(|peer| self.flows.peek(&peer)).map(|peer| peer.identity.clone());
        let seen_whole = self.options.whole_node;
        if let Some(flow) = self.flows.peek_mut(&key) {
            flow.name_ends(&mut self.endpoints, peer.as_ref(), seen_whole);
        }
        if let Some(peer) = peer_key.and_then(|peer| self.flows.peek_mut(&peer)) {
            peer.name_ends(&mut self.endpoints, Some(&own), seen_whole);
        }
    }

    /// A proxy said whose connection it passes on: both ends' records say so.
    pub(super) fn name_proxied(&mut self, key: FlowKey, proxied: Proxied) {
        let peer = self.flows.peek(&key).and_then(|flow| flow.peer);
        for key in [Some(key), peer].into_iter().flatten() {
            if let Some(flow) = self.flows.peek_mut(&key) {
                flow.proxied = Some(proxied);
            }
        }
        self.rename(key);
    }

    /// Its process may have been met before the API told of its pod, or the engine of its container.
    pub(super) fn name_late(&mut self, key: FlowKey, now: KernelTime) {
        self.name_addresses(key);
        let identity = self.flows.peek(&key).and_then(|flow| flow.identity.as_ref());
        let Some(pid) = identity.filter(|identity| identity.awaits_names).map(|identity| identity.pid) else { return };
        let named = self.identity.process(pid, now);
        let Some(flow) = self.flows.peek_mut(&key) else { return };
        if named.is_some() && named != flow.identity {
            flow.identity = named;
            self.rename(key);
        }
    }

    /// The reverse DNS may have told of an address since the flow's ends were named.
    pub(super) fn name_addresses(&mut self, key: FlowKey) {
        let Some(flow) = self.flows.peek(&key) else { return };
        let Ends { source, destination, .. } = &flow.about.ends;
        if self.endpoints.has_learned(source) || self.endpoints.has_learned(destination) {
            self.rename(key);
        }
    }

    /// Makes the flow known by its addresses, and joins it with its other end where that is here.
    pub(super) fn index(&mut self, key: FlowKey, now: KernelTime) {
        let Some(flow) = self.flows.peek_mut(&key).filter(|flow| flow.peer.is_none()) else { return };
        let local = flow.seen_at.unwrap_or(flow.local);
        let tuple = Tuple { local, remote: flow.remote, udp: matches!(key, FlowKey::Udp(_)) };
        if let Some(before) = flow.tuple.replace(tuple) {
            self.tuples.remove(before, key);
        }
        let candidate = Candidate { key, tuple, opened: now, pairing: flow.about.ends.pairing };
        for doubtful in self.tuples.insert(candidate) {
            self.part(doubtful);
        }
        if let Some(peer) = self.tuples.join(candidate) {
            self.join(key, peer);
        }
    }

    /// It is not certain any more that the other end is that flow's.
    pub(super) fn part(&mut self, key: FlowKey) {
        let connection = self.next_connection();
        let Some(flow) = self.flows.peek_mut(&key) else { return };
        flow.peer = None;
        flow.about.ends.joined = false;
        if flow.stage != Stage::Reported {
            flow.about.connection = connection;
        }
        self.rename(key);
    }

    /// Both ends get one id, each other's names, and what the client had asked for.
    pub(super) fn join(&mut self, key: FlowKey, peer_key: FlowKey) {
        let (Some(flow), Some(peer)) = (self.flows.peek(&key), self.flows.peek(&peer_key)) else { return };
        let (connection, pairing) = (flow.shared_id(peer), peer.about.ends.pairing.or(flow.about.ends.pairing));
        let dns = flow.dns.clone().or_else(|| peer.dns.clone());
        let service = self.meet(key, peer_key);
        for (own, other) in [(key, peer_key), (peer_key, key)] {
            if let Some(flow) = self.flows.peek_mut(&own) {
                flow.peer = Some(other);
                flow.about.ends.joined = true;
                flow.about.connection = connection.unwrap_or(flow.about.connection);
                flow.about.ends.pairing = flow.about.ends.pairing.or(pairing);
                (flow.dns, flow.service) = (dns.clone(), service.clone());
            }
        }
        self.rename(key);
    }

    /// Has each end know where the other really is, whatever addresses it sees. What the client asked for, where that is not
    /// where the server is and it has no better name.
    fn meet(&mut self, key: FlowKey, peer_key: FlowKey) -> Option<Text> {
        let (flow, peer) = (self.flows.peek(&key)?, self.flows.peek(&peer_key)?);
        let (client, server) = if flow.is_client() { (flow, peer) } else { (peer, flow) };
        let (client_at, server_at, asked) = (client.local, server.local, client.remote);
        let named = client.service.clone().or_else(|| server.service.clone());
        let (client_key, server_key) = if flow.is_client() { (key, peer_key) } else { (peer_key, key) };
        self.flows.peek_mut(&client_key)?.remote = server_at;
        self.flows.peek_mut(&server_key)?.remote = client_at;
        named.or_else(|| (asked != server_at).then(|| self.shared.texts.share(&asked.to_string())))
    }

    /// Which end an adopted socket is, and whether that is a guess: whoever has a listener is the server, else the end with the
    /// lower port seems to be, which both ends see alike.
    pub(super) fn reporter(&mut self, role: Role, local: SocketAddr, remote: SocketAddr) -> (Reporter, bool) {
        match role {
            Role::Client => (Reporter::Client, false),
            Role::Server => (Reporter::Server, false),
            Role::Unknown if self.listeners.listens(local) => (Reporter::Server, false),
            Role::Unknown if local.port() < remote.port() => (Reporter::Server, true),
            Role::Unknown => (Reporter::Client, true),
        }
    }
}

impl Flow {
    /// Writes what is known of both ends into what the flow's records say. `other` is who works at the other end, where
    /// that is here too; without it an end that was joined once keeps the names it had.
    fn name_ends(&mut self, endpoints: &mut Endpoints, other: Option<&Option<Arc<Identity>>>, seen_whole: bool) {
        let own = endpoints.endpoint(&self.own_end());
        self.place_own(own);
        if self.about.ends.joined && other.is_none() {
            return;
        }
        let local = other.is_some() || (seen_whole && self.remote.ip().is_loopback());
        let other = endpoints.endpoint(&self.other_end(other.and_then(Option::as_ref), local));
        self.place_other(other);
    }

    /// The id that both ends of a connection have from now on. Under one that was reported it will end; where both were, each
    /// keeps its own.
    fn shared_id(&self, peer: &Self) -> Option<ConnectionId> {
        match (self.stage == Stage::Reported, peer.stage == Stage::Reported) {
            (true, true) => (self.about.connection == peer.about.connection).then_some(self.about.connection),
            (true, false) => Some(self.about.connection),
            (false, _) => Some(peer.about.connection),
        }
    }

    fn own_end(&self) -> End<'_> {
        let (dns, service) = if self.is_client() { (None, None) } else { self.asked() };
        let proxied = self.proxied_end(self.is_client());
        End { address: self.local.ip(), local: true, identity: self.identity.as_ref(), dns, service, proxied }
    }

    fn other_end<'a>(&'a self, identity: Option<&'a Arc<Identity>>, local: bool) -> End<'a> {
        let (dns, service) = if self.is_client() { self.asked() } else { (None, None) };
        End { address: self.remote.ip(), local, identity, dns, service, proxied: self.proxied_end(!self.is_client()) }
    }

    fn proxied_end(&self, is_source: bool) -> Option<IpAddr> {
        self.proxied.map(|proxied| if is_source { proxied.source } else { proxied.destination })
    }

    /// How the client had asked for the destination.
    fn asked(&self) -> (Option<&Text>, Option<&Text>) {
        (self.dns.as_ref(), self.service.as_ref())
    }

    fn place_own(&mut self, own: Arc<Endpoint>) {
        let (ends, port) = (&mut self.about.ends, self.local.port());
        match ends.reporter {
            Reporter::Client => (ends.source, ends.source_port) = (own, port),
            Reporter::Server => (ends.destination, ends.destination_port) = (own, port),
        }
    }

    fn place_other(&mut self, other: Arc<Endpoint>) {
        let (ends, port) = (&mut self.about.ends, self.remote.port());
        match ends.reporter {
            Reporter::Client => (ends.destination, ends.destination_port) = (other, port),
            Reporter::Server => (ends.source, ends.source_port) = (other, port),
        }
    }
}
