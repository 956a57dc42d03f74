//! Payload of TCP connections.

use goldwire_answer::coverage::{LossStage, UnreadKind};
use goldwire_l7::{Segment, Turn, preamble, tls};
use goldwire_model::record::Protocol;

use crate::{
    decode::{Addresses, Cookie, Direction, KernelTime, TcpSegment},
    identity::IdentityLookup,
};

use super::{
    exchanges::Exchanges,
    flow::{Flow, FlowKey, Hello, Stage},
    held::{Arrived, HeldSegment, Owner},
    join::Tuple,
    late_answers::AfterRequests,
    outlets::{CaptureControl, Outlets},
    tracker::Tracker,
    traffic::Interest,
};

/// A wish may be overwritten by one for another socket, whose cookie is a multiple of some power of two away. So it is
/// repeated every so many segments, well before the kernel gives up on a socket that nobody decided about.
const REPEAT_WISH: u8 = 16;

impl<I: IdentityLookup> Tracker<I> {
    pub(super) fn segment(&mut self, event: &TcpSegment<'_>, out: &mut Outlets<'_>) {
        let key = match event.at_listener {
            None => Some(FlowKey::Tcp(event.cookie)),
            Some(Addresses { local, remote }) => self.tuples.find(Tuple { local, remote, udp: false }),
        };
        let segment = Segment {
            offset: 0,
            length: event.length.saturating_sub(event.skipped),
            prefix: event.prefix,
            tail: event.tail,
            time: event.time.0,
            sent_here: event.direction == Direction::Egress,
        };
        let first = event.sequence.plus(event.skipped);
        let arrived = Arrived { direction: event.direction, sequence: first, tcp_flags: event.tcp_flags, segment };
        let delivered = key.is_some_and(|key| self.deliver(key, arrived, out));
        if delivered {
            return;
        }
        let owner = event.at_listener.map_or(Owner::Socket(event.cookie), Owner::Accepted);
        if !self.held.hold(owner, HeldSegment::copy_of(&arrived)) {
            let time = self.shared.anchor.wall(event.time);
            out.records.loss(LossStage::Tracker, time, 1);
            out.records.missed(time, u64::from(event.length));
        }
    }

    pub(super) fn deliver_held(&mut self, key: FlowKey, owner: Owner, out: &mut Outlets<'_>) {
        if self.held.is_empty() {
            return;
        }
        for held in self.held.take(owner) {
            self.deliver(key, held.borrowed(), out);
        }
    }

    /// Hands a segment to whoever reads the flow. False where the flow is not known, or not established yet.
    fn deliver(&mut self, key: FlowKey, arrived: Arrived<'_>, out: &mut Outlets<'_>) -> bool {
        let Arrived { direction, sequence, segment, .. } = arrived;
        let Some(flow) = self.flows.get_mut(&key).filter(|flow| flow.stage != Stage::Connecting) else { return false };
        flow.note_leaving(&arrived);
        let Some(offset) = flow.stream(direction).offset(sequence) else { return true };
        let way = flow.direction(direction);
        if way == goldwire_l7::Direction::Response {
            flow.report_start(self.shared.anchor, out.records);
        }
        if way == goldwire_l7::Direction::Request
            && flow.hello.is_none()
            && let Some(random) = tls::client_random(preamble::behind(segment.prefix))
        {
            flow.upgraded = flow.traffic.upgraded();
            flow.hello = Some(Hello { random, time: KernelTime(segment.time) });
            self.sessions.said_hello(random, key);
        }
        let mut common = self.shared.common(KernelTime(segment.time), out.records);
        let mut exchanges =
            Exchanges { origin: flow.origin(), about: &flow.about, tls: &mut flow.tls, common: &mut common };
        let segment = Segment { offset, ..segment };
        let Flow { traffic, adopted, leaving, late, .. } = flow;
        let turn = match leaving.awaits_verdict(&flow.about) {
            None => traffic.segment(way, segment, *adopted, &mut exchanges),
            Some(ended) => {
                let mut after = AfterRequests { ended, late, sink: &mut exchanges };
                traffic.segment(way, segment, *adopted, &mut after)
            }
        };
        let (before, proxied, is_compressed) = (flow.protocol, common.proxied, common.is_compressed);
        flow.turn(turn);
        if flow.protocol != before {
            flow.find_library(out.capture);
        }
        flow.wish(key.cookie(), out.capture);
        flow.skip_body(key.cookie(), direction, out.capture);
        if flow.begins_to_wait() {
            self.waiting.push(key);
        }
        if let Some(proxied) = proxied {
            self.name_proxied(key, proxied);
        }
        if is_compressed {
            self.count_compressed(key, KernelTime(segment.time), out);
        }
        true
    }

    /// A session became compressed; of one with both ends here, the server's counts.
    pub(super) fn count_compressed(&mut self, key: FlowKey, time: KernelTime, out: &mut Outlets<'_>) {
        let Some(flow) = self.flows.peek_mut(&key) else { return };
        let is_counted_there = flow.is_client() && flow.about.ends.joined;
        if !flow.is_compressed && !is_counted_there {
            flow.is_compressed = true;
            self.compressed += 1;
        }
        self.tell_compressed(time, out);
    }

    pub(super) fn tell_compressed(&self, time: KernelTime, out: &mut Outlets<'_>) {
        if self.compressed > 0 {
            out.records.unread(UnreadKind::CompressedMysql, self.shared.anchor.wall(time), self.compressed);
        }
    }
}

impl Flow {
    /// It became clear what runs on the flow.
    pub(super) fn turn(&mut self, turn: Turn) {
        if let Turn::Protocol(protocol) | Turn::Ignored(Some(protocol)) = turn {
            self.protocol = Some(protocol);
        }
    }

    /// Its own end's library is looked for once it is known to speak TLS.
    fn find_library(&self, capture: &mut dyn CaptureControl) {
        if self.protocol == Some(Protocol::Tls)
            && let Some(identity) = &self.identity
        {
            capture.speaks_tls(identity.pid);
        }
    }

    /// Tells the kernel what is wanted of the flow: when that changed, and again now and then.
    fn wish(&mut self, cookie: Cookie, capture: &mut dyn CaptureControl) {
        let interest = self.traffic.interest();
        self.since_wish = self.since_wish.saturating_add(1);
        if interest == self.interest && self.since_wish < REPEAT_WISH {
            return;
        }
        (self.interest, self.since_wish) = (interest, 0);
        match interest {
            Interest::Undecided => {}
            Interest::None => capture.ignore(cookie),
            Interest::All(wanted) => {
                let of = |direction| wanted[self.direction(direction) as usize];
                capture.follow(cookie, of(Direction::Ingress), of(Direction::Egress));
            }
        }
    }

    /// A long body need not be captured. The kernel is told once a body.
    fn skip_body(&mut self, cookie: Cookie, direction: Direction, capture: &mut dyn CaptureControl) {
        let way = self.direction(direction);
        let until = self.traffic.body_until(way);
        let told = &mut self.skip_told[direction as usize];
        if until <= *told {
            return;
        }
        *told = until;
        if let Some(sequence) = self.streams[direction as usize].sequence(until) {
            capture.skip_until(cookie, direction, sequence);
        }
    }
}
