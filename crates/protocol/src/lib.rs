//! What crosses the network between daemon, plugin and command line.
//!
//! A query goes as a Flight ticket: the query's JSON in UTF-8 with `from` and `to`. The answer is a stream of Flight
//! messages: a schema, whose metadata [`KIND`](wire::kind::KIND_KEY) says what the columns are, record batches, and on
//! the last message the coverage as JSON in its app metadata. What each kind's columns mean is told in [`wire`].
//!
//! * The daemon's service encodes with [`encode`] and reads tickets with [`ticket`].
//! * The plugin and the command line ask with [`client::NodeClient`].
//!
//! Whatever a peer sends, decoding gives an answer or a typed error; sizes are bounded before memory is taken.

pub mod catalogue;
pub mod client;
pub mod decode;
pub mod encode;
pub mod live;
mod messages;
pub mod status;
pub mod ticket;
pub mod wire;

/// Largest gRPC message that is sent or accepted, in bytes. Answers are cut into messages of at most about 2 MiB; the
/// rest is room for one row that is large by itself.
pub const MAX_MESSAGE_BYTES: usize = 32 * 1024 * 1024;

/// Largest answer that a client takes from one node, in bytes over all messages.
pub const MAX_ANSWER_BYTES: usize = 512 * 1024 * 1024;
