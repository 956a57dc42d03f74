//! What runs inside of a flow's TLS.

use goldwire_l7::{Direction as Way, OwnedSegment, Segment, Sink, Turn, Upgraded};
use goldwire_model::record::Protocol;

use crate::decode::{Direction, KernelTime, Plaintext, PlaintextEnded, SessionNumber};

use super::traffic::{Interest, Traffic};

/// The plaintext of one flow.
#[derive(Debug)]
pub(super) struct Inner {
    session: SessionNumber,
    /// The library's object, by process and address.
    object: (u32, u64),
    pub(super) traffic: Traffic,
    /// The first bytes were not seen.
    adopted: bool,
    /// Where the session's streams begin in the flow's, by direction: more than 0 where the probes had forgotten it meanwhile,
    /// or where another process went on with it.
    base: [u64; 2],
    furthest: [u64; 2],
    /// Up to where the kernel was told to skip, by direction.
    skip_told: [u64; 2],
    pub(super) protocol: Option<Protocol>,
    /// The library's object was given back.
    pub(super) has_ended: bool,
}

/// What the kernel shall be told of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionWish {
    Ignore,
    /// Up to this offset of the session.
    Skip(u64),
}

impl Inner {
    /// Seen from its beginning with what went before it, or joined.
    pub(super) fn new(session: SessionNumber, object: (u32, u64), before: Option<Option<Upgraded>>) -> Self {
        Self {
            session,
            object,
            traffic: before.map_or_else(Traffic::default, Traffic::inside),
            adopted: before.is_none(),
            base: [0; 2],
            furthest: [0; 2],
            skip_told: [0; 2],
            protocol: None,
            has_ended: false,
        }
    }

    /// As of [`Flow::origin`](super::flow::Flow::origin): both ends read the same plaintext.
    pub(super) fn origin(&self) -> Option<u32> {
        (!self.adopted).then_some(0)
    }

    pub(super) fn is_of(&self, object: (u32, u64)) -> bool {
        self.object == object
    }

    /// The same TLS goes on as another session.
    pub(super) fn go_on_as(&mut self, session: SessionNumber, object: (u32, u64)) {
        if self.session != session {
            (self.session, self.object) = (session, object);
            self.base = self.furthest;
            self.has_ended = false;
        }
    }

    /// Takes what a call wrote or read. `way` is the direction as the connection has it. `None` from a session before.
    pub(super) fn take(&mut self, call: &Call<'_>, way: Way, sink: &mut dyn Sink) -> Option<SessionWish> {
        if call.session != self.session {
            return None;
        }
        let index = call.direction as usize;
        let segment = Segment { offset: self.base[index] + call.segment.offset, ..call.segment };
        self.furthest[index] = self.furthest[index].max(segment.end());
        let turn = self.traffic.segment(way, segment, self.adopted, sink);
        self.turn(turn);
        self.wish(turn, call.direction, way)
    }

    /// It became clear what runs inside.
    pub(super) fn turn(&mut self, turn: Turn) {
        if let Turn::Protocol(protocol) | Turn::Ignored(Some(protocol)) = turn {
            self.protocol = Some(protocol);
        }
    }

    fn wish(&mut self, turn: Turn, direction: Direction, way: Way) -> Option<SessionWish> {
        if turn != Turn::None && self.traffic.interest() == Interest::None {
            return Some(SessionWish::Ignore);
        }
        let until = self.traffic.body_until(way);
        let told = &mut self.skip_told[direction as usize];
        (until > *told).then(|| {
            *told = until;
            SessionWish::Skip(until - self.base[direction as usize])
        })
    }

    /// The library counted what passed, so what was not seen of it by now never will be.
    pub(super) fn ended(&mut self, event: &PlaintextEnded, of: impl Fn(Direction) -> Way, sink: &mut dyn Sink) {
        if event.session != self.session {
            return;
        }
        self.has_ended = true;
        if self.adopted {
            return;
        }
        for (direction, passed) in [(Direction::Ingress, event.received), (Direction::Egress, event.sent)] {
            let length = self.base[direction as usize] + passed;
            self.traffic.ended_at(of(direction), length, event.time.0, sink);
        }
    }
}

/// What a call wrote or read, in the ring or held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) session: SessionNumber,
    pub(super) direction: Direction,
    pub(super) began: KernelTime,
    /// As in [`Plaintext`].
    pub(super) awaits: Option<KernelTime>,
    /// Its place is the session's.
    segment: Segment<'a>,
}

impl<'a> Call<'a> {
    /// What is written passes when the call begins, what is read has passed when it ends. A library's calls are seen in order,
    /// so that a gap is a loss in either direction.
    pub(super) fn of(event: &Plaintext<'a>) -> Self {
        let KernelTime(time) = match event.direction {
            Direction::Egress => event.began,
            Direction::Ingress => event.time,
        };
        let Plaintext { session, direction, began, awaits, offset, length, prefix, tail, .. } = *event;
        let segment = Segment { offset, length, prefix, tail, time, sent_here: true };
        Self { session, direction, began, awaits, segment }
    }

    /// It only tells that a call is over.
    pub(super) fn is_empty(&self) -> bool {
        self.segment.length == 0
    }
}

/// A call's own copy.
#[derive(Debug)]
pub(super) struct HeldCall {
    session: SessionNumber,
    direction: Direction,
    began: KernelTime,
    /// As in [`Plaintext`].
    pub(super) awaits: Option<KernelTime>,
    segment: OwnedSegment,
}

impl HeldCall {
    pub(super) fn copy_of(call: &Call<'_>) -> Self {
        let Call { session, direction, began, awaits, segment } = *call;
        Self { session, direction, began, awaits, segment: OwnedSegment::copy_of(&segment) }
    }

    /// Captured bytes.
    pub(super) fn bytes(&self) -> usize {
        self.segment.captured()
    }

    pub(super) fn borrowed(&self) -> Call<'_> {
        let Self { session, direction, began, awaits, segment } = self;
        Call { session: *session, direction: *direction, began: *began, awaits: *awaits, segment: segment.borrowed() }
    }
}
