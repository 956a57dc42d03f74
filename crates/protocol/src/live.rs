//! What a message of a live stream says beside its rows.

use serde::{Deserialize, Serialize};

/// As JSON in the app metadata of each message. What is absent is 0, or not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LiveMetadata {
    /// Rows that were left out since the message before: they come faster than they are read.
    #[serde(skip_serializing_if = "is_none")]
    pub cut: u64,
    /// Further reports that were left out, which may be of the same exchanges, or may not match.
    #[serde(skip_serializing_if = "is_none")]
    pub doubtful: u64,
    /// Records that were freed before they could be looked at.
    #[serde(skip_serializing_if = "is_none")]
    pub gone: u64,
    /// Where to go on after a break: the key `after` of a live query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}
