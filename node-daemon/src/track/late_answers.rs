//! Answers that a server gave when its client's requests had ended. Until the connection is over it is not known whether the
//! client still read them.

use goldwire_l7::{Closing, Direction, Exchange, Nanos, Relay, Sink};
use goldwire_model::record::ExchangeError;

/// Answers held; further ones count as read.
const MOST: usize = 256;
/// After so long the kernel of a client that had left would have reset the connection.
const SETTLED: Nanos = 1_000_000_000;

/// What waits for the end of a connection.
#[derive(Debug, Default)]
pub(super) struct LateAnswers(Vec<Exchange>);

impl LateAnswers {
    /// Hands them out. What nobody was there to read was given up by the client, unless the server failed as well.
    pub(super) fn hand_out(&mut self, closing: Closing, sink: &mut dyn Sink) {
        let was_left = closing == Closing::Clean { by: Some(Direction::Request) };
        for mut exchange in self.0.drain(..) {
            if was_left {
                exchange.error.get_or_insert(ExchangeError::ClosedByClient);
            }
            sink.exchange(exchange);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Hands out what was sent so long ago that its client must have read it.
    pub(super) fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        let before = now.saturating_sub(SETTLED);
        for exchange in self.0.extract_if(.., |exchange| exchange.time < before) {
            sink.exchange(exchange);
        }
    }

    fn hold(&mut self, exchange: Exchange, sink: &mut dyn Sink) {
        if self.0.len() < MOST { self.0.push(exchange) } else { sink.exchange(exchange) }
    }
}

/// Takes the exchanges of a connection whose client's requests have ended.
pub(super) struct AfterRequests<'a> {
    pub(super) ended: Nanos,
    pub(super) late: &'a mut LateAnswers,
    pub(super) sink: &'a mut dyn Sink,
}

impl Relay for AfterRequests<'_> {
    fn sink(&mut self) -> &mut dyn Sink {
        self.sink
    }

    fn relay(&mut self, exchange: Exchange) {
        if exchange.time > self.ended { self.late.hold(exchange, self.sink) } else { self.sink.exchange(exchange) }
    }
}
