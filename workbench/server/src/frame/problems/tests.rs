use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, LargeStringArray, StringArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use serde_json::{Value, json};

use super::*;
use crate::frame::FrameField;

fn field(name: &str, values: ArrayRef) -> FrameField {
    FrameField { name: name.into(), labels: Default::default(), config: Value::Null, nullable: true, values }
}

fn texts(name: &str, values: &[&str]) -> FrameField {
    field(name, Arc::new(StringArray::from(values.to_vec())))
}

fn numbers(name: &str, values: &[f64]) -> FrameField {
    field(name, Arc::new(Float64Array::from(values.to_vec())))
}

fn times(values: &[i64]) -> FrameField {
    field("time", Arc::new(TimestampNanosecondArray::from(values.to_vec())))
}

fn frame(meta: Value, fields: Vec<FrameField>) -> Frame {
    Frame { name: "f".into(), ref_id: "A".into(), meta, fields }
}

fn series(times_ns: &[i64]) -> Frame {
    let meta = json!({"type": "timeseries-multi", "typeVersion": [0, 1]});
    frame(meta, vec![times(times_ns), numbers("value", &vec![1.0; times_ns.len()])])
}

fn graph(ids: &[&str], targets: &[&str]) -> Vec<Frame> {
    let meta = || json!({"preferredVisualisationType": "nodeGraph"});
    let edge_ids: Vec<String> = (0..targets.len()).map(|n| n.to_string()).collect();
    let edge_ids: Vec<&str> = edge_ids.iter().map(String::as_str).collect();
    let sources = vec![ids[0]; targets.len()];
    let edges = vec![texts("id", &edge_ids), texts("source", &sources), texts("target", targets)];
    vec![frame(meta(), vec![texts("id", ids)]), frame(meta(), edges)]
}

#[test]
fn sound_frames_have_no_problems() {
    assert_eq!(series(&[1, 2]).problems(), [""; 0]);
    assert_eq!(problems_of(&graph(&["a", "b"], &["b"])), [""; 0]);
}

#[test]
fn unreadable_types_and_repeated_fields_are_named() {
    let large: ArrayRef = Arc::new(LargeStringArray::from(vec!["x"]));
    let late: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1]));
    let found = frame(Value::Null, vec![field("a", large), field("b", late.clone()), field("b", late)]).problems();
    assert!(found[0].contains("field a: Arrow type LargeUtf8"), "{found:?}");
    assert!(found[1].contains("field b: Arrow type Timestamp(ms)"), "{found:?}");
    assert!(found.last().unwrap().contains("not unique"), "{found:?}");
}

#[test]
fn series_must_ascend_and_hold_no_gaps() {
    assert_eq!(series(&[2, 1]).problems(), ["f: field time: times are not ascending"]);
    let mut gap = series(&[1, 2]);
    gap.fields[1].values = Arc::new(Float64Array::from(vec![Some(1.0), None]));
    assert_eq!(gap.problems(), ["f: field value: a gap is no row, not a null"]);
    let twice = problems_of(&[series(&[1]), series(&[1])]);
    assert!(twice[0].contains("two series value"), "{twice:?}");
}

#[test]
fn an_edge_needs_its_nodes() {
    assert_eq!(problems_of(&graph(&["a"], &["b"])), ["an edge's target \"b\" is not among the nodes"]);
    assert_eq!(problems_of(&graph(&["a", "a"], &[])), ["f: field id: a is empty or there twice"]);
}

#[test]
fn arcs_make_a_circle_and_have_colours() {
    let mut nodes = graph(&["a"], &[]).remove(0);
    nodes.fields.push(numbers("arc__ok", &[0.5]));
    let found = nodes.problems();
    assert!(found[0].contains("no config.color.fixedColor"), "{found:?}");
    assert!(found[1].contains("add up to 0.5"), "{found:?}");
}

#[test]
fn a_trace_needs_span_ids() {
    let fields = REQUIRED_TEXTS.iter().map(|name| texts(name, &["", "x"])).collect();
    let mut trace = frame(json!({"preferredVisualisationType": "trace"}), fields);
    trace.fields.extend([numbers("startTime", &[1.0, 2.0]), numbers("duration", &[1.0, 2.0])]);
    assert_eq!(trace.problems(), ["f: row 0 has no spanID, which blanks the trace"]);
}

const REQUIRED_TEXTS: [&str; 5] = ["traceID", "spanID", "parentSpanID", "operationName", "serviceName"];

#[test]
fn meta_is_checked() {
    let meta = json!({"typeVersion": "0.1", "notices": [{"text": "late"}], "channel": "ds/x/a b"});
    let found = frame(meta, Vec::new()).problems();
    assert_eq!(found.len(), 3, "{found:?}");
}
