//! Exchanges that bear a trace's id, as the trace's spans.
//!
//! An exchange is seen from outside: its header names the caller's span, which is not among what was seen. So each
//! exchange gets a span id of its own, and its parent is the exchange during which it happened at the workload that
//! made it.

use goldwire_answer::table::Table;
use serde_json::{Value, json};

use super::{
    Frame, FrameField,
    rows::{Rows, hash},
};

/// One exchange as a span. Times in milliseconds.
struct Span {
    trace: String,
    id: String,
    parent: String,
    source: String,
    service: String,
    start: f64,
    duration: f64,
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
        .field(text("serviceName", &|span| span.service.clone()))
        .field(json("serviceTags", &|span| service_tags(&rows, span.row)))
        .field(FrameField::numbers("startTime", spans.iter().map(|span| span.start)))
        .field(FrameField::numbers("duration", spans.iter().map(|span| span.duration)))
        .field(text("kind", &|_| "server".to_owned()))
        .field(FrameField::integers("statusCode", spans.iter().map(|span| status(&rows, span.row))))
        .field(json("tags", &|span| tags(&rows, span.row)))
}

fn spans(rows: &Rows<'_>) -> Vec<Span> {
    // A row without the trace's id is of no trace.
    let mut spans: Vec<Span> =
        (0..rows.count()).filter_map(|row| Some(span(rows, row, rows.shown("trace.id", row)?))).collect();
    spans.sort_by(|a, b| a.start.total_cmp(&b.start));
    let parents: Vec<Option<usize>> = (0..spans.len()).map(|number| parent(&spans, number)).collect();
    for (number, parent) in parents.into_iter().enumerate() {
        if let Some(parent) = parent {
            spans[number].parent = spans[parent].id.clone();
        }
    }
    spans
}

fn span(rows: &Rows<'_>, row: usize, trace: String) -> Span {
    let end = |side: &str| rows.shown(&format!("{side}.workload"), row).unwrap_or_else(|| "unknown".to_owned());
    let finished = rows.number("time", row).unwrap_or(0.0);
    let start = rows.number("start", row).unwrap_or(finished);
    let duration = rows.number("latency", row).map_or(finished - start, |latency| latency * 1e3).max(0.0);
    Span {
        // Two exchanges may be alike in all that is shown.
        id: format!("{:016x}", hash(&format!("{row} {}", rows.all(row)))),
        trace,
        parent: String::new(),
        source: end("source"),
        service: end("destination"),
        start,
        duration,
        row,
    }
}

/// The exchange within which this one was made: served by its source, around it in time, begun last.
fn parent(spans: &[Span], number: usize) -> Option<usize> {
    // Clocks of two nodes are never quite the same.
    const TOLERANCE: f64 = 5.0;
    let span = &spans[number];
    (0..spans.len())
        .filter(|other| *other != number)
        .filter(|other| {
            let other = &spans[*other];
            other.trace == span.trace
                && other.service == span.source
                && other.duration > span.duration
                && other.start - TOLERANCE <= span.start
                && span.start + span.duration <= other.start + other.duration + TOLERANCE
        })
        .max_by(|a, b| spans[*a].start.total_cmp(&spans[*b].start))
}

/// OpenTelemetry's: 0 is unset, 2 is an error.
fn status(rows: &Rows<'_>, row: usize) -> i64 {
    if rows.shown("error.type", row).is_some() { 2 } else { 0 }
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
    let error = rows.shown("error.type", row).map(|_| json!({ "key": "error", "value": true }));
    own.chain(error).collect()
}
