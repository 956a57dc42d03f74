//! Bounds of what clients may make this node do, all in one place. What a query may ask for is bounded in
//! [`goldwire_model::limits`], and its memory by `--queries-memory` and `--query-memory`.

use std::time::Duration;

/// Connections at once. Further ones wait to be accepted.
pub(super) const CONNECTIONS: usize = 1_024;

/// Connections that may wait to be accepted.
pub(super) const BACKLOG: u32 = 1_024;

/// Calls at once on one connection.
pub(super) const CALLS_OF_A_CONNECTION: u32 = 100;

/// A connection that has not made a call that was let in until then is closed: one without a token, or without TLS.
pub(super) const FIRST_CALL: Duration = Duration::from_secs(5);

/// A connection that makes no call for so long is closed.
pub(super) const IDLE: Duration = Duration::from_secs(300);

/// How often a quiet client is asked whether it is still there, and how long it has to answer.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(20);
pub(super) const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(10);

/// Bytes of a call's headers.
pub(super) const HEADER_BYTES: u32 = 16 * 1_024;

/// Bytes of a message that a client sends: a query, with room to say that it is too large.
pub(super) const MESSAGE_BYTES: usize = 2 * goldwire_model::limits::QUERY_BYTES;

/// Queries that run at once, each on a thread of its own that yields to the one that reads the probes.
pub(super) const QUERIES_AT_ONCE: usize = 2;

/// Queries that wait, run, or are being answered. Further ones are refused.
pub(super) const QUERIES: usize = 64;

/// How long a query may wait and run.
pub(super) const QUERY_TIME: Duration = Duration::from_secs(60);

/// How long a client may leave a message of an answer unread, before its connection is closed.
pub(super) const ANSWER_UNREAD: Duration = Duration::from_secs(10);

/// Live queries at once. Further ones are refused.
pub(super) const LIVE_QUERIES: usize = 64;

/// How long a client may leave live rows unread, before its connection is closed. What it misses until then is counted.
pub(super) const LIVE_UNREAD: Duration = Duration::from_secs(60);

/// How long open calls have to end once the node is told to end.
pub(super) const ENDING: Duration = Duration::from_millis(800);
