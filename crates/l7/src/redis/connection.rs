//! One connection that speaks RESP.

use goldwire_model::record::Protocol;

use crate::{
    Closing, Detection, Direction, Nanos, Next, Segment, Sink, StreamProtocol, Wanted,
    protocol::{Known, worth_skipping},
    stream::{Place, Reassembler},
};

use super::{
    answers::{self, Answering},
    detect::detect,
    pairing::Pairing,
    requests::{self, Asking},
};

/// Redis among the protocols.
pub(crate) const KNOWN: Known = Known {
    detect,
    is_message: |direction, segment| {
        direction == Direction::Request && detect(direction, segment.prefix) == Detection::Yes
    },
    from_start: || Box::new(Connection::from_start()),
    adopted: || Box::new(Connection::adopted()),
};

/// Both directions and what is between them.
#[derive(Debug)]
pub struct Connection {
    requests: requests::Lane,
    request_order: Reassembler,
    answers: answers::Lane,
    answer_order: Reassembler,
    pairing: Pairing,
}

impl Connection {
    /// A connection seen from its first byte; stream offsets begin at 0.
    #[must_use]
    pub fn from_start() -> Self {
        Self::new(false)
    }

    /// A connection joined in its middle: it is followed from its first command on, once it is certain that nothing was under
    /// way before that.
    #[must_use]
    pub fn adopted() -> Self {
        Self::new(true)
    }

    fn new(adopted: bool) -> Self {
        Self {
            requests: requests::Lane::new(adopted),
            request_order: Reassembler::new(adopted),
            answers: answers::Lane::new(adopted),
            answer_order: Reassembler::new(adopted),
            pairing: Pairing::new(adopted),
        }
    }

    fn ask(&mut self, sink: &mut dyn Sink, push: impl FnOnce(&mut Reassembler, &mut Asking<'_>)) {
        self.pairing.answers_wait = self.answer_order.waits();
        let (lane, answers, pairing) = (&mut self.requests, &mut self.answers, &mut self.pairing);
        push(&mut self.request_order, &mut Asking { lane, answers, pairing, sink });
    }

    fn answer(&mut self, sink: &mut dyn Sink, push: impl FnOnce(&mut Reassembler, &mut Answering<'_>)) {
        let (lane, pairing) = (&mut self.answers, &mut self.pairing);
        push(&mut self.answer_order, &mut Answering { lane, pairing, sink });
    }

    /// A client that waits for all answers and asks again has them all: what is missing of them was lost.
    fn stop_waiting_for_answers(&mut self, request: &Segment<'_>, sink: &mut dyn Sink) {
        let is_new = request.end() > self.request_order.position();
        if is_new && self.answer_order.waits() && self.pairing.rhythm.waits_for_all() {
            self.answer(sink, |order, reading| order.flush(reading));
        }
    }

    /// Where events of answers were lost, those of requests were lost too, and are not under way any more. And where there is
    /// an answer though nothing is asked, what the request stream waits for was lost.
    fn stop_waiting_for_request(&mut self, answer: &Segment<'_>, sink: &mut dyn Sink) {
        let expected = self.answer_order.position().max(self.answers.needless_until());
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
        Protocol::Redis
    }

    fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink) {
        match direction {
            Direction::Request => {
                self.stop_waiting_for_answers(&segment, sink);
                self.ask(sink, |order, reading| order.push(segment, reading));
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
        self.pairing.answers_wait = self.answer_order.waits();
        self.pairing.expire(now, sink);
    }

    fn ended_at(&mut self, direction: Direction, length: u64, time: Nanos, sink: &mut dyn Sink) {
        let end = Place { offset: length, time };
        match direction {
            Direction::Request => self.ask(sink, |order, reading| order.end_at(end, reading)),
            Direction::Response => self.answer(sink, |order, reading| order.end_at(end, reading)),
        }
    }

    fn close(&mut self, time: Nanos, _: Closing, sink: &mut dyn Sink) {
        self.ask(sink, |order, reading| order.flush(reading));
        self.answer(sink, |order, reading| {
            order.flush(reading);
            reading.close(time);
        });
        self.ask(sink, |_, reading| reading.close());
        self.pairing.close(time, sink);
    }

    fn body_until(&self, direction: Direction) -> u64 {
        let (position, until) = match direction {
            Direction::Request => (self.requests.last().offset, self.requests.needless_until()),
            Direction::Response => (self.answers.last().offset, self.answers.needless_until()),
        };
        if self.pairing.over { 0 } else { worth_skipping(position, until) }
    }

    fn wanted(&self, _: Direction) -> Wanted {
        Wanted::Whole
    }

    fn waits(&self) -> bool {
        self.request_order.waits() || self.answer_order.waits() || self.pairing.is_on_trial()
    }

    fn next(&self) -> Next {
        if self.pairing.over { Next::Nobody } else { Next::Same }
    }
}
