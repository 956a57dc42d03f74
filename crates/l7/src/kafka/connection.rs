//! One connection between a client and a broker.

use goldwire_model::record::Protocol;

use crate::{
    Closing, Detection, Direction, Nanos, Segment, Sink, Standing, StreamProtocol, Wanted,
    protocol::{Known, worth_skipping},
    stream::{Place, Reassembler},
};

use super::{
    api,
    detect::{detect, is_request, names_its_client},
    frames::{Frame, Lane, Reading, Role},
    pairing::Pairing,
};

/// Of a request: its header, and the first topic in its body.
const REQUEST_KEPT: usize = 1_024;
/// Of an answer: the first error code, behind a topic's name.
const ANSWER_KEPT: usize = 512;
/// Of an answer that tells the ids of topics.
const METADATA_KEPT: usize = 16 * 1024;

/// Kafka among the protocols.
pub(crate) const KNOWN: Known = Known {
    detect,
    is_message: |direction, segment| direction == Direction::Request && is_request(segment),
    from_start: || Box::new(Connection::from_start()),
    adopted: || Box::new(Connection::adopted()),
};

/// Requests go into the queue.
struct Asking<'a> {
    pairing: &'a mut Pairing,
    sink: &'a mut dyn Sink,
}

impl Role for Asking<'_> {
    /// Kind, version and correlation id.
    const SIZE_MIN: u32 = 8;

    fn is_frame(&self, bytes: &[u8]) -> bool {
        names_its_client(bytes) && detect(Direction::Request, bytes) == Detection::Yes
    }

    fn kept(&self, _: &[u8]) -> usize {
        REQUEST_KEPT
    }

    fn frame(&mut self, frame: Frame<'_>) {
        self.pairing.asked(frame, self.sink);
    }

    fn gap(&mut self, certain: bool) {
        self.pairing.gap_in_requests(certain);
    }

    fn missed(&mut self, bytes: u64) {
        self.sink.missed(bytes);
    }
}

/// Answers take requests out of the queue.
struct Answering<'a> {
    pairing: &'a mut Pairing,
    sink: &'a mut dyn Sink,
}

impl Role for Answering<'_> {
    /// The correlation id.
    const SIZE_MIN: u32 = 4;

    /// An answer that somebody waits for.
    fn is_frame(&self, bytes: &[u8]) -> bool {
        self.pairing.is_asked(bytes) && detect(Direction::Response, bytes) != Detection::No
    }

    fn kept(&self, beginning: &[u8]) -> usize {
        if self.pairing.api_of(beginning) == Some(api::METADATA) { METADATA_KEPT } else { ANSWER_KEPT }
    }

    fn frame(&mut self, frame: Frame<'_>) {
        self.pairing.answered(frame, self.sink);
    }

    fn gap(&mut self, _: bool) {
        self.pairing.gap_in_answers();
    }

    fn missed(&mut self, bytes: u64) {
        self.sink.missed(bytes);
    }
}

/// Both directions and what is between them.
#[derive(Debug)]
pub struct Connection {
    requests: Lane,
    request_order: Reassembler,
    answers: Lane,
    answer_order: Reassembler,
    pairing: Pairing,
}

impl Connection {
    /// A connection seen from its first byte; stream offsets begin at 0.
    #[must_use]
    pub fn from_start() -> Self {
        Self::new(false)
    }

    /// A connection joined in its middle: it is followed from the next request on that starts with a segment, and from the
    /// first answer to one.
    #[must_use]
    pub fn adopted() -> Self {
        Self::new(true)
    }

    fn new(adopted: bool) -> Self {
        Self {
            requests: Lane::new(adopted),
            request_order: Reassembler::new(adopted),
            answers: Lane::new(adopted),
            answer_order: Reassembler::new(adopted),
            pairing: Pairing::default(),
        }
    }

    fn ask(&mut self, sink: &mut dyn Sink, push: impl FnOnce(&mut Reassembler, &mut Reading<'_, Asking<'_>>)) {
        let role = Asking { pairing: &mut self.pairing, sink };
        push(&mut self.request_order, &mut Reading { lane: &mut self.requests, role });
    }

    fn answer(&mut self, sink: &mut dyn Sink, push: impl FnOnce(&mut Reassembler, &mut Reading<'_, Answering<'_>>)) {
        let role = Answering { pairing: &mut self.pairing, sink };
        push(&mut self.answer_order, &mut Reading { lane: &mut self.answers, role });
    }

    /// Where there is an answer though nothing is asked, what the request stream waits for was lost.
    fn stop_waiting_for_request(&mut self, sink: &mut dyn Sink) {
        while self.pairing.is_idle() && self.request_order.waits() {
            self.ask(sink, |order, reading| order.give_up(reading));
        }
    }

    /// What is not whole when the connection ends: an answer that was cut off, a request whose header is there.
    fn end_begun(&mut self, time: Nanos, sink: &mut dyn Sink) {
        if self.answers.has_lost_place() {
            self.pairing.gap_in_answers();
        }
        if let Some(frame) = self.answers.begun() {
            self.pairing.cut_off(frame, time, sink);
        }
        if let Some(frame) = self.requests.begun() {
            self.pairing.asked(frame, sink);
        }
    }
}

impl StreamProtocol for Connection {
    fn protocol(&self) -> Protocol {
        Protocol::Kafka
    }

    fn standing(&self) -> Standing {
        self.pairing.belief.standing()
    }

    fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink) {
        match direction {
            Direction::Request => self.ask(sink, |order, reading| order.push(segment, reading)),
            Direction::Response => {
                self.stop_waiting_for_request(sink);
                self.answer(sink, |order, reading| order.push(segment, reading));
            }
        }
    }

    fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        self.ask(sink, |order, reading| order.expire(now, reading));
        self.answer(sink, |order, reading| order.expire(now, reading));
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
        self.answer(sink, |order, reading| order.flush(reading));
        self.end_begun(time, sink);
        self.pairing.close(time, sink);
        self.requests.stop();
        self.answers.stop();
    }

    fn body_until(&self, direction: Direction) -> u64 {
        let lane = match direction {
            Direction::Request => &self.requests,
            Direction::Response => &self.answers,
        };
        worth_skipping(lane.last().offset, lane.needless_until())
    }

    fn wanted(&self, _: Direction) -> Wanted {
        Wanted::Whole
    }

    fn waits(&self) -> bool {
        self.request_order.waits() || self.answer_order.waits()
    }
}
