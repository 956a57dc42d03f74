//! What was asked of whom.

use goldwire_answer::coverage::Unreachable;

/// Whom the query was sent to, and who did not answer it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// How many nodes were asked.
    pub asked: usize,
    /// Addresses that did not answer in time.
    pub late: Vec<String>,
    /// Those that gave no answer for another reason.
    pub unreachable: Vec<Unreachable>,
    /// The asker's clock in milliseconds since the epoch: a step is over once it is past.
    pub now: i64,
}

/// Why a query can't be finished.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Steps and rates need one.
    #[error("the query has no window: `from` and `to` are missing")]
    NoWindow,
}
