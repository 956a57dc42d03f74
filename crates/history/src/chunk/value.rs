//! One value of a field, borrowed from where it is stored.

use std::net::IpAddr;

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// The record has no such thing, and that is certain.
    Absent,
    /// This node cannot know: identity of an end that runs elsewhere.
    Unknown,
    Text(&'a str),
    Address(IpAddr),
    Integer(i64),
}

/// The identity of everything that was counted together because the bound on series was reached.
pub(crate) const OTHER: &str = "other";
