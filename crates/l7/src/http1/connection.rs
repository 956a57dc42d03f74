//! One connection that speaks HTTP/1.x, or may turn out to.

use goldwire_model::record::Protocol;

use crate::{
    Closing, Detection, Direction, Nanos, Next, Segment, Sink, StreamProtocol, Wanted,
    http::UserAgents,
    protocol::{Known as KnownProtocol, Singles, worth_skipping},
    stream::{Place, Reassembler},
};

use super::{
    asked::Said,
    body::Body,
    detect::detect,
    head::ResponseHead,
    known::Known,
    lane::{Lane, Reading},
    pairing::{AnswerEnd, Pairing},
    roles::{Answering, Asking},
};

/// HTTP/1.x among the protocols.
pub(crate) const KNOWN: KnownProtocol = KnownProtocol {
    detect,
    is_message: |direction, segment| detect(direction, segment.prefix) == Detection::Yes,
    from_start: || Box::new(Connection::from_start()),
    adopted: || Box::new(Connection::adopted()),
};

/// Both directions and what is between them.
#[derive(Debug)]
pub struct Connection {
    request: Lane,
    request_order: Reassembler,
    response: Lane,
    response_order: Reassembler,
    pairing: Pairing,
    known_request: Known<(Said, Body)>,
    agents: UserAgents,
    known_response: Known<ResponseHead>,
    singles: Singles,
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
        Self {
            request: Lane::new(adopted),
            request_order: Reassembler::new(adopted),
            response: Lane::new(adopted),
            response_order: Reassembler::new(adopted),
            pairing: Pairing::new(adopted),
            known_request: Known::default(),
            agents: UserAgents::default(),
            known_response: Known::default(),
            singles: Singles::default(),
        }
    }

    fn ask(&mut self, sink: &mut dyn Sink, push: impl FnOnce(&mut Reassembler, &mut Reading<'_, Asking<'_>>)) {
        self.pairing.answers_wait = self.response_order.waits();
        let role =
            Asking { pairing: &mut self.pairing, known: &mut self.known_request, agents: &mut self.agents, sink };
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
    }

    /// On a connection that asks one at a time, the next request says that the answer before it is over.
    fn end_blind_answer(&mut self, sink: &mut dyn Sink) {
        if self.request.is_idle() && self.response.is_blind() && self.pairing.answers_one_at_a_time() {
            self.answer(sink, |_, reading| reading.lane.end_blind(&mut reading.role));
        }
    }

    /// What of an answer did not come before a client that waits for all answers asks again was never sent, as of one to a HEAD.
    fn end_answer_by_habit(&mut self, sink: &mut dyn Sink) {
        if self.response.is_idle() || self.response_order.waits() || !self.pairing.waits_for_all() {
            return;
        }
        let is_unknown = self.pairing.answers_unknown();
        self.answer(sink, |_, reading| {
            reading.lane.end_blind(&mut reading.role);
            if is_unknown {
                reading.lane.end_without_body(&mut reading.role);
            }
        });
    }

    /// A client that has all answers when it asks again waits for none: what is missing of them was lost.
    fn stop_waiting_for_answers(&mut self, request: &Segment<'_>, sink: &mut dyn Sink) {
        let is_new = request.sent_here && request.offset >= self.request_order.position();
        if is_new && self.response_order.waits() && self.pairing.waits_for_all() {
            self.answer(sink, |order, reading| order.flush(reading));
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
    fn protocol(&self) -> Protocol {
        Protocol::Http
    }

    fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink) {
        match direction {
            Direction::Request => {
                self.end_blind_answer(sink);
                self.stop_waiting_for_answers(&segment, sink);
                self.end_answer_by_habit(sink);
                self.ask(sink, |order, reading| order.push(segment, reading));
                if !self.pairing.asks_ahead() {
                    self.singles.asked(segment.length);
                }
            }
            Direction::Response => {
                self.stop_waiting_for_request(&segment, sink);
                self.answer(sink, |order, reading| order.push(segment, reading));
            }
        }
    }

    fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        self.ask(sink, |order, reading| order.expire(now, reading));
        self.answer(sink, |order, reading| order.expire(now, reading));
        self.pairing.expire(now, sink);
    }

    fn ended_at(&mut self, direction: Direction, length: u64, time: Nanos, sink: &mut dyn Sink) {
        let end = Place { offset: length, time };
        match direction {
            Direction::Request => {
                self.ask(sink, |order, reading| order.end_at(end, reading));
                self.pairing.end_requests(sink);
            }
            Direction::Response => self.answer(sink, |order, reading| order.end_at(end, reading)),
        }
    }

    fn close(&mut self, time: Nanos, closing: Closing, sink: &mut dyn Sink) {
        self.ask(sink, |order, reading| order.flush(reading));
        self.answer(sink, |order, reading| {
            order.flush(reading);
            if closing.completes_answer() {
                reading.lane.end_at_close(&mut reading.role);
            }
            reading.lane.end_blind(&mut reading.role);
        });
        let end = Place { offset: self.response.last().offset, time };
        self.pairing.answer_ended(AnswerEnd::Cut(end), sink);
        self.pairing.close(time, sink);
        self.request.stop();
        self.response.stop();
    }

    fn body_until(&self, direction: Direction) -> u64 {
        let lane = match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        };
        worth_skipping(lane.last().offset, lane.needless_until())
    }

    fn wanted(&self, direction: Direction) -> Wanted {
        let is_whole = direction == Direction::Request || self.pairing.asks_ahead();
        if is_whole { Wanted::Whole } else { self.singles.wanted() }
    }

    fn waits(&self) -> bool {
        self.request_order.waits() || self.response_order.waits() || self.pairing.is_on_trial()
    }

    fn next(&self) -> Next {
        if !self.pairing.tunnel {
            return Next::Same;
        }
        Next::Another { request: self.request.end_of_message(), response: self.response.end_of_message() }
    }
}
