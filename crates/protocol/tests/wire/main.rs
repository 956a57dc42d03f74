//! The wire, seen from outside: what is encoded is decoded to the same, and what is no answer is refused.

mod answers;
mod client;
mod hostile;
mod round_trip;
mod server;
