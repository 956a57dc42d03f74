//! What a protocol hands out that does not begin with its connection: behind an upgrade, or what was spoken before it.

use std::net::IpAddr;

use goldwire_model::record::Text;

use crate::{Exchange, Position, Proxied, Sink, TlsHandshake};

/// Counts places from the beginning of the connection.
pub(crate) struct Behind<'a> {
    /// Where the protocol begins in what the client sends.
    pub(crate) base: u64,
    pub(crate) sink: &'a mut dyn Sink,
}

impl Sink for Behind<'_> {
    fn text(&mut self, text: &str) -> Text {
        self.sink.text(text)
    }

    fn route(&mut self, path: &Text) -> Text {
        self.sink.route(path)
    }

    fn key_pattern(&mut self, pattern: &str) -> Text {
        self.sink.key_pattern(pattern)
    }

    fn tls(&mut self, handshake: TlsHandshake) {
        self.sink.tls(handshake);
    }

    fn proxied(&mut self, proxied: Proxied) {
        self.sink.proxied(proxied);
    }

    fn compressed(&mut self) {
        self.sink.compressed();
    }

    fn resolved(&mut self, name: &Text, address: IpAddr, seconds: u32) {
        self.sink.resolved(name, address, seconds);
    }

    fn exchange(&mut self, exchange: Exchange) {
        let position = exchange.position.map(|position| match position {
            Position::Offset(offset) => Position::Offset(self.base.saturating_add(offset)),
            number @ Position::Number(_) => number,
        });
        self.sink.exchange(Exchange { position, ..exchange });
    }

    fn lost(&mut self, exchanges: u64) {
        self.sink.lost(exchanges);
    }

    fn missed(&mut self, bytes: u64) {
        self.sink.missed(bytes);
    }
}
