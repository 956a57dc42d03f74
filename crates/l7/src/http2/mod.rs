//! HTTP/2 (RFC 9113) and gRPC on it: any number of streams at once, any way of being cut into segments.
//!
//! See `docs/protocols/http2.md` for what is seen and what is not.

mod block;
mod chain;
mod connection;
mod detect;
mod doubt;
mod fields;
mod frame;
mod hpack;
mod lane;
mod messages;
mod payload;
mod seek;
mod stream;
mod streams;

pub use connection::Connection;
pub(crate) use connection::KNOWN;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use detect::PREFACE;
pub use detect::detect;
