//! UDP: conversations between a socket and a remote address, and the datagrams that may be read.

use std::net::SocketAddr;

use goldwire_l7::{self as l7, Closing};
use goldwire_model::record::{Ending, FlowEvent, Reporter};

use crate::{
    decode::{
        Conversation, ConversationOpened, ConversationReport, ConversationTranslated, Datagram, Direction, KernelTime,
    },
    identity::IdentityLookup,
};

use super::{
    ends::Opening,
    exchanges::Exchanges,
    flow::{FlowKey, Totals},
    outlets::Outlets,
    report::Report,
    tracker::Tracker,
};

impl From<&ConversationReport> for Totals {
    fn from(report: &ConversationReport) -> Self {
        Self {
            bytes_sent: report.bytes_sent,
            bytes_received: report.bytes_received,
            packets_sent: report.datagrams_sent,
            packets_received: report.datagrams_received,
            retransmits: 0,
        }
    }
}

/// A conversation as it is first heard of.
struct First {
    conversation: Conversation,
    local: SocketAddr,
    direction: Direction,
    owner_pid: Option<u32>,
    time: KernelTime,
}

/// Ports below this belong to services.
const SERVICE_PORTS: u16 = 1_024;

/// The end at a service's port is the server; where both or none is, whoever sends first is the client. What is heard first
/// of a conversation that had gone silent, or is older than the daemon, may be the server.
fn reporter(first: &First) -> Reporter {
    let is_service = |address: SocketAddr| address.port() < SERVICE_PORTS;
    match (is_service(first.local), is_service(first.conversation.remote), first.direction) {
        (true, false, _) => Reporter::Server,
        (false, true, _) => Reporter::Client,
        (_, _, Direction::Egress) => Reporter::Client,
        (_, _, Direction::Ingress) => Reporter::Server,
    }
}

impl<I: IdentityLookup> Tracker<I> {
    pub(super) fn conversation_opened(&mut self, event: &ConversationOpened, out: &mut Outlets<'_>) {
        let ConversationOpened { time, conversation, first: direction, local, owner_pid } = *event;
        self.begin_conversation(&First { conversation, local, direction, owner_pid, time }, out);
    }

    fn begin_conversation(&mut self, first: &First, out: &mut Outlets<'_>) {
        let key = FlowKey::Udp(first.conversation);
        if self.flows.contains(&key) {
            return;
        }
        let reporter = reporter(first);
        let identity = first.owner_pid.and_then(|pid| self.identity.process(pid, first.time));
        let (local, remote) = (first.local, first.conversation.remote);
        let flow = self.open(Opening { key, reporter, local, remote, identity, time: first.time });
        self.insert(key, flow, first.time, out);
        self.index(key, first.time);
        self.fresh_conversations.push_back((key, first.time));
    }

    pub(super) fn conversation_translated(&mut self, event: &ConversationTranslated) {
        let key = FlowKey::Udp(event.conversation);
        let Some(flow) = self.flows.peek_mut(&key).filter(|flow| flow.peer.is_none()) else { return };
        flow.seen_at = event.local.filter(|local| *local != flow.local).or(flow.seen_at);
        if flow.remote == event.remote {
            self.index(key, event.time);
        } else {
            self.translated(key, event.remote, event.time);
        }
    }

    pub(super) fn conversation_counted(&mut self, event: &ConversationReport, out: &mut Outlets<'_>) {
        self.name_late(FlowKey::Udp(event.conversation), event.time);
        let Some(flow) = self.flows.get_mut(&FlowKey::Udp(event.conversation)) else { return };
        flow.report_start(self.shared.anchor, out.records);
        let totals = Totals::from(event).furthest(&flow.reported);
        flow.report_update((event.since, event.time), self.shared.anchor, totals, out.records);
    }

    pub(super) fn conversation_closed(&mut self, event: &ConversationReport, out: &mut Outlets<'_>) {
        let key = FlowKey::Udp(event.conversation);
        self.name_addresses(key);
        let Some(mut flow) = self.flows.pop(&key) else { return };
        self.forget(key, &flow);
        let (time, start) = (self.wall(event.time), self.wall(flow.opened));
        flow.report_start(self.shared.anchor, out.records);
        let mut common = self.shared.common(event.time, out.records);
        let mut exchanges =
            Exchanges { origin: flow.origin(), about: &flow.about, tls: &mut flow.tls, common: &mut common };
        flow.traffic.close(event.time.0, Closing::CLEAN, &mut exchanges);
        let totals = Totals::from(event).furthest(&flow.reported);
        let ending = Some(Ending::Closed);
        let since = self.shared.anchor.wall(flow.counted_until(event.since, event.time));
        flow.report(Report { time, since, start, event: FlowEvent::End, ending, tcp_flags: 0, totals }, out.records);
    }

    pub(super) fn datagram(&mut self, event: &Datagram<'_>, out: &mut Outlets<'_>) {
        let Datagram { time, conversation, local, direction, .. } = *event;
        self.begin_conversation(&First { conversation, local, direction, owner_pid: None, time }, out);
        let key = FlowKey::Udp(conversation);
        let Some(flow) = self.flows.get_mut(&key) else { return };
        let way = flow.direction(direction);
        if way == l7::Direction::Response {
            flow.report_start(self.shared.anchor, out.records);
        }
        let mut common = self.shared.common(time, out.records);
        let mut exchanges =
            Exchanges { origin: flow.origin(), about: &flow.about, tls: &mut flow.tls, common: &mut common };
        let payload = event.payload;
        let datagram = l7::Datagram { direction: way, payload, length: event.length, time: time.0 };
        let turn = flow.traffic.datagram(datagram, flow.about.ends.destination_port, &mut exchanges);
        flow.turn(turn);
        if !flow.waits && flow.traffic.waits() {
            flow.waits = true;
            self.waiting.push(key);
        }
        if way == l7::Direction::Request {
            self.asked_by_datagram(key, payload, time);
        }
    }
}
