//! DNS (RFC 1035), over UDP and over TCP.
//!
//! See `docs/protocols/dns.md` for what is seen and what is not.

mod matching;
mod message;
mod names;
mod settled;
pub mod tcp;
pub mod udp;

pub use message::{Malformed, looks_like_query};
