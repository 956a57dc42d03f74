//! Rules for frames that run along time: series, heatmaps and log lines.

use arrow_array::Array;
use std::collections::HashSet;

use super::{Kind, kind, missing};
use crate::frame::{Frame, FrameField};

/// A time series: one time field, ascending, and numbers beside it.
pub(super) fn problems(frame: &Frame) -> Vec<String> {
    let mut found = problems_of_time(frame, "ascending", |earlier, later| earlier < later);
    let numbers: Vec<&FrameField> = frame.fields.iter().filter(|field| field.is_number()).collect();
    if numbers.is_empty() && frame.row_count() > 0 {
        found.push("a time series has no number field".to_owned());
    }
    let multi = frame.meta["type"] == "timeseries-multi";
    if multi && numbers.len() > 1 {
        found.push(format!("timeseries-multi holds one series a frame, not {}", numbers.len()));
    }
    for field in numbers.iter().filter(|field| field.numbers().contains(&None)) {
        found.push(format!("field {}: a gap is no row, not a null", field.name));
    }
    if frame.meta["typeVersion"].is_null() {
        found.push("meta.type without meta.typeVersion is ignored by alerting".to_owned());
    }
    found
}

/// Each series must be told from the others by its name and labels.
pub(super) fn problems_together(frames: &[Frame]) -> Vec<String> {
    let mut seen = HashSet::new();
    let series = frames.iter().filter(|frame| kind(frame) == Kind::TimeSeries);
    let fields = series.flat_map(|frame| frame.fields.iter().map(move |field| (frame, field)));
    fields
        .filter(|(_, field)| field.is_number())
        .filter(|(frame, field)| !seen.insert((&frame.ref_id, &frame.name, &field.name, &field.labels)))
        .map(|(_, field)| format!("two series {} have the labels {:?}", field.name, field.labels))
        .collect()
}

pub(super) fn problems_of_heatmap(frame: &Frame) -> Vec<String> {
    if frame.meta["type"] == "heatmap-rows" {
        return problems_of_time(frame, "ascending", |earlier, later| earlier < later);
    }
    let mut found = problems_of_time(frame, "never descending", |earlier, later| earlier <= later);
    let has = |names: &[&str]| names.iter().any(|name| frame.field(name).is_some());
    if !has(&["y", "yMin", "yMax"]) {
        found.push("heatmap-cells has none of the fields y, yMin and yMax".to_owned());
    }
    if !has(&["xMin", "xMax", "x"]) {
        found.push("heatmap-cells has none of the fields x, xMin and xMax".to_owned());
    }
    found
}

pub(super) fn problems_of_logs(frame: &Frame) -> Vec<String> {
    let mut found = missing(frame, &["timestamp", "body"]);
    if frame.meta["type"] != "log-lines" {
        found.push("log lines without meta.type log-lines".to_owned());
    }
    let nulls = |name: &str| frame.field(name).is_some_and(|field| field.values.null_count() > 0);
    let with_nulls = ["timestamp", "body"].into_iter().filter(|name| nulls(name));
    found.extend(with_nulls.map(|name| format!("field {name}: has nulls")));
    found
}

fn problems_of_time(frame: &Frame, order: &str, in_order: fn(i64, i64) -> bool) -> Vec<String> {
    let Some(time) = frame.fields.iter().find(|field| field.is_time()) else {
        return if frame.fields.is_empty() { Vec::new() } else { vec!["has no time field".to_owned()] };
    };
    let times = time.times_ns();
    if times.contains(&None) {
        return vec![format!("field {}: has times that are null or not in nanoseconds", time.name)];
    }
    let known: Vec<i64> = times.into_iter().flatten().collect();
    let sorted = known.windows(2).all(|pair| in_order(pair[0], pair[1]));
    if sorted { Vec::new() } else { vec![format!("field {}: times are not {order}", time.name)] }
}
