//! Tables: rows, aggregates, values.

use std::sync::Arc;

use goldwire_answer::table::{NamedColumn, Table};
use goldwire_model::query::{Query, QueryKind};
use serde_json::{Value, json};

use super::{Frame, FrameField, Links};

pub(super) fn frame(table: &Table, query: &Query, links: &Links) -> Frame {
    let mut frame = Frame::new(name(query)).shown_as("table");
    let connection = connection_link(table, query, links);
    for column in &table.columns {
        let mut field = FrameField::column(&column.name, &column.values).unit(column.unit);
        let mut of_field = Vec::new();
        match &*column.name {
            "trace.id" => of_field.push(links.trace()),
            "source.address" | "destination.address" => of_field.extend(connection.clone()),
            _ => {}
        }
        if !of_field.is_empty() {
            field = field.with("links", of_field);
        }
        frame = frame.field(field);
    }
    frame
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
    if matches!(&query.kind, QueryKind::Rows { table: goldwire_model::field::Table::Flows, .. }) {
        return None;
    }
    let has = |name: &str| table.columns.iter().any(|column: &NamedColumn| &*column.name == name);
    if !CONNECTION.iter().all(|(column, _)| has(column)) {
        return None;
    }
    let conditions = CONNECTION.map(|(column, field)| format!("{field} = ${{__data.fields[\"{column}\"]}}"));
    let query = json!({ "queryType": "flows", "filter": conditions.join(" and ") });
    Some(links.here("Flows of this connection", &query))
}

pub(super) fn values(values: &[Arc<str>]) -> Frame {
    Frame::new("values").shown_as("table").field(FrameField::texts("value", values))
}
