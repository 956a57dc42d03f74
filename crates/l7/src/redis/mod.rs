//! Redis (RESP2 and RESP3): pipelines, pushed messages, transactions, any way of being cut into segments.
//!
//! See `docs/protocols/redis.md` for what is seen and what is not.

mod answer;
mod answers;
mod asked;
mod command;
mod commands;
mod connection;
mod detect;
mod doubt;
mod key;
mod pairing;
mod requests;
mod subscriptions;
mod trial;
mod value;

pub use connection::Connection;
pub(crate) use connection::KNOWN;
