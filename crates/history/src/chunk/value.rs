//! One value of a field, borrowed from where it is stored.

use std::net::IpAddr;

use goldwire_model::record::Text;

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// The record has no such thing, and that is certain.
    Absent,
    /// This node cannot know: identity of an end that runs elsewhere.
    Unknown,
    Text(&'a str),
    /// The keys of labels; written one below the other, as in a [`Value::Text`] of them.
    Keys(&'a [(Text, Text)]),
    Address(IpAddr),
    Integer(i64),
}

/// The keys of labels in one text. No key has such a character, and if one had, it would be told as two.
pub(crate) fn keys_text(labels: &[(Text, Text)]) -> String {
    let keys: Vec<&str> = labels.iter().map(|(key, _)| &**key).collect();
    keys.join(KEYS_BETWEEN)
}

/// Stands between the keys.
pub(crate) const KEYS_BETWEEN: &str = "\n";

/// The identity of everything that was counted together because the bound on series was reached.
pub(crate) const OTHER: &str = "other";
