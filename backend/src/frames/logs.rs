//! Records as lines of a log.

use goldwire_answer::table::Table;
use serde_json::{Map, Value};

use super::{
    Frame, FrameField,
    rows::{Rows, hash},
};

pub(super) fn frame(table: &Table) -> Frame {
    let rows = Rows::of(table);
    let lines = || 0..rows.count();
    Frame::new("logs")
        .of("log-lines", [0, 0])
        .shown_as("logs")
        .field(FrameField::times("timestamp", lines().map(|row| rows.millis("time", row))))
        .field(FrameField::texts("body", lines().map(|row| body(&rows, row))))
        .field(FrameField::texts("severity", lines().map(|row| severity(&rows, row))))
        .field(FrameField::texts("id", lines().map(|row| id(&rows, row))))
        .field(FrameField::json("labels", lines().map(|row| labels(&rows, row))))
}

/// `web -> api: GET /v1/items 200 in 12.3 ms`
fn body(rows: &Rows<'_>, row: usize) -> String {
    let end = |side: &str| {
        rows.shown(&format!("{side}.workload"), row)
            .or_else(|| rows.shown(&format!("{side}.address"), row))
            .unwrap_or_else(|| "?".to_owned())
    };
    let mut body = format!("{} -> {}:", end("source"), end("destination"));
    for part in rows.summary(row) {
        body.push(' ');
        body.push_str(&part);
    }
    body
}

fn severity(rows: &Rows<'_>, row: usize) -> &'static str {
    let client_fault = rows.number("http.response.status_code", row).is_some_and(|status| status >= 400.0);
    let dropped = rows.shown("drop.reason", row).is_some();
    let refused = rows.shown("verdict", row).is_some_and(|verdict| verdict != "forwarded");
    if rows.is_error(row) {
        "error"
    } else if client_fault || dropped || refused || rows.shown("error.type", row).is_some() {
        "warning"
    } else {
        "info"
    }
}

/// Told apart by all that the row has; the same record has the same id in every answer.
fn id(rows: &Rows<'_>, row: usize) -> String {
    format!("{:016x}", hash(&rows.all(row)))
}

fn labels(rows: &Rows<'_>, row: usize) -> Value {
    let names = rows.names().filter(|name| !matches!(*name, "time" | "start"));
    let labels: Map<String, Value> =
        names.filter_map(|name| Some((name.to_owned(), rows.shown(name, row)?.into()))).collect();
    Value::Object(labels)
}
