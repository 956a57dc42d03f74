//! Application protocols: bytes in, exchanges out. No I/O, no clock: every time comes with the bytes.
//!
//! A byte stream arrives as [`Segment`]s, which may be repeated, out of order, overlapping, captured in part or missing.
//! A [`stream::Reassembler`] per direction puts them in order; a protocol ([`http1`], [`http2`], [`dns::tcp`]) reads what is
//! left and hands [`Exchange`]s to a [`Sink`]. Datagrams ([`Datagrams`]) come whole.
//!
//! What could not be followed is told to the sink as lost. Nothing is invented: an answer that was not seen has no
//! status, an end that was not seen has no time.

mod behind;
mod candidate;
mod connection;
mod datagrams;
pub mod dns;
mod exchange;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod http;
pub mod http1;
pub mod http2;
pub mod kafka;
mod mysql;
mod postgresql;
pub mod preamble;
mod protocol;
pub mod quic;
pub mod redis;
mod segment;
mod sql;
pub mod stream;
#[cfg(test)]
mod testing;
pub mod tls;
mod undecided;
mod upgrade;

pub use connection::{Connection, Turn};
pub use datagrams::{Datagram, Datagrams};
pub use exchange::{Exchange, Position, Relay, Sink, TlsHandshake};
pub use preamble::Proxied;
pub use protocol::{
    Closing, Detection, Known, Next, PROTOCOLS, SKIP_MAX, SKIP_MIN, Standing, StreamProtocol, Upgraded, Wanted,
};
pub use segment::{Direction, Nanos, OwnedSegment, Segment};
