//! Both directions of a connection whose messages tell their length.

use std::fmt;

use goldwire_model::record::Protocol;

use crate::{
    Closing, Direction, Nanos, Next, Segment, Sink, Standing, StreamProtocol, Wanted,
    protocol::{Singles, Upgraded, worth_skipping},
    stream::{Place, Reader, Reassembler, Run},
};

use super::frames::{After, Frames, Measure, Message};

/// Bytes that were not seen, and were not inside of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Events were lost, so any number of segments may be missing. Otherwise what is missing is a part of one segment.
    pub(crate) lost: bool,
    /// How many bytes.
    pub(crate) length: u64,
    /// When what is behind them was seen.
    pub(crate) time: Nanos,
    /// The first byte of a message that had begun.
    pub(crate) begun: Option<u8>,
}

/// What a protocol makes of its messages.
pub(crate) trait Wire: fmt::Debug + Send {
    const PROTOCOL: Protocol;

    /// What the first bytes of a message tell about its length.
    fn measure(&self, direction: Direction, bytes: &[u8]) -> Measure;

    /// Takes a message.
    fn message(&mut self, direction: Direction, message: &Message<'_>, sink: &mut dyn Sink) -> After;

    /// Whether a message begins with these first bytes of a segment beyond reasonable doubt; `all` where they are all of it.
    fn begins(&self, direction: Direction, bytes: &[u8], all: bool) -> bool;

    /// Messages passed by unread, and `bytes` are the last of a segment. True where a message ends with them beyond reasonable
    /// doubt, so that the next one follows.
    fn ends(&mut self, direction: Direction, bytes: &[u8], end: Place, sink: &mut dyn Sink) -> bool;

    /// Bytes that were captured pass by, because nobody knows where in a message they are.
    fn pass_unread(&mut self, direction: Direction, time: Nanos);

    /// Messages of the client may have passed unread.
    fn gap_in_requests(&mut self, gap: Gap);

    /// Messages of the server may have passed unread.
    fn gap_in_answers(&mut self, lost: bool);

    /// More was asked before an answer to what went before.
    fn asks_ahead(&self) -> bool;

    /// Messages may have passed unread.
    fn gap(&mut self, direction: Direction, gap: Gap) {
        match direction {
            Direction::Request => self.gap_in_requests(gap),
            Direction::Response => self.gap_in_answers(gap.lost),
        }
    }

    /// The answer in front of this request, whose end was not seen, is over. True where there was one.
    fn end_unseen_answer(&mut self, sink: &mut dyn Sink) -> bool;

    /// Whatever is answered now, or next, was asked in bytes that were not seen.
    fn answers_the_unseen(&self) -> bool;

    /// The connection is over. `begun` is where a message of the server began that has not ended.
    fn close(&mut self, begun: Option<Place>, last: Place, time: Nanos, sink: &mut dyn Sink);

    /// Who reads what comes next.
    fn next(&self) -> Next;

    /// How sure it is that this is what runs on the connection.
    fn standing(&self) -> Standing {
        Standing::Confirmed
    }

    /// What was agreed on in front of the TLS that comes next.
    fn upgraded(&self) -> Option<Upgraded> {
        None
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection<W> {
    wire: W,
    request: Lane,
    response: Lane,
    singles: Singles,
}

#[derive(Debug)]
struct Lane {
    order: Reassembler,
    frames: Frames,
}

struct Reading<'a, W> {
    wire: &'a mut W,
    frames: &'a mut Frames,
    direction: Direction,
    sink: &'a mut dyn Sink,
}

impl<W: Wire> Reader for Reading<'_, W> {
    fn bytes(&mut self, run: Run<'_>) {
        self.frames.read(self.direction, run, self.wire, self.sink);
    }

    fn unseen(&mut self, length: u64, at: Place) {
        self.frames.hole(self.direction, (length, at), false, self.wire, self.sink);
    }

    fn lost(&mut self, length: u64, at: Place) {
        self.frames.hole(self.direction, (length, at), true, self.wire, self.sink);
    }

    fn needless_until(&self) -> u64 {
        self.frames.needless_until()
    }
}

const BOTH: [Direction; 2] = [Direction::Request, Direction::Response];

impl<W: Wire> Connection<W> {
    /// Seen from its first byte, or joined in its middle.
    pub(crate) fn new(wire: W, adopted: bool) -> Self {
        let lane = || Lane { order: Reassembler::new(adopted), frames: Frames::new(adopted) };
        Self { wire, request: lane(), response: lane(), singles: Singles::default() }
    }

    fn lane(&self, direction: Direction) -> &Lane {
        match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        }
    }

    fn read(
        &mut self,
        direction: Direction,
        sink: &mut dyn Sink,
        push: impl FnOnce(&mut Reassembler, &mut Reading<'_, W>),
    ) {
        let Self { wire, request, response, .. } = self;
        let Lane { order, frames } = match direction {
            Direction::Request => request,
            Direction::Response => response,
        };
        push(order, &mut Reading { wire, frames, direction, sink });
    }

    /// Where events of answers were lost, those of requests were lost too, and are not under way any more. And where there is
    /// an answer though nothing is asked, what the request stream waits for was lost.
    fn stop_waiting_for_request(&mut self, answer: &Segment<'_>, sink: &mut dyn Sink) {
        let expected = self.response.order.position().max(self.response.frames.needless_until());
        if answer.sent_here && answer.offset > expected {
            self.read(Direction::Request, sink, |order, reading| order.flush(reading));
        }
        while self.wire.answers_the_unseen() && self.request.order.waits() {
            self.read(Direction::Request, sink, |order, reading| order.give_up(reading));
        }
    }
}

impl<W: Wire> StreamProtocol for Connection<W> {
    fn protocol(&self) -> Protocol {
        W::PROTOCOL
    }

    fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink) {
        let is_new = segment.end() > self.lane(direction).order.position();
        match direction {
            Direction::Request if is_new && self.wire.end_unseen_answer(sink) => self.response.frames.seek(),
            Direction::Request => {}
            Direction::Response => self.stop_waiting_for_request(&segment, sink),
        }
        self.read(direction, sink, |order, reading| order.push(segment, reading));
        if direction == Direction::Request && !self.wire.asks_ahead() {
            self.singles.asked(segment.length);
        }
    }

    fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        for direction in BOTH {
            self.read(direction, sink, |order, reading| order.expire(now, reading));
        }
    }

    fn ended_at(&mut self, direction: Direction, length: u64, time: Nanos, sink: &mut dyn Sink) {
        self.read(direction, sink, |order, reading| order.end_at(Place { offset: length, time }, reading));
    }

    fn close(&mut self, time: Nanos, _: Closing, sink: &mut dyn Sink) {
        for direction in BOTH {
            self.read(direction, sink, |order, reading| order.flush(reading));
        }
        let (begun, last) = (self.response.frames.begun(), self.response.frames.last());
        self.wire.close(begun, last, time, sink);
    }

    fn body_until(&self, direction: Direction) -> u64 {
        let frames = &self.lane(direction).frames;
        let (position, until) = (frames.last().offset, frames.needless_until());
        worth_skipping(position, until)
    }

    fn wanted(&self, direction: Direction) -> Wanted {
        let is_whole = direction == Direction::Request || self.wire.asks_ahead();
        if is_whole { Wanted::Whole } else { self.singles.wanted() }
    }

    fn waits(&self) -> bool {
        self.request.order.waits() || self.response.order.waits()
    }

    fn next(&self) -> Next {
        self.wire.next()
    }

    fn standing(&self) -> Standing {
        self.wire.standing()
    }

    fn upgraded(&self) -> Option<Upgraded> {
        self.wire.upgraded()
    }
}
