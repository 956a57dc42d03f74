//! Time series: one frame a series, so that alert rules see the labels.

use std::collections::BTreeMap;

use goldwire_answer::table::Series;
use goldwire_model::{
    field::{Field, Table},
    filter::{FieldRef, Filter},
    query::{Query, QueryKind},
    signal::Signal,
};
use serde_json::{Value, json};

use super::{Frame, FrameField, Links, links::LINKED_ROWS, table::title};

/// What history and merge call the series of all that got none of its own.
const OTHER: &str = "other";

pub(super) fn frames(series: &[Series], query: &Query, links: &Links) -> Vec<Frame> {
    let (signals, step) = match &query.kind {
        QueryKind::Signals { signals, step_millis, .. } => (signals.len(), *step_millis),
        _ => (0, None),
    };
    series.iter().map(|one| frame(one, signals > 1, step, links)).collect()
}

fn frame(series: &Series, several_signals: bool, step: Option<i64>, links: &Links) -> Frame {
    let labels: BTreeMap<String, String> =
        series.labels.iter().map(|(field, value)| (field.name().into_owned(), value.to_string())).collect();
    // Alert rules want no nulls. Panels find the gaps by the interval.
    let known = || series.times.iter().zip(&series.values).filter_map(|(time, value)| Some((*time, (*value)?)));
    let mut times = FrameField::times("time", known().map(|(time, _)| time));
    if let Some(step) = step {
        times = times.with("interval", step);
    }
    let mut values = FrameField::numbers(series.signal.name(), known().map(|(_, value)| value))
        .labelled(labels)
        .unit(Some(series.signal.unit()))
        .with("displayNameFromDS", display_name(series, several_signals));
    if let Some(link) = records_link(series, links) {
        values = values.with("links", vec![link]);
    }
    Frame::new(series.signal.name()).of("timeseries-multi", [0, 1]).shown_as("graph").field(times).field(values)
}

/// To the records that the series was made from. The rest of all series has none: no filter says what it is.
fn records_link(series: &Series, links: &Links) -> Option<Value> {
    let is_rest = !series.labels.is_empty() && series.labels.iter().all(|(_, value)| &**value == OTHER);
    if is_rest || series.signal.is_node_wide() {
        return None;
    }
    let table = series.signal.table();
    let filter = Filter::and(links.filter.of_table(table)?, records_of(series)?).to_string();
    let query = json!({ "queryType": table.name(), "filter": filter, "limit": LINKED_ROWS });
    Some(links.here(&format!("{} of this series", title(table)), &query))
}

fn records_of(series: &Series) -> Option<Filter> {
    let labels = series.labels.iter().map(|(field, value)| FieldRef::from(field.clone()).exactly(Some(&**value)));
    let protocol = is_of_dns(series.signal).then(|| FieldRef::from(Field::NetworkProtocol).exactly(Some("dns")));
    Some(Filter::all(labels.chain(protocol).collect::<Option<Vec<_>>>()?))
}

/// Signals of one protocol are made from a part of the table only.
fn is_of_dns(signal: Signal) -> bool {
    signal.table() == Table::Requests && signal.name().starts_with("dns_")
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
