//! Records as text: what lines of a log and spans of a trace say.

use goldwire_answer::{
    column::Column,
    table::{NamedColumn, Table},
};
use goldwire_model::record::ExchangeError;

use super::numbers::{bytes, seconds};

/// Rows of a table by the names of its columns.
pub(super) struct Rows<'a> {
    columns: &'a [NamedColumn],
}

impl<'a> Rows<'a> {
    pub(super) fn of(table: &'a Table) -> Self {
        Self { columns: &table.columns }
    }

    pub(super) fn count(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.columns.iter().map(|column| &*column.name)
    }

    fn column(&self, name: &str) -> Option<&'a Column> {
        self.columns.iter().find(|column| &*column.name == name).map(|column| &column.values)
    }

    /// All values of a row as one text.
    pub(super) fn all(&self, row: usize) -> String {
        let values = self.names().map(|name| self.shown(name, row).unwrap_or_default());
        values.collect::<Vec<_>>().join("\u{1f}")
    }

    /// A value as text; `None` where it is absent or empty.
    pub(super) fn shown(&self, name: &str, row: usize) -> Option<String> {
        match self.column(name)? {
            Column::Text(values) => values[row].as_deref().filter(|text| !text.is_empty()).map(str::to_owned),
            Column::Integer(values) | Column::Time(values) => values[row].map(|value| value.to_string()),
            Column::Float(values) => values[row].map(|value| value.to_string()),
        }
    }

    pub(super) fn number(&self, name: &str, row: usize) -> Option<f64> {
        match self.column(name)? {
            Column::Text(values) => values[row].as_deref()?.parse().ok(),
            Column::Integer(values) => values[row].map(|value| value as f64),
            Column::Time(values) => values[row].map(|nanoseconds| nanoseconds as f64 / 1e6),
            Column::Float(values) => values[row],
        }
    }

    /// Whether it counts as an error, and not as the choice of its client.
    pub(super) fn is_error(&self, row: usize) -> bool {
        let error = self.shown("error.type", row);
        error.is_some_and(|error| error.parse::<ExchangeError>().is_ok_and(ExchangeError::is_counted))
    }

    /// Milliseconds since the epoch; 0 where the row has no such time.
    pub(super) fn millis(&self, name: &str, row: usize) -> i64 {
        match self.column(name) {
            Some(Column::Time(values)) => values[row].unwrap_or(0).div_euclid(1_000_000),
            _ => 0,
        }
    }

    /// What happened, in a few words.
    pub(super) fn summary(&self, row: usize) -> Vec<String> {
        let text = |name: &str| self.shown(name, row);
        let mut parts: Vec<String> = vec![self.operation(row)];
        parts.extend(text("http.response.status_code"));
        parts.extend(text("rpc.status_code").map(|code| format!("status {code}")));
        parts.extend(text("dns.response_code"));
        parts.extend(text("drop.reason").map(|reason| format!("dropped: {reason}")));
        // Of a drop it is said already.
        parts.extend(text("verdict").filter(|verdict| verdict != "forwarded" && text("drop.reason").is_none()));
        parts.extend(text("ending"));
        parts.extend(text("error.type").map(|error| format!("({error})")));
        let sizes = self.number("bytes_sent", row).zip(self.number("bytes_received", row));
        parts
            .extend(sizes.map(|(sent, received)| format!("{} out, {} in", bytes(sent as u64), bytes(received as u64))));
        let took = self.number("latency", row).or_else(|| self.number("duration", row));
        parts.extend(took.map(|took| format!("in {}", seconds(took))));
        parts.retain(|part| !part.is_empty());
        parts
    }

    /// `GET /v1/{id}`, `service/Method`, `A example.com`: as far as it is known, else the protocol.
    pub(super) fn operation(&self, row: usize) -> String {
        let text = |name: &str| self.shown(name, row);
        let pair = |first: Option<String>, second: Option<String>| {
            let parts: Vec<String> = [first, second].into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        };
        let path = text("http.route").or_else(|| text("url.path"));
        text("rpc.method")
            .or_else(|| pair(text("http.request.method"), path))
            .or_else(|| pair(text("dns.question.type"), text("dns.question.name")))
            .or_else(|| pair(text("db.operation"), text("db.target")))
            .or_else(|| text("messaging.destination"))
            .or_else(|| pair(text("process.event"), text("process.name")))
            .or_else(|| text("network.protocol"))
            .or_else(|| text("network.transport"))
            .unwrap_or_default()
    }
}

/// FNV-1a: small, and the same in every version of this program.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
