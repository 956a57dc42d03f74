//! Exchanges that bear a trace's id, as the trace's spans.
//!
//! An exchange is seen from outside: its header names the caller's span, which is not among what was seen. So each
//! exchange gets a span id of its own, and its parent is the exchange during which it happened at the workload that
//! made it.

use std::collections::HashMap;

use goldwire_answer::table::Table;
use serde_json::{Value, json};

use super::{
    Frame, FrameField,
    parents::{self, Instance, Made},
    rows::{Rows, hash},
};

/// One exchange as a span. Times in milliseconds.
struct Span {
    trace: String,
    id: String,
    parent: String,
    made: Made,
    row: usize,
}

pub(super) fn frame(table: &Table) -> Frame {
    let rows = Rows::of(table);
    let spans = spans(&rows);
    let text = |name: &str, of: &dyn Fn(&Span) -> String| FrameField::texts(name, spans.iter().map(of));
    let json = |name: &str, of: &dyn Fn(&Span) -> Value| FrameField::json(name, spans.iter().map(of));
    Frame::new("trace")
        .shown_as("trace")
        .field(text("traceID", &|span| span.trace.clone()))
        .field(text("spanID", &|span| span.id.clone()))
        .field(text("parentSpanID", &|span| span.parent.clone()))
        .field(text("operationName", &|span| rows.operation(span.row)))
        .field(text("serviceName", &|span| span.made.server.workload.clone()))
        .field(json("serviceTags", &|span| service_tags(&rows, span.row)))
        .field(FrameField::numbers("startTime", spans.iter().map(|span| span.made.start)))
        .field(FrameField::numbers("duration", spans.iter().map(|span| span.made.end - span.made.start)))
        .field(text("kind", &|_| "server".to_owned()))
        .field(FrameField::integers("statusCode", spans.iter().map(|span| status(&rows, span.row))))
        .field(json("tags", &|span| tags(&rows, span.row)))
}

fn spans(rows: &Rows<'_>) -> Vec<Span> {
    // A row without the trace's id is of no trace.
    let mut spans: Vec<Span> =
        (0..rows.count()).filter_map(|row| Some(span(rows, row, rows.shown("trace.id", row)?))).collect();
    spans.sort_by(|a, b| a.made.start.total_cmp(&b.made.start));
    for (child, parent) in parents_of(&spans) {
        spans[child].parent = spans[parent].id.clone();
    }
    spans
}

/// Children and their parents, by number: each trace on its own.
fn parents_of(spans: &[Span]) -> Vec<(usize, usize)> {
    let mut traces: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, span) in spans.iter().enumerate() {
        traces.entry(&span.trace).or_default().push(number);
    }
    let pairs = traces.into_values().flat_map(|numbers| {
        let made: Vec<&Made> = numbers.iter().map(|number| &spans[*number].made).collect();
        let parents = (0..made.len()).filter_map(|child| Some((child, parents::parent(&made, child)?)));
        parents.map(|(child, parent)| (numbers[child], numbers[parent])).collect::<Vec<_>>()
    });
    pairs.collect()
}

fn span(rows: &Rows<'_>, row: usize, trace: String) -> Span {
    let finished = rows.number("time", row).unwrap_or(0.0);
    let start = rows.number("start", row).unwrap_or(finished);
    let duration = rows.number("latency", row).map_or(finished - start, |latency| latency * 1e3).max(0.0);
    let ends = ["source.address", "source.port", "destination.address", "destination.port"];
    let exchange = ends.map(|name| rows.shown(name, row).unwrap_or_default()).join(" ");
    let made = Made {
        client: instance(rows, row, "source"),
        server: instance(rows, row, "destination"),
        clock: rows.shown("node.name", row),
        exchange: format!("{exchange} {}", rows.operation(row)),
        start,
        end: start + duration,
    };
    // Two exchanges may be alike in all that is shown.
    let id = format!("{:016x}", hash(&format!("{row} {}", rows.all(row))));
    Span { trace, id, parent: String::new(), made, row }
}

fn instance(rows: &Rows<'_>, row: usize, side: &str) -> Instance {
    let shown = |what: &str| rows.shown(&format!("{side}.{what}"), row);
    Instance {
        workload: shown("workload").unwrap_or_else(|| "unknown".to_owned()),
        pod: shown("pod"),
        node: shown("node"),
        pid: shown("pid"),
    }
}

/// OpenTelemetry's: 0 is unset, 2 is an error.
fn status(rows: &Rows<'_>, row: usize) -> i64 {
    if rows.is_error(row) { 2 } else { 0 }
}

fn tag(key: &str, value: String) -> Value {
    json!({ "key": key, "value": value })
}

fn service_tags(rows: &Rows<'_>, row: usize) -> Value {
    let names = rows.names().filter(|name| name.starts_with("destination."));
    names.filter_map(|name| Some(tag(name, rows.shown(name, row)?))).collect()
}

fn tags(rows: &Rows<'_>, row: usize) -> Value {
    let names = rows.names().filter(|name| {
        !name.starts_with("destination.") && !matches!(*name, "time" | "start" | "latency" | "trace.id")
    });
    let own = names.filter_map(|name| {
        // In the header stands the caller's span.
        let key = if name == "span.id" { "parent.span.id" } else { name };
        Some(tag(key, rows.shown(name, row)?))
    });
    let error = rows.is_error(row).then(|| json!({ "key": "error", "value": true }));
    own.chain(error).collect()
}
