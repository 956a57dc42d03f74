//! One connection that speaks HTTP/2.

use goldwire_model::record::Protocol;

use crate::{
    Closing, Direction, Nanos, Segment, Sink, StreamProtocol, Wanted,
    protocol::{Known, SKIP_MAX, worth_skipping},
    stream::{Place, Reassembler},
};

use super::{
    detect::{detect, is_message},
    lane::{Lane, Reading},
    streams::Streams,
};

/// HTTP/2 among the protocols.
pub(crate) const KNOWN: Known = Known {
    detect,
    is_message,
    from_start: || Box::new(Connection::from_start()),
    adopted: || Box::new(Connection::adopted()),
};

const BOTH: [Direction; 2] = [Direction::Request, Direction::Response];

/// Both directions and the streams on them.
#[derive(Debug)]
pub struct Connection {
    lanes: [Lane; 2],
    orders: [Reassembler; 2],
    streams: Streams,
}

impl Connection {
    /// A connection seen from its first byte; stream offsets begin at 0.
    #[must_use]
    pub fn from_start() -> Self {
        Self::new(false)
    }

    /// A connection joined in its middle: it is followed from the first place on where frames certainly are. What headers
    /// refer to that was said before is absent. The answer to a request from before is handed out with method unknown where
    /// its head was seen, and not at all otherwise.
    #[must_use]
    pub fn adopted() -> Self {
        Self::new(true)
    }

    fn new(adopted: bool) -> Self {
        Self {
            lanes: BOTH.map(|direction| Lane::new(direction, adopted)),
            orders: [Reassembler::new(adopted), Reassembler::new(adopted)],
            streams: Streams::new(adopted),
        }
    }

    fn read(
        &mut self,
        direction: Direction,
        sink: &mut dyn Sink,
        push: impl FnOnce(&mut Reassembler, &mut Reading<'_>),
    ) {
        let lane = &mut self.lanes[direction as usize];
        let mut reading = Reading { lane, direction, streams: &mut self.streams, sink };
        push(&mut self.orders[direction as usize], &mut reading);
        self.streams.requests_wait = self.orders[Direction::Request as usize].waits();
    }
}

impl StreamProtocol for Connection {
    fn protocol(&self) -> Protocol {
        if self.streams.is_grpc { Protocol::Grpc } else { Protocol::Http2 }
    }

    fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink) {
        self.read(direction, sink, |order, reading| order.push(segment, reading));
    }

    fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        for direction in BOTH {
            self.read(direction, sink, |order, reading| order.expire(now, reading));
        }
        self.streams.expire(now, sink);
    }

    fn ended_at(&mut self, direction: Direction, length: u64, time: Nanos, sink: &mut dyn Sink) {
        self.read(direction, sink, |order, reading| order.end_at(Place { offset: length, time }, reading));
    }

    fn close(&mut self, time: Nanos, _: Closing, sink: &mut dyn Sink) {
        for direction in BOTH {
            self.read(direction, sink, |order, reading| order.flush(reading));
        }
        self.streams.close(time, sink);
        self.lanes.iter_mut().for_each(Lane::stop);
    }

    fn body_until(&self, direction: Direction) -> u64 {
        let lane = &self.lanes[direction as usize];
        let position = lane.last.offset;
        if let Some(end) = lane.follow_from() {
            return (end - 1).min(position + SKIP_MAX);
        }
        worth_skipping(position, lane.needless_until())
    }

    fn wanted(&self, _: Direction) -> Wanted {
        // The lengths of gRPC's messages stand in DATA.
        if self.streams.is_grpc { Wanted::Whole } else { Wanted::Frames }
    }

    fn waits(&self) -> bool {
        self.streams.is_unsettled || self.orders.iter().any(Reassembler::waits)
    }
}
