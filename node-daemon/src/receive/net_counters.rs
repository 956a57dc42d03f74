//! Counters of the calling thread's network namespace, as `/proc/net` has them.

use std::fs;

/// A counter's name and value.
pub(super) type Counter<'a> = (&'a str, &'a str);

/// The text of a file, such as `snmp`; it is not there where the namespace cannot be read.
pub(super) fn read(file: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/thread-self/net/{file}")).ok()
}

/// The counters of a group. Such a file has pairs of lines: names, then values, both beginning with the group.
pub(super) fn of_group<'a>(text: &'a str, group: &str) -> Option<impl Iterator<Item = Counter<'a>> + Clone + use<'a>> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(group)?.strip_prefix(':'));
    let (names, values) = (lines.next()?, lines.next()?);
    Some(names.split_ascii_whitespace().zip(values.split_ascii_whitespace()))
}
