//! TLS, as far as it can be read: the hellos of both sides (RFC 8446 section 4.1, RFC 5246 section 7.4.1), with the server's
//! name (RFC 6066 section 3) and the application protocol (RFC 7301), and how long the handshake took. Everything behind it is
//! opaque.
//!
//! See `docs/protocols/tls.md` for what is seen and what is not.

mod connection;
mod fields;
mod finished;
mod hello;
mod records;
mod side;

pub use connection::Connection;
pub(crate) use connection::KNOWN;
pub(crate) use fields::Fields;
pub(crate) use hello::ClientHello;
pub use records::client_random;

/// The most of a hello that is read. Browsers' are 2 KiB with keys against quantum computers, and grow with tickets.
pub(crate) const HELLO_MAX: usize = 16 * 1024;
