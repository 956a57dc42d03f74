//! Kafka: requests and their answers by correlation id, whatever is in them.
//!
//! See `docs/protocols/kafka.md` for what is seen and what is not.

mod answer;
mod api;
mod belief;
mod connection;
mod detect;
mod errors;
mod fields;
mod frames;
mod pairing;
mod request;
mod topics;

pub use connection::Connection;
pub(crate) use connection::KNOWN;
