//! Time series: one frame a series, so that alert rules see the labels.

use std::collections::BTreeMap;

use goldwire_answer::table::Series;
use goldwire_model::query::{Query, QueryKind};

use super::{Frame, FrameField};

pub(super) fn frames(series: &[Series], query: &Query) -> Vec<Frame> {
    let (signals, step) = match &query.kind {
        QueryKind::Signals { signals, step_millis, .. } => (signals.len(), *step_millis),
        _ => (0, None),
    };
    series.iter().map(|one| frame(one, signals > 1, step)).collect()
}

fn frame(series: &Series, several_signals: bool, step: Option<i64>) -> Frame {
    let labels: BTreeMap<String, String> =
        series.labels.iter().map(|(field, value)| (field.name().into_owned(), value.to_string())).collect();
    // Alert rules want no nulls. Panels find the gaps by the interval.
    let known = || series.times.iter().zip(&series.values).filter_map(|(time, value)| Some((*time, (*value)?)));
    let mut times = FrameField::times("time", known().map(|(time, _)| time));
    if let Some(step) = step {
        times = times.with("interval", step);
    }
    let values = FrameField::numbers(series.signal.name(), known().map(|(_, value)| value))
        .labelled(labels)
        .unit(Some(series.signal.unit()))
        .with("displayNameFromDS", display_name(series, several_signals));
    Frame::new(series.signal.name()).of("timeseries-multi", [0, 1]).shown_as("graph").field(times).field(values)
}

/// What a legend has room for: the labels, and the signal where there are several.
fn display_name(series: &Series, several_signals: bool) -> String {
    let labels: Vec<&str> =
        series.labels.iter().map(|(_, value)| if value.is_empty() { "(none)" } else { &**value }).collect();
    let labels = labels.join(" · ");
    match (labels.is_empty(), several_signals) {
        (true, _) => series.signal.title().to_owned(),
        (false, true) => format!("{labels}: {}", series.signal.title()),
        (false, false) => labels,
    }
}
