//! HTTP/1.x (RFC 9112): keep-alive, pipelining, any framing, any way of being cut into segments.
//!
//! See `docs/protocols/http1.md` for what is seen and what is not.

mod asked;
mod body;
mod chunked;
mod connection;
mod detect;
mod head;
mod holes;
mod known;
mod lane;
mod pairing;
mod roles;
mod seek;
mod wave;

pub use connection::Connection;
pub(crate) use connection::KNOWN;
pub use detect::detect;
