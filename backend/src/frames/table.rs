//! Tables: rows, aggregates, values.

use std::sync::Arc;

use goldwire_answer::table::{NamedColumn, Table};
use goldwire_model::{
    field::Table as Kind,
    query::{Query, QueryKind},
};
use serde_json::{Value, json};

use super::{Frame, FrameField, Links};

pub(super) fn frame(table: &Table, query: &Query, links: &Links) -> Frame {
    let mut frame = Frame::new(name(query)).shown_as("table");
    let connection = connection_link(table, query, links);
    for column in &table.columns {
        let mut field = FrameField::column(&column.name, &column.values).unit(column.unit);
        let of_field: Vec<Value> = match &*column.name {
            "trace.id" => vec![links.trace()],
            "source.address" | "destination.address" => connection.iter().cloned().collect(),
            other => process_links(other, table, links),
        };
        if !of_field.is_empty() {
            field = field.with("links", of_field);
        }
        frame = frame.field(field);
    }
    frame
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

/// The columns that name a connection, and how its flow is found by them.
const CONNECTION: [(&str, &str); 4] = [
    ("source.address", "source.address"),
    ("source.port", "source.port"),
    ("destination.address", "destination.address"),
    ("destination.port", "destination.port"),
];

/// From a row of anything but flows to the flow of its connection.
fn connection_link(table: &Table, query: &Query, links: &Links) -> Option<Value> {
    if matches!(&query.kind, QueryKind::Rows { table: Kind::Flows, .. }) {
        return None;
    }
    if !CONNECTION.iter().all(|(column, _)| has(table, column)) {
        return None;
    }
    let conditions = CONNECTION.map(|(column, field)| format!("{field} = ${{__data.fields[\"{column}\"]}}"));
    let query = json!({ "queryType": "flows", "filter": conditions.join(" and ") });
    Some(links.here("Flows of this connection", &query))
}

pub(super) fn values(values: &[Arc<str>]) -> Frame {
    Frame::new("values").shown_as("table").field(FrameField::texts("value", values))
}
