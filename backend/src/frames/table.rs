//! Tables: rows, aggregates, values.

use std::sync::Arc;

use goldwire_answer::{
    column::Column,
    table::{NamedColumn, Table},
};
use goldwire_model::{
    field::{Field, Table as Kind},
    query::{Query, QueryKind},
};
use serde_json::{Map, Value, json};

use super::{
    Frame, FrameField, Links,
    links::{LINKED_ROWS, cell_of, number, text},
};

pub(super) fn frame(table: &Table, query: &Query, links: &Links) -> Frame {
    let mut frame = Frame::new(name(query)).shown_as("table");
    let connection = connection_link(table, query, links);
    for column in &table.columns {
        // A panel's unit must not be put behind names that look like numbers: links read what is shown.
        let of_names = matches!(column.values, Column::Text(_)).then_some("string");
        let mut field = FrameField::column(&column.name, &column.values).unit(column.unit.or(of_names));
        let mut of_field: Vec<Value> = match &*column.name {
            "trace.id" => vec![links.trace()],
            "source.address" | "destination.address" => connection.iter().cloned().collect(),
            other => process_links(other, table, links),
        };
        if is_filterable(&column.name) {
            field = field.with("filterable", true);
        }
        of_field.extend(group_link(&column.name, table, query, links));
        if !of_field.is_empty() {
            field = field.with("links", of_field);
        }
        frame = frame.field(field);
    }
    frame
}

/// A click on a value may filter for it: measures are seldom the same twice.
fn is_filterable(column: &str) -> bool {
    Field::parse(column).is_ok_and(|field| field.is_groupable())
}

/// Between records and the processes at their ends, where the row says enough to find them.
fn process_links(column: &str, table: &Table, links: &Links) -> Vec<Value> {
    let has = |names: [&str; 2]| names.iter().all(|name| has(table, name));
    match column {
        "source.pid" | "source.process" if has(["source.pid", "source.node"]) => vec![links.process_of_end("source")],
        "destination.pid" | "destination.process" if has(["destination.pid", "destination.node"]) => {
            vec![links.process_of_end("destination")]
        }
        "process.parent_pid" if has(["process.parent_pid", "node.name"]) => vec![links.parent()],
        "process.pid" | "process.name" if has(["process.pid", "node.name"]) => vec![
            links.of_process("Flows of this process", Kind::Flows),
            links.of_process("Requests of this process", Kind::Requests),
        ],
        _ => Vec::new(),
    }
}

fn has(table: &Table, name: &str) -> bool {
    table.columns.iter().any(|column: &NamedColumn| &*column.name == name)
}

fn name(query: &Query) -> &'static str {
    match &query.kind {
        QueryKind::Rows { table, .. } => table.name(),
        _ => "table",
    }
}

/// The columns that name a connection.
const CONNECTION: [&str; 4] = ["source.address", "source.port", "destination.address", "destination.port"];

/// From a row of anything but flows to the flow of its connection.
fn connection_link(table: &Table, query: &Query, links: &Links) -> Option<Value> {
    if matches!(&query.kind, QueryKind::Rows { table: Kind::Flows, .. }) {
        return None;
    }
    if !CONNECTION.iter().all(|column| has(table, column)) {
        return None;
    }
    let transport = Some("network.transport").filter(|column| has(table, column));
    let wanted: Vec<&str> = CONNECTION.into_iter().chain(transport).collect();
    let values = cells(table, |column| wanted.contains(&column));
    Some(links.here("Flows of this connection", &json!({ "queryType": "flows", "where": values })))
}

/// From a row of an aggregated table to the records that it was made from.
fn group_link(column: &str, table: &Table, query: &Query, links: &Links) -> Option<Value> {
    let QueryKind::Table { table: of, group_by, .. } = &query.kind else { return None };
    let is_key = |name: &str| group_by.iter().any(|field| field.name() == name);
    if !is_key(column) {
        return None;
    }
    let filter = links.filter.of_table(*of)?.to_string();
    let values = cells(table, is_key);
    let query = json!({ "queryType": of.name(), "filter": filter, "where": values, "limit": LINKED_ROWS });
    Some(links.here(&format!("{} of this group", title(*of)), &query))
}

/// A table's records, as a title begins.
pub(super) const fn title(table: Kind) -> &'static str {
    match table {
        Kind::Flows => "Flows",
        Kind::Requests => "Requests",
        Kind::Drops => "Drops",
        Kind::Processes => "Processes",
    }
}

/// The cells of the clicked row in these columns, by the fields that they are of.
fn cells(table: &Table, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
    let columns = table.columns.iter().enumerate().filter(|(_, column)| wanted(&column.name));
    let cell = |place: usize, column: &NamedColumn| match &column.values {
        Column::Text(_) => text(&cell_of(place, &column.name)),
        Column::Integer(_) | Column::Float(_) | Column::Time(_) => number(&cell_of(place, &column.name)),
    };
    columns.map(|(place, column)| (column.name.to_string(), cell(place, column).into())).collect()
}

pub(super) fn values(values: &[Arc<str>]) -> Frame {
    Frame::new("values").shown_as("table").field(FrameField::texts("value", values))
}
