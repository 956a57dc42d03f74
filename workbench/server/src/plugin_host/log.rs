//! The plugin's log: JSON lines in hclog's form on stderr.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};

/// How many lines are kept; older ones are dropped.
const KEPT_LINES: usize = 10_000;

/// One line of the plugin's log, as parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// `trace`, `debug`, `info`, `warn` or `error`; `unparsed` for a line that is no JSON object.
    pub level: String,
    /// The message, or the whole line where it could not be parsed.
    pub message: String,
    /// All that the line held.
    pub entry: Value,
}

/// The last lines of a plugin's log.
#[derive(Debug, Default)]
pub(super) struct LogLines {
    lines: Mutex<VecDeque<LogEntry>>,
}

impl LogLines {
    pub(super) fn push(&self, line: &str) {
        let entry = parse_line(line);
        tracing::debug!(target: "plugin", level = entry.level, "{}", entry.message);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(entry);
    }

    pub(super) fn entries(&self) -> Vec<LogEntry> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The newest messages, oldest of them first, as one text.
    pub(super) fn last_messages(&self, count: usize) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let from = lines.len().saturating_sub(count);
        lines.iter().skip(from).map(|entry| entry.message.as_str()).collect::<Vec<_>>().join("; ")
    }
}

/// Grafana logs a line that is no JSON object as it stands.
fn parse_line(line: &str) -> LogEntry {
    let entry = serde_json::from_str(line)
        .ok()
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({"@level": "unparsed", "@message": line}));
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    LogEntry { level: text("@level"), message: text("@message"), entry }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hclog_lines_are_parsed_and_others_kept() {
        let log = LogLines::default();
        log.push(r#"{"@level":"warn","@message":"node is late","node":"a"}"#);
        log.push("panicked at main.rs");
        let entries = log.entries();
        assert_eq!((entries[0].level.as_str(), entries[0].message.as_str()), ("warn", "node is late"));
        assert_eq!(entries[0].entry["node"], "a");
        assert_eq!((entries[1].level.as_str(), entries[1].message.as_str()), ("unparsed", "panicked at main.rs"));
        assert_eq!(log.last_messages(1), "panicked at main.rs");
    }

    #[test]
    fn old_lines_make_room() {
        let log = LogLines::default();
        (0..=KEPT_LINES).for_each(|n| log.push(&n.to_string()));
        assert_eq!(log.entries().len(), KEPT_LINES);
        assert_eq!(log.entries()[0].message, "1");
    }
}
