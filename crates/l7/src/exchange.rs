//! What protocols hand out.

use std::net::IpAddr;

use goldwire_model::record::{Detail, ExchangeError, Protocol, Text};

use crate::{preamble::Proxied, segment::Nanos};

/// One exchange: a request and its answer, as far as they were seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Which protocol it was on.
    pub protocol: Protocol,
    /// Where it is on its connection, as both ends see it. Absent where that was not seen.
    pub position: Option<Position>,
    /// First byte of the request; absent where the request was not seen.
    pub request_start: Option<Nanos>,
    /// First byte of the (final) answer.
    pub answer_first: Option<Nanos>,
    /// Last byte of the answer; absent where it did not end or its end was not seen.
    pub answer_last: Option<Nanos>,
    /// When it was over: the last byte of the answer, else the moment that ended it (a close, a timeout), else the last
    /// that was seen of it.
    pub time: Nanos,
    /// Size of the request on the wire, head included; of one that did not end, what was seen.
    pub request_bytes: u64,
    /// The same of the answer.
    pub response_bytes: u64,
    /// Why it counts as an error, if it does.
    pub error: Option<ExchangeError>,
    /// The trace that the request's headers name.
    pub trace_id: Option<[u8; 16]>,
    /// The caller's span in that trace.
    pub span_id: Option<[u8; 8]>,
    /// What only this protocol has.
    pub detail: Detail,
}

/// What tells an exchange from the others of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Offset of the request's first byte in what the client sends.
    Offset(u64),
    /// The protocol's own number: of an HTTP/2 stream, of a DNS message.
    Number(u32),
}

/// What a TLS handshake told in the clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsHandshake {
    /// The name of the server that the client asked for.
    pub server_name: Option<Text>,
    /// The application protocol that was chosen, else the first that the client offered.
    pub alpn: Option<Text>,
    /// The version that was chosen, such as `1.3`.
    pub version: Option<Text>,
    /// From the client's hello to the end of the handshake.
    pub latency: Option<Nanos>,
}

/// Who takes what a protocol found.
pub trait Sink {
    /// Shared text for words that come again and again.
    fn text(&mut self, text: &str) -> Text;

    /// The route of a path: [`crate::http::route`] of it, remembered and bounded by whoever takes the exchanges.
    fn route(&mut self, path: &Text) -> Text;

    /// The pattern of a database's key, bounded in number by whoever takes the exchanges.
    fn key_pattern(&mut self, pattern: &str) -> Text;

    /// A TLS handshake told this. Where it tells more later, it comes again.
    fn tls(&mut self, handshake: TlsHandshake);

    /// A proxy said whose connection it passes on.
    fn proxied(&mut self, proxied: Proxied);

    /// The session is compressed from here on, so that nothing of it is read.
    fn compressed(&mut self);

    /// A client was told that `name` has this address, for so many seconds.
    fn resolved(&mut self, name: &Text, address: IpAddr, seconds: u32);

    /// An exchange is over.
    fn exchange(&mut self, exchange: Exchange);

    /// So many exchanges are known to have happened, and could not be followed well enough to hand them out.
    fn lost(&mut self, exchanges: u64);

    /// So many bytes were not captured in which messages may have begun. How many is not known.
    fn missed(&mut self, bytes: u64);
}

/// Passes what it takes on to another sink, but for exchanges, with which it does something.
pub trait Relay {
    /// Who takes the rest.
    fn sink(&mut self) -> &mut dyn Sink;

    /// Takes an exchange.
    fn relay(&mut self, exchange: Exchange);
}

impl<T: Relay> Sink for T {
    fn text(&mut self, text: &str) -> Text {
        self.sink().text(text)
    }

    fn route(&mut self, path: &Text) -> Text {
        self.sink().route(path)
    }

    fn key_pattern(&mut self, pattern: &str) -> Text {
        self.sink().key_pattern(pattern)
    }

    fn tls(&mut self, handshake: TlsHandshake) {
        self.sink().tls(handshake);
    }

    fn proxied(&mut self, proxied: Proxied) {
        self.sink().proxied(proxied);
    }

    fn compressed(&mut self) {
        self.sink().compressed();
    }

    fn resolved(&mut self, name: &Text, address: IpAddr, seconds: u32) {
        self.sink().resolved(name, address, seconds);
    }

    fn exchange(&mut self, exchange: Exchange) {
        self.relay(exchange);
    }

    fn lost(&mut self, exchanges: u64) {
        self.sink().lost(exchanges);
    }

    fn missed(&mut self, bytes: u64) {
        self.sink().missed(bytes);
    }
}
