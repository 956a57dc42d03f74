//! The life of a TCP connection.

use std::{net::SocketAddr, sync::Arc};

use goldwire_l7::{Closing, Direction};
use goldwire_model::record::{ConnectionId, FlowEvent, Protocol, Reporter, TcpState};

use crate::{
    decode::{
        KernelTime, Role, SocketOwned, SocketState, TcpAdopted, TcpClosed, TcpConnecting, TcpCounted, TcpEstablished,
        TcpReport,
    },
    identity::{Identity, IdentityLookup},
};

use super::{
    ending::{ending, was_never_a_connection},
    ends::Opening,
    exchanges::Exchanges,
    flow::{Flow, FlowKey, Stage, Totals},
    held::Owner,
    leaving::closing,
    outlets::Outlets,
    pairing::Firsts,
    report::Report,
    stream_offset::StreamOffset,
    tracker::Tracker,
    traffic::Traffic,
};

/// Of [`TcpClosed::tcp_flags`].
const SYN: u8 = 0x02;

impl<I: IdentityLookup> Tracker<I> {
    pub(super) fn connecting(&mut self, event: &TcpConnecting, out: &mut Outlets<'_>) {
        let key = FlowKey::Tcp(event.cookie);
        let identity = Some(self.identity.owner(&event.owner, event.time));
        let (local, remote) = (event.addresses.local, event.addresses.remote);
        let opening = Opening { key, reporter: Reporter::Client, local, remote, identity, time: event.time };
        let mut flow = self.open(opening);
        flow.owner_is_final = true;
        flow.stage = Stage::Connecting;
        flow.state = Some(TcpState::SynSent);
        self.insert(key, flow, event.time, out);
        self.connecting.insert(remote, key);
        if self.connecting.len() > self.options.flows {
            self.connecting.clear();
        }
    }

    pub(super) fn established(&mut self, event: &TcpEstablished, out: &mut Outlets<'_>) {
        let key = FlowKey::Tcp(event.cookie);
        let stage = self.flows.peek(&key).map(|flow| flow.stage);
        if matches!(stage, Some(Stage::Established | Stage::Reported)) {
            return;
        }
        if stage.is_none() {
            let flow = self.open_established(event);
            self.insert(key, flow, event.time, out);
        }
        let Some(flow) = self.flows.peek_mut(&key) else { return };
        flow.local = event.addresses.local;
        flow.established = event.time;
        flow.stage = Stage::Established;
        flow.state = Some(TcpState::Established);
        flow.connect_latency = event.connect_latency;
        flow.streams[crate::decode::Direction::Egress as usize] = StreamOffset::from(event.first_sent);
        flow.streams[crate::decode::Direction::Ingress as usize] = StreamOffset::from(event.first_received);
        flow.begins_with(Firsts { sent: event.first_sent, received: event.first_received }, flow.is_client());
        let remote = flow.remote;
        if self.connecting.get(&remote) == Some(&key) {
            self.connecting.remove(&remote);
        }
        self.rename(key);
        self.index(key, event.time);
        self.fresh.push_back((key, event.time));
        self.deliver_held(key, Owner::Socket(event.cookie), out);
        self.deliver_held(key, Owner::Accepted(event.addresses), out);
    }

    /// A connection whose beginning was not told. At a server, who listens is a first guess at who will serve it.
    fn open_established(&mut self, event: &TcpEstablished) -> Flow {
        let (local, remote) = (event.addresses.local, event.addresses.remote);
        let (reporter, role_is_guess) = self.reporter(event.role, local, remote);
        let pid = match reporter {
            Reporter::Client => event.owner_pid,
            Reporter::Server => event.owner_pid.or_else(|| self.listeners.owner(local)),
        };
        let identity = pid.and_then(|pid| self.identity.process(pid, event.time));
        let key = FlowKey::Tcp(event.cookie);
        let mut flow = self.open(Opening { key, reporter, local, remote, identity, time: event.time });
        flow.owner_is_final = event.owner_pid.is_some();
        flow.about.ends.role_is_guess = role_is_guess;
        if let Some(latency) = event.connect_latency {
            flow.opened = KernelTime(event.time.0.saturating_sub(latency.as_nanos() as u64));
        }
        flow
    }

    /// The socket asked for a service address, and its packets go to what is behind it.
    pub(super) fn translated(&mut self, key: FlowKey, remote: SocketAddr, time: KernelTime) {
        // Where the other end is here, it is known where the packets arrive.
        let Some(flow) = self.flows.peek_mut(&key).filter(|flow| flow.peer.is_none()) else { return };
        if flow.remote == remote {
            return;
        }
        let asked = std::mem::replace(&mut flow.remote, remote);
        if flow.service.is_none() {
            flow.service = Some(self.shared.texts.share(&asked.to_string()));
        }
        let (is_established, dns_is_known) = (flow.stage != Stage::Connecting, flow.dns.is_some());
        let identity = flow.identity.clone();
        if !dns_is_known {
            let dns = self.asked_name(identity.as_deref(), remote, time);
            if let Some(flow) = self.flows.peek_mut(&key) {
                flow.dns = dns;
            }
        }
        if self.connecting.get(&asked) == Some(&key) {
            self.connecting.remove(&asked);
            self.connecting.insert(remote, key);
        }
        self.rename(key);
        if is_established {
            self.index(key, time);
        }
    }

    /// A socket that is older than the daemon. It may be told twice: first by its traffic, then from the kernel's list, which
    /// knows its process and its role. Counters begin with the first.
    pub(super) fn adopted(&mut self, event: &TcpAdopted, out: &mut Outlets<'_>) {
        let key = FlowKey::Tcp(event.cookie);
        let identity = event.owner_pid.and_then(|pid| self.identity.process(pid, event.time));
        let before = self.flows.peek(&key).map(|flow| flow.reported);
        if before.is_some() && !self.may_begin_afresh(key, event.role) {
            self.confirm_role(key, event.role);
            return self.name_adopted(key, identity);
        }
        let (local, remote) = (event.addresses.local, event.addresses.remote);
        let (reporter, role_is_guess) = self.reporter(event.role, local, remote);
        let turned = self.turn_round(key, event.time, out);
        let mut flow = self.open(Opening { key, reporter, local, remote, identity, time: event.time });
        flow.about.connection = turned.unwrap_or(flow.about.connection);
        flow.about.ends.role_is_guess = role_is_guess;
        flow.adopted = true;
        flow.state = Some(TcpState::Established);
        flow.reported = before.unwrap_or_else(|| Totals::from(&event.base));
        flow.take_measures(&event.base);
        self.insert(key, flow, event.time, out);
        self.index(key, event.time);
        self.fresh.push_back((key, event.time));
        self.deliver_held(key, Owner::Socket(event.cookie), out);
    }

    /// Whether an adopted flow's role may be put right: nothing was said of it yet, or only that it is a guess.
    fn may_begin_afresh(&self, key: FlowKey, role: Role) -> bool {
        self.flows.peek(&key).is_some_and(|flow| {
            let is_wrong = role != Role::Unknown && flow.is_client() != (role == Role::Client);
            let is_open = flow.about.ends.role_is_guess || flow.stage == Stage::Established;
            flow.adopted && is_open && is_wrong && matches!(flow.traffic, Traffic::Unseen)
        })
    }

    /// A flow that was reported by a guess goes on with its ends exchanged, as the same connection. As it was, it ends.
    fn turn_round(&mut self, key: FlowKey, time: KernelTime, out: &mut Outlets<'_>) -> Option<ConnectionId> {
        let (time, anchor) = (self.wall(time), self.shared.anchor);
        let flow = self.flows.peek_mut(&key).filter(|flow| flow.stage == Stage::Reported)?;
        flow.report_unseen_end(time, anchor, out.records);
        Some(flow.about.connection)
    }

    /// The role was a guess, and a right one.
    fn confirm_role(&mut self, key: FlowKey, role: Role) {
        if let Some(flow) = self.flows.peek_mut(&key).filter(|_| role != Role::Unknown) {
            flow.about.ends.role_is_guess &= flow.is_client() != (role == Role::Client);
        }
    }

    fn name_adopted(&mut self, key: FlowKey, identity: Option<Arc<Identity>>) {
        let Some(flow) = self.flows.peek_mut(&key).filter(|flow| flow.identity.is_none()) else { return };
        flow.identity = identity;
        self.rename(key);
    }

    pub(super) fn owned(&mut self, event: &SocketOwned, out: &mut Outlets<'_>) {
        let key = FlowKey::Tcp(event.cookie);
        if self.flows.peek(&key).is_none_or(|flow| flow.owner_is_final) {
            return;
        }
        let identity = self.identity.owner(&event.owner, event.time);
        if let Some(flow) = self.flows.peek_mut(&key) {
            flow.identity = Some(identity);
            flow.owner_is_final = true;
            if flow.protocol == Some(Protocol::Tls) {
                out.capture.speaks_tls(event.owner.pid);
            }
        }
        self.rename(key);
    }

    pub(super) fn counted(&mut self, event: &TcpReport, out: &mut Outlets<'_>) {
        self.name_late(FlowKey::Tcp(event.cookie), event.time);
        let Some(flow) = self.flows.get_mut(&FlowKey::Tcp(event.cookie)) else { return };
        flow.take_measures(&event.counters);
        flow.report_start(self.shared.anchor, out.records);
        let totals = Totals::from(&event.counters).furthest(&flow.reported);
        flow.report_update((event.since, event.time), self.shared.anchor, totals, out.records);
    }

    /// Of the sockets that were open then, nothing before is left to report.
    pub(super) fn all_counted(&mut self, event: &TcpCounted) {
        self.counted = [self.counted[1], event.time];
    }

    /// When all sockets were last counted before a moment. What happened before the last time may be told after it.
    fn counted_before(&self, time: KernelTime) -> KernelTime {
        if self.counted[1] <= time { self.counted[1] } else { self.counted[0] }
    }

    pub(super) fn closed(&mut self, event: &TcpClosed, out: &mut Outlets<'_>) {
        if event.from == SocketState::Listen {
            self.listeners.closed(event.addresses.local, event.cookie);
            return;
        }
        let key = FlowKey::Tcp(event.cookie);
        self.name_addresses(key);
        let known = self.flows.pop(&key);
        let peer_is_open = known.as_ref().is_some_and(|flow| self.tell_peer_of_leaving(flow, event));
        if let Some(flow) = &known {
            self.forget(key, flow);
        }
        let Some(mut flow) = known.or_else(|| self.open_closed(event)) else { return };
        if flow.stage == Stage::Connecting && was_never_a_connection(event) {
            return;
        }
        if flow.stage == Stage::Connecting {
            flow.is_dropped |= self.was_dropped(&flow, event.addresses.local);
        }
        flow.take_measures(&event.counters);
        flow.report_start(self.shared.anchor, out.records);
        let closing = closing(event, &flow, peer_is_open);
        self.end_traffic(&mut flow, event, closing, out);
        self.report_end(&mut flow, event, out);
        self.end_or_linger(key, flow, closing, event.time, out);
    }

    /// Lets the other end know whether its client has left. False where it is not open, or not here.
    fn tell_peer_of_leaving(&mut self, flow: &Flow, event: &TcpClosed) -> bool {
        let peer = flow.peer.and_then(|peer| self.flows.peek_mut(&peer));
        let Some(peer) = peer else { return false };
        peer.leaving.client_left = flow.client_left(event);
        true
    }

    /// A library may hold plaintext that it has received, until its program has read it and gives the session back.
    fn end_or_linger(&mut self, key: FlowKey, flow: Flow, closing: Closing, time: KernelTime, out: &mut Outlets<'_>) {
        let is_over = flow.inner.as_ref().is_none_or(|inner| inner.has_ended);
        let over = if is_over { Some(flow) } else { self.lingering.keep(key, flow, closing, time) };
        if let Some(flow) = over {
            self.end_inner(flow, time, closing, out);
        }
    }

    /// The end of a connection that no event had announced: a connect that failed at once, or one whose announcement was
    /// lost. Its counters are its own where its handshake was seen by the kernel's probes.
    fn open_closed(&mut self, event: &TcpClosed) -> Option<Flow> {
        let is_attempt = event.from == SocketState::SynSent;
        if !is_attempt && (event.tcp_flags & SYN == 0 || was_never_a_connection(event) || event.role == Role::Unknown) {
            return None;
        }
        let (local, remote) = (event.addresses.local, event.addresses.remote);
        let (reporter, role_is_guess) =
            if is_attempt { (Reporter::Client, false) } else { self.reporter(event.role, local, remote) };
        let identity = event.owner_pid.and_then(|pid| self.identity.process(pid, event.time));
        let key = FlowKey::Tcp(event.cookie);
        let mut flow = self.open(Opening { key, reporter, local, remote, identity, time: event.time });
        flow.about.ends.role_is_guess = role_is_guess;
        flow.stage = if is_attempt { Stage::Connecting } else { Stage::Established };
        flow.state = Some(TcpState::Established);
        Some(flow)
    }

    /// Hands out what was under way. The kernel's counters tell how long both streams were, so that lost events do not
    /// look like messages that were cut off.
    fn end_traffic(&mut self, flow: &mut Flow, event: &TcpClosed, closing: Closing, out: &mut Outlets<'_>) {
        let (sent, received) = (event.counters.bytes_sent, event.counters.bytes_received);
        let lengths = match flow.about.ends.reporter {
            Reporter::Client => [(Direction::Request, sent), (Direction::Response, received)],
            Reporter::Server => [(Direction::Request, received), (Direction::Response, sent)],
        };
        let mut common = self.shared.common(event.time, out.records);
        let mut exchanges =
            Exchanges { origin: flow.origin(), about: &flow.about, tls: &mut flow.tls, common: &mut common };
        // What ran inside of its TLS is not over yet.
        if flow.inner.is_none() {
            flow.late.hand_out(closing, &mut exchanges);
        }
        if !flow.adopted {
            for (direction, length) in lengths {
                flow.traffic.ended_at(direction, length, event.time.0, &mut exchanges);
            }
        }
        flow.traffic.close(event.time.0, closing, &mut exchanges);
    }

    fn report_end(&mut self, flow: &mut Flow, event: &TcpClosed, out: &mut Outlets<'_>) {
        let ending = ending(event, flow.is_client());
        flow.state = Some(TcpState::Close);
        fill_port(flow, event.addresses.local);
        // One that was opened since was not among those that were counted.
        let counted = self.counted_before(event.time);
        let known = if flow.opened < counted { counted } else { flow.opened };
        let since = flow.counted_until(known, event.time);
        let report = Report {
            time: self.wall(event.time),
            since: self.wall(since),
            start: self.wall(flow.opened),
            event: FlowEvent::End,
            ending: Some(ending),
            tcp_flags: flow.flags_not_reported(event.tcp_flags),
            totals: Totals::from(&event.counters).furthest(&flow.reported),
        };
        flow.report(report, out.records);
    }
}

/// An attempt may have been announced before the kernel chose its port.
fn fill_port(flow: &mut Flow, local: SocketAddr) {
    if flow.is_client() && flow.about.ends.source_port == 0 {
        flow.about.ends.source_port = local.port();
    }
}
