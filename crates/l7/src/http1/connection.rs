//! One connection that speaks HTTP/1.x, or may turn out to.

use crate::{
    Closing, Detection, Direction, Nanos, Segment, Sink, StreamProtocol,
    stream::{Place, Reassembler},
};

use super::{
    body::Body,
    head::ResponseHead,
    known::Known,
    lane::{Lane, Reading},
    pairing::{AnswerEnd, Pairing, Said},
    roles::{Answering, Asking},
};

/// Telling the kernel to skip a body costs a call, so it must be worth some segments.
const SKIP_MIN: u64 = 64 * 1024;
/// The kernel tells offsets by 32-bit sequence numbers, so no more is skipped at once.
const SKIP_MAX: u64 = 1 << 30;

/// Both directions and what is between them.
#[derive(Debug)]
pub struct Connection {
    request: Lane,
    request_order: Reassembler,
    response: Lane,
    response_order: Reassembler,
    pairing: Pairing,
    known_request: Known<(Said, Body)>,
    known_response: Known<ResponseHead>,
}

impl Connection {
    /// A connection seen from its first byte; stream offsets begin at 0.
    #[must_use]
    pub fn from_start() -> Self {
        Self::new(false)
    }

    /// A connection joined in its middle: it is followed from the next message on that starts with a segment. The answer
    /// to a request from before is handed out with method unknown where its first byte was seen, and not at all otherwise.
    #[must_use]
    pub fn adopted() -> Self {
        Self::new(true)
    }

    fn new(adopted: bool) -> Self {
        let order = || if adopted { Reassembler::adopted() } else { Reassembler::from_start() };
        Self {
            request: Lane::new(adopted),
            request_order: order(),
            response: Lane::new(adopted),
            response_order: order(),
            pairing: Pairing::new(adopted),
            known_request: Known::default(),
            known_response: Known::default(),
        }
    }

    /// What the connection turned out to be.
    #[must_use]
    pub fn detection(&self) -> Detection {
        if self.request.is_proven() || self.response.is_proven() {
            return Detection::Http;
        }
        let foreign = self.request.is_foreign() || self.response.is_foreign();
        if foreign || (self.request.looks_foreign() && self.response.looks_foreign()) {
            return Detection::NotHttp;
        }
        let likely = self.request.is_likely() || self.response.is_likely();
        if likely { Detection::Http } else { Detection::NeedMore }
    }

    /// Whether segments wait for missing ones.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.request_order.waits() || self.response_order.waits()
    }

    fn ask(&mut self, sink: &mut dyn Sink, push: impl FnOnce(&mut Reassembler, &mut Reading<'_, Asking<'_>>)) {
        let role = Asking { pairing: &mut self.pairing, known: &mut self.known_request, sink };
        push(&mut self.request_order, &mut Reading { lane: &mut self.request, role });
        self.pairing.request_position = self.request.last().offset;
    }

    fn answer(&mut self, sink: &mut dyn Sink, push: impl FnOnce(&mut Reassembler, &mut Reading<'_, Answering<'_>>)) {
        let begun = self.request.begun_head();
        let known = &mut self.known_response;
        let role = Answering { pairing: &mut self.pairing, known, sink, begun, begun_was_taken: false };
        let mut reading = Reading { lane: &mut self.response, role };
        push(&mut self.response_order, &mut reading);
        if reading.role.begun_was_taken {
            self.request.abandon();
        }
        if self.pairing.tunnel {
            self.request.stop();
            self.response.stop();
        }
    }

    /// On a connection that asks one at a time, the next request says that the answer before it is over.
    fn end_blind_answer(&mut self, sink: &mut dyn Sink) {
        if self.request.is_idle() && self.response.is_blind() && self.pairing.answers_one_at_a_time() {
            self.answer(sink, |_, reading| reading.lane.end_blind(&mut reading.role));
        }
    }

    /// Where events of answers were lost, those of requests were lost too, and are not under way any more. And where there is
    /// an answer though nothing is asked, what the request stream waits for was lost.
    fn stop_waiting_for_request(&mut self, answer: &Segment<'_>, sink: &mut dyn Sink) {
        let expected = self.response_order.position().max(self.response.needless_until());
        if answer.sent_here && answer.offset > expected {
            self.ask(sink, |order, reading| order.flush(reading));
        }
        while self.pairing.answers_the_unseen() && self.request_order.waits() {
            self.ask(sink, |order, reading| order.give_up(reading));
        }
    }
}

impl StreamProtocol for Connection {
    fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink) {
        match direction {
            Direction::Request => {
                self.end_blind_answer(sink);
                self.ask(sink, |order, reading| order.push(segment, reading));
            }
            Direction::Response => {
                self.stop_waiting_for_request(&segment, sink);
                self.answer(sink, |order, reading| order.push(segment, reading));
            }
        }
    }

    fn expire(&mut self, before: Nanos, sink: &mut dyn Sink) {
        self.ask(sink, |order, reading| order.expire(before, reading));
        self.answer(sink, |order, reading| order.expire(before, reading));
    }

    fn ended_at(&mut self, direction: Direction, length: u64, time: Nanos, sink: &mut dyn Sink) {
        let end = Place { offset: length, time };
        match direction {
            Direction::Request => self.ask(sink, |order, reading| order.end_at(end, reading)),
            Direction::Response => self.answer(sink, |order, reading| order.end_at(end, reading)),
        }
    }

    fn close(&mut self, time: Nanos, closing: Closing, sink: &mut dyn Sink) {
        self.ask(sink, |order, reading| order.flush(reading));
        self.answer(sink, |order, reading| {
            order.flush(reading);
            if closing == Closing::Clean {
                reading.lane.end_at_close(&mut reading.role);
            }
            reading.lane.end_blind(&mut reading.role);
        });
        let cut = AnswerEnd::Cut(Place { offset: self.response.last().offset, time });
        self.pairing.answer_ended(cut, sink);
        self.pairing.close(time, sink);
        self.request.stop();
        self.response.stop();
    }

    fn body_until(&self, direction: Direction) -> u64 {
        let lane = match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        };
        let (position, until) = (lane.last().offset, lane.needless_until());
        let worth_it = !lane.is_over() && until.saturating_sub(position) >= SKIP_MIN;
        if worth_it { until.min(position + SKIP_MAX) } else { 0 }
    }

    fn wants_whole(&self) -> bool {
        self.request.wants_whole || self.response.wants_whole
    }

    fn is_over(&self) -> bool {
        self.pairing.tunnel
    }
}
