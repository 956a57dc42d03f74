//! What a node says of itself: the answer of the action `status`. JSON, camelCase.

use goldwire_answer::coverage::{Loss, Tier};
use serde::{Deserialize, Serialize};

/// The action that asks for it.
pub const STATUS_ACTION: &str = "status";

/// State of a node at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// Version of the daemon.
    pub version: String,
    /// The node's name.
    pub node: String,
    /// Release of the kernel that it watches.
    pub kernel: String,
    /// When the daemon began to record, in milliseconds since the epoch.
    pub started: i64,
    /// The node's clock when it made this report, in milliseconds since the epoch.
    pub now: i64,
    /// Each signal, and whether this node can see it.
    pub signals: Vec<SignalState>,
    /// How far back each table reaches in each tier that it has.
    pub retention: Vec<Retention>,
    /// Events lost since the start, by stage. Empty where none were.
    pub lost: Vec<Loss>,
    /// Bytes that history holds.
    pub memory_used: u64,
    /// Bytes that history may hold.
    pub memory_budget: u64,
    /// What queries take of memory, and may take. Absent from older nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_memory: Option<QueryMemoryReport>,
    /// Connections that are open and followed.
    pub connections: u64,
    /// Buffers with payload of TCP that the probes told since the start; those that they could not tell are among `lost`.
    #[serde(default)]
    pub buffers: u64,
    /// What else an operator must know, as sentences.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Memory of queries, beside that of history. All in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryMemoryReport {
    /// What one query may take.
    pub one: u64,
    /// What all queries may take together, until their answers are sent.
    pub all: u64,
    /// What they take now.
    pub taken: u64,
    /// What they took at most since the start.
    pub most_taken: u64,
}

/// Whether a node can see a signal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalState {
    /// Its name, such as `drop_rate`.
    pub signal: String,
    /// True where it is observed.
    pub available: bool,
    /// Why it is not, and what to do about it. Absent where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a tier of a table holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Retention {
    /// `flows`, `requests`, …
    pub table: String,
    /// Which tier.
    pub tier: Tier,
    /// Oldest time held, in milliseconds since the epoch; absent where nothing is held.
    pub oldest: Option<i64>,
    /// Records, or groups by step in a rollup.
    pub rows: u64,
    /// What they take.
    pub bytes: u64,
    /// How far back the tier will reach at the present rate, in seconds; absent until the rate is known.
    pub reach_seconds: Option<f64>,
}
