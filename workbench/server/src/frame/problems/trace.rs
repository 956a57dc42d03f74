//! Rules for a trace.

use std::collections::HashSet;

use super::missing;
use crate::frame::Frame;

/// In just this spelling.
const REQUIRED: [&str; 7] =
    ["traceID", "spanID", "parentSpanID", "operationName", "serviceName", "startTime", "duration"];

pub(super) fn problems(frame: &Frame) -> Vec<String> {
    let mut found = missing(frame, &REQUIRED);
    found.extend(problems_of_spans(frame));
    for name in ["startTime", "duration"] {
        if frame.field(name).is_some_and(|field| !field.is_number() && !field.is_time()) {
            found.push(format!("field {name}: must be a number of milliseconds"));
        }
    }
    found
}

/// One row without its own id blanks the whole trace.
fn problems_of_spans(frame: &Frame) -> Vec<String> {
    let Some(spans) = frame.field("spanID") else { return Vec::new() };
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (row, span) in spans.texts().into_iter().enumerate() {
        match span {
            None | Some("") => found.push(format!("row {row} has no spanID, which blanks the trace")),
            Some(id) if !seen.insert(id) => found.push(format!("two rows have the spanID {id:?}")),
            Some(_) => {}
        }
    }
    found
}
