//! What the client did.

use std::collections::BTreeMap;

use serde::Serialize;

/// Counts of exchanges, and of bytes that went over its sockets.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Book {
    /// By method, path and status: `GET /status/404 404`; the status is 0 where there was no whole answer.
    pub(crate) exchanges: BTreeMap<String, u64>,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) connections: u64,
}

impl Book {
    pub(crate) fn exchange(&mut self, method: &str, path: &str, status: u16) {
        *self.exchanges.entry(format!("{method} {path} {status}")).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (key, count) in other.exchanges {
            *self.exchanges.entry(key).or_default() += count;
        }
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.connections += other.connections;
    }
}
