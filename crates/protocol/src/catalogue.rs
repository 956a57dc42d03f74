//! What can be asked for: the fields and signals, as JSON for completion and documentation. The node's actions `fields`
//! and `signals` and the plugin's resources of the same names answer this.

use goldwire_model::{
    field::{Field, Kind, Table},
    signal::Signal,
};
use serde::Serialize;

/// A field, for whoever completes or explains it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldEntry {
    /// As it is written in filters and queries.
    pub name: String,
    /// `text`, `address`, `integer`, `duration`, `bytes`, `number` or `time`.
    pub kind: &'static str,
    /// The tables that have it.
    pub tables: Vec<Table>,
    /// It can be grouped by.
    pub groupable: bool,
    /// It can stand in a filter.
    pub filterable: bool,
    /// A sentence on it.
    pub description: &'static str,
}

/// A signal, for whoever completes or explains it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SignalEntry {
    /// As it is written in queries.
    pub name: &'static str,
    /// As people read it.
    pub title: &'static str,
    /// Grafana's name of its unit.
    pub unit: &'static str,
    /// The table that it comes from.
    pub table: Table,
    /// A sentence on it.
    pub description: &'static str,
    /// It can be shown as a heatmap.
    pub heatmap: bool,
}

/// All fields but labels, which every node has its own of.
#[must_use]
pub fn fields() -> Vec<FieldEntry> {
    let entry = |field: Field| FieldEntry {
        name: field.name().into_owned(),
        kind: kind_name(field.kind()),
        tables: field.tables().to_vec(),
        groupable: field.is_groupable(),
        filterable: true,
        description: field.description(),
    };
    Field::all().map(entry).collect()
}

/// All signals.
#[must_use]
pub fn signals() -> Vec<SignalEntry> {
    let entry = |signal: &Signal| SignalEntry {
        name: signal.name(),
        title: signal.title(),
        unit: signal.unit(),
        table: signal.table(),
        description: signal.description(),
        heatmap: signal.heatmap_measure().is_some(),
    };
    Signal::all().iter().map(entry).collect()
}

const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Address => "address",
        Kind::Integer => "integer",
        Kind::Duration => "duration",
        Kind::Bytes => "bytes",
        Kind::Number => "number",
        Kind::Time => "time",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_and_signal_is_explained() {
        assert!(fields().iter().all(|entry| !entry.description.is_empty() && !entry.tables.is_empty()));
        assert!(signals().iter().all(|entry| !entry.description.is_empty() && !entry.title.is_empty()));
    }
}
