//! What a candidate hands out: nothing of it is recorded before it is certain that its protocol runs on the connection.

use std::{collections::VecDeque, net::IpAddr};

use goldwire_model::record::Text;

use crate::{Exchange, Proxied, Sink, TlsHandshake, protocol::Known};

/// Exchanges that are withheld; the oldest is lost beyond.
const EXCHANGES_MAX: usize = 256;

/// What a connection is taken for, and what that has handed out.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) known: &'static Known,
    exchanges: VecDeque<Exchange>,
    lost: u64,
    missed: u64,
}

impl Candidate {
    pub(crate) fn new(known: &'static Known) -> Self {
        Self { known, exchanges: VecDeque::new(), lost: 0, missed: 0 }
    }

    /// It is confirmed.
    pub(crate) fn release(self, sink: &mut dyn Sink) {
        if self.lost > 0 {
            sink.lost(self.lost);
        }
        if self.missed > 0 {
            sink.missed(self.missed);
        }
        for exchange in self.exchanges {
            sink.exchange(exchange);
        }
    }
}

/// Takes what a candidate hands out.
pub(crate) struct Withholding<'a> {
    pub(crate) candidate: &'a mut Candidate,
    pub(crate) sink: &'a mut dyn Sink,
}

impl Sink for Withholding<'_> {
    fn text(&mut self, text: &str) -> Text {
        self.sink.text(text)
    }

    fn route(&mut self, path: &Text) -> Text {
        self.sink.route(path)
    }

    fn key_pattern(&mut self, pattern: &str) -> Text {
        self.sink.key_pattern(pattern)
    }

    /// Neither a handshake nor a name is believed of a candidate.
    fn tls(&mut self, _: TlsHandshake) {}

    fn proxied(&mut self, _: Proxied) {}

    fn compressed(&mut self) {}

    fn resolved(&mut self, _: &Text, _: IpAddr, _: u32) {}

    fn exchange(&mut self, exchange: Exchange) {
        let Candidate { exchanges, lost, .. } = &mut *self.candidate;
        if exchanges.len() >= EXCHANGES_MAX && exchanges.pop_front().is_some() {
            *lost += 1;
        }
        exchanges.push_back(exchange);
    }

    fn lost(&mut self, exchanges: u64) {
        self.candidate.lost += exchanges;
    }

    fn missed(&mut self, bytes: u64) {
        self.candidate.missed += bytes;
    }
}
