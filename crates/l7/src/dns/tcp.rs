//! DNS over TCP: each message behind two bytes of length (RFC 1035 section 4.2.2), any number on one connection.

use goldwire_model::record::Protocol;

use crate::{
    Closing, Detection, Direction, Nanos, Segment, Sink, StreamProtocol, Wanted,
    protocol::Known,
    stream::{Place, Reader, Reassembler, Run},
};

use super::{looks_like_query, matching::Matching, message::Message};

/// Bytes of a message that are read; the rest of a longer one is passed over.
const READ_MAX: usize = 16 * 1024;
const PREFIX: usize = 2;
/// Header, the shortest question, and the length before them.
const SHORTEST_QUERY: usize = PREFIX + 12 + 5;

/// DNS over TCP among the protocols.
pub(crate) const KNOWN: Known = Known {
    detect,
    is_message: |direction, segment| {
        let length = usize::from(first_length(segment.prefix).unwrap_or(0));
        let is_one = length + PREFIX == segment.length as usize;
        is_one && detect(direction, segment.prefix) == Detection::Yes
    },
    from_start: || Box::new(Connection::from_start()),
    adopted: || Box::new(Connection::adopted()),
};

fn first_length(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().map(|length| u16::from_be_bytes(*length))
}

/// Only a query is looked at: what clients say first.
fn detect(direction: Direction, bytes: &[u8]) -> Detection {
    if direction == Direction::Response {
        return Detection::NeedMore;
    }
    let Some(length) = first_length(bytes) else { return Detection::NeedMore };
    let whole = PREFIX + usize::from(length);
    if whole < SHORTEST_QUERY {
        return Detection::No;
    }
    // Not a byte of a query tells it from other protocols before its header is there.
    if bytes.len() < SHORTEST_QUERY.max(whole.min(READ_MAX)) {
        let header = &bytes[PREFIX..bytes.len().min(PREFIX + 6)];
        let fits = header.iter().skip(2).zip(QUERY_HEADER).all(|(byte, (mask, value))| *byte & mask == value);
        return if fits { Detection::NeedMore } else { Detection::No };
    }
    if looks_like_query(&bytes[PREFIX..whole.min(bytes.len())]) { Detection::Yes } else { Detection::No }
}

/// Whether a message begins here, after some were lost, and is all there.
fn begins_with_message(bytes: &[u8]) -> bool {
    let whole = first_length(bytes).and_then(|length| bytes.get(PREFIX..PREFIX + usize::from(length)));
    whole.is_some_and(|message| Message::parse(message).is_ok())
}

/// Of a query's header behind its id: which bits are fixed, and to what. No answer, a plain query; one question.
const QUERY_HEADER: [(u8, u8); 4] = [(0xf8, 0), (0xcf, 0), (0xff, 0), (0xff, 1)];

/// One direction: cuts the stream into messages.
#[derive(Debug, Default)]
struct Lane {
    order: Reassembler,
    framing: Framing,
}

#[derive(Debug, Default)]
struct Framing {
    /// Length prefix and message, as far as they are there.
    buffer: Vec<u8>,
    /// Bytes of the present message still to come.
    left: usize,
    started: Nanos,
    /// The framing was lost by a gap.
    lost: bool,
}

/// Queries and answers on one connection.
#[derive(Debug, Default)]
pub struct Connection {
    request: Lane,
    response: Lane,
    matching: Matching,
}

impl Connection {
    /// A connection seen from its first byte.
    #[must_use]
    pub fn from_start() -> Self {
        let lane = || Lane { order: Reassembler::from_start(), framing: Framing::default() };
        Self { request: lane(), response: lane(), matching: Matching::default() }
    }

    /// A connection joined in its middle, at the start of a message.
    #[must_use]
    pub fn adopted() -> Self {
        Self::default()
    }

    fn read(
        &mut self,
        direction: Direction,
        sink: &mut dyn Sink,
        push: impl FnOnce(&mut Reassembler, &mut Reading<'_>),
    ) {
        let lane = match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        };
        let mut reading = Reading { framing: &mut lane.framing, direction, matching: &mut self.matching, sink };
        push(&mut lane.order, &mut reading);
    }
}

struct Reading<'a> {
    framing: &'a mut Framing,
    direction: Direction,
    matching: &'a mut Matching,
    sink: &'a mut dyn Sink,
}

impl Reading<'_> {
    fn message(&mut self, bytes: u64, time: Nanos) {
        let Ok(message) = Message::parse(&self.framing.buffer[PREFIX..]) else { return };
        match (self.direction, message.is_answer) {
            (Direction::Request, false) => self.matching.query(message, bytes, self.framing.started, self.sink),
            (Direction::Response, true) => self.matching.answer(&message, bytes, time, self.sink),
            _ => {}
        }
    }

    /// Reads bytes, captured (`bytes`) or not, up to the end of the present message. Says how many.
    fn read_some(&mut self, bytes: &[u8], at: Place) -> usize {
        if self.framing.buffer.is_empty() {
            self.framing.started = at.time;
        }
        if self.framing.buffer.len() < PREFIX {
            self.framing.buffer.push(bytes[0]);
            if let [high, low] = self.framing.buffer[..] {
                self.framing.left = usize::from(u16::from_be_bytes([high, low]));
            }
            return 1;
        }
        let used = self.framing.left.min(bytes.len());
        let kept = used.min(READ_MAX.saturating_sub(self.framing.buffer.len()));
        self.framing.buffer.extend_from_slice(&bytes[..kept]);
        self.framing.left -= used;
        used
    }

    fn end_message(&mut self, at: Place) {
        if self.framing.buffer.len() > PREFIX && self.framing.left == 0 {
            let declared = u16::from_be_bytes([self.framing.buffer[0], self.framing.buffer[1]]);
            self.message(u64::from(declared) + PREFIX as u64, at.time);
            self.framing.buffer.clear();
        } else if self.framing.buffer.len() == PREFIX && self.framing.left == 0 {
            self.framing.buffer.clear();
        }
    }
}

impl Reader for Reading<'_> {
    fn bytes(&mut self, run: Run<'_>) {
        if self.framing.lost && !(run.starts_segment && begins_with_message(run.bytes)) {
            return;
        }
        self.framing.lost = false;
        let mut rest = run.bytes;
        while !rest.is_empty() {
            let used = self.read_some(rest, run.at);
            rest = &rest[used..];
            self.end_message(run.at);
        }
    }

    /// The rest of a message that is longer than what is captured is passed over with it.
    fn unseen(&mut self, length: u64, at: Place) {
        if self.framing.buffer.len() >= PREFIX && length <= self.framing.left as u64 {
            self.framing.left -= length as usize;
            self.end_message(at);
        } else {
            self.lost(length, at);
        }
    }

    /// Messages like to start with a segment, so the next one that holds a whole message there is read.
    fn lost(&mut self, _: u64, _: Place) {
        self.framing.buffer.clear();
        self.framing.left = 0;
        self.framing.lost = true;
        if self.direction == Direction::Response {
            self.matching.missed_answers();
        }
    }

    fn needless_until(&self) -> u64 {
        0
    }
}

impl StreamProtocol for Connection {
    fn protocol(&self) -> Protocol {
        Protocol::Dns
    }

    fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink) {
        self.read(direction, sink, |order, reading| order.push(segment, reading));
    }

    fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        for direction in [Direction::Request, Direction::Response] {
            self.read(direction, sink, |order, reading| order.expire(now, reading));
        }
        self.matching.expire(now, sink);
    }

    fn ended_at(&mut self, direction: Direction, length: u64, time: Nanos, sink: &mut dyn Sink) {
        self.read(direction, sink, |order, reading| order.end_at(Place { offset: length, time }, reading));
    }

    fn close(&mut self, time: Nanos, _: Closing, sink: &mut dyn Sink) {
        for direction in [Direction::Request, Direction::Response] {
            self.read(direction, sink, |order, reading| order.flush(reading));
        }
        self.matching.close(time, sink);
    }

    fn body_until(&self, _: Direction) -> u64 {
        0
    }

    fn wanted(&self, _: Direction) -> Wanted {
        Wanted::Whole
    }

    fn waits(&self) -> bool {
        !self.matching.is_empty() || self.request.order.waits() || self.response.order.waits()
    }
}
