//! Finished answers in plain types, so that any Flight client reads them as one table.
//!
//! * `series`: `time` (timestamp, milliseconds), one text column for each field of `groupBy`, one number column for each
//!   signal; null where there is nothing to say.
//! * `heatmap`: `time`, `upper_bound`, `count`; one row for each step and bucket that is not empty.
//! * `map-edges`: `id`, `source`, `target`, `title`, `subtitle`, `protocols`, then the golden signals. A row with an
//!   empty `target` is a node: its `source` is itself, its signals are those of the exchanges it answered.
//! * `table`: columns named as they were asked for.
//! * `values`: `value`.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field as ArrowField};
use goldwire_answer::table::{Finished, Golden, Heatmap, Series, ServiceMap, Table};
use goldwire_model::query::{Query, QueryKind};

use super::{
    columns::{MILLISECONDS, shown_array, shown_type},
    kind::Kind,
};

/// The one batch of a finished answer.
pub(crate) fn batch(query: &Query, body: &Finished) -> Result<RecordBatch, ArrowError> {
    match body {
        Finished::Series(series) => series_batch(query, series),
        Finished::Heatmap(heatmap) => heatmap_batch(heatmap),
        Finished::Map(map) => map_batch(map),
        Finished::Table(table) => table_batch(table),
        Finished::Values(values) => values_batch(values),
    }
}

/// One row a group and step: series of one group stand side by side.
fn series_batch(query: &Query, series: &[Series]) -> Result<RecordBatch, ArrowError> {
    let (signals, group_by) = match &query.kind {
        QueryKind::Signals { signals, group_by, .. } => (signals.as_slice(), group_by.as_slice()),
        _ => (&[][..], &[][..]),
    };
    let mut groups: Vec<Vec<&Series>> = Vec::new();
    let mut places: HashMap<Vec<&str>, usize> = HashMap::new();
    for one in series {
        let labels = one.labels.iter().map(|(_, value)| value.as_ref()).collect();
        let place = *places.entry(labels).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(one);
    }
    let times_of = |group: &[&Series]| group.first().map(|one| one.times.clone()).unwrap_or_default();
    let mut fields = vec![ArrowField::new("time", MILLISECONDS, false)];
    let times: TimestampMillisecondArray = groups.iter().flat_map(|group| times_of(group)).map(Some).collect();
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(times)];
    for (number, field) in group_by.iter().enumerate() {
        fields.push(ArrowField::new(field.name(), DataType::Utf8, false));
        let label = |one: &Series| one.labels.get(number).map(|(_, value)| Arc::clone(value)).unwrap_or_default();
        let texts = groups.iter().flat_map(|group| {
            let text = group.first().map(|one| label(one)).unwrap_or_default();
            std::iter::repeat_n(text, group.first().map_or(0, |one| one.times.len()))
        });
        arrays.push(Arc::new(StringArray::from_iter_values(texts)));
    }
    for signal in signals {
        fields.push(ArrowField::new(signal.name(), DataType::Float64, true));
        let numbers: Float64Array = groups
            .iter()
            .flat_map(|group| match group.iter().find(|one| one.signal == *signal) {
                Some(one) => one.values.clone(),
                None => vec![None; group.first().map_or(0, |one| one.times.len())],
            })
            .collect();
        arrays.push(Arc::new(numbers));
    }
    RecordBatch::try_new(Kind::Series.schema(fields), arrays)
}

fn heatmap_batch(heatmap: &Heatmap) -> Result<RecordBatch, ArrowError> {
    let cells = || {
        heatmap.times.iter().zip(&heatmap.counts).flat_map(|(time, counts)| {
            counts
                .iter()
                .zip(&heatmap.upper_bounds)
                .filter(|(count, _)| **count > 0)
                .map(|(count, bound)| (*time, *bound, *count))
        })
    };
    let fields = vec![
        ArrowField::new("time", MILLISECONDS, false),
        ArrowField::new("upper_bound", DataType::Float64, false),
        ArrowField::new("count", DataType::UInt64, false),
    ];
    let times = TimestampMillisecondArray::from_iter_values(cells().map(|(time, _, _)| time));
    let bounds = Float64Array::from_iter_values(cells().map(|(_, bound, _)| bound));
    let counts = UInt64Array::from_iter_values(cells().map(|(_, _, count)| count));
    RecordBatch::try_new(Kind::Heatmap.schema(fields), vec![Arc::new(times), Arc::new(bounds), Arc::new(counts)])
}

/// A node or an edge as a row.
struct MapRow<'a> {
    texts: [&'a str; 6],
    golden: &'a Golden,
}

const MAP_TEXTS: [&str; 6] = ["id", "source", "target", "title", "subtitle", "protocols"];

type Count = (&'static str, fn(&Golden) -> u64);
type Number = (&'static str, fn(&Golden) -> Option<f64>);

const MAP_COUNTS: [Count; 7] = [
    ("requests", |golden| golden.requests),
    ("errors", |golden| golden.errors),
    ("bytes_sent", |golden| golden.bytes_sent),
    ("bytes_received", |golden| golden.bytes_received),
    ("connections", |golden| golden.connections),
    ("connect_failures", |golden| golden.connect_failures),
    ("retransmits", |golden| golden.retransmits),
];

const MAP_NUMBERS: [Number; 7] = [
    ("request_rate", |golden| Some(golden.request_rate)),
    ("byte_rate", |golden| Some(golden.byte_rate)),
    ("error_ratio", |golden| golden.error_ratio),
    ("latency_p50", |golden| golden.latency_p50),
    ("latency_p95", |golden| golden.latency_p95),
    ("latency_p99", |golden| golden.latency_p99),
    ("rtt_p95", |golden| golden.rtt_p95),
];

fn map_batch(map: &ServiceMap) -> Result<RecordBatch, ArrowError> {
    let nodes = map
        .nodes
        .iter()
        .map(|node| MapRow { texts: [&node.id, &node.id, "", &node.title, &node.subtitle, ""], golden: &node.served });
    let edges = map.edges.iter().map(|edge| MapRow {
        texts: [&edge.id, &edge.source, &edge.target, "", "", &edge.protocols],
        golden: &edge.golden,
    });
    let rows: Vec<MapRow<'_>> = nodes.chain(edges).collect();
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (number, name) in MAP_TEXTS.into_iter().enumerate() {
        fields.push(ArrowField::new(name, DataType::Utf8, false));
        arrays.push(Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.texts[number]))));
    }
    for (name, of) in MAP_COUNTS {
        fields.push(ArrowField::new(name, DataType::UInt64, false));
        arrays.push(Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| of(row.golden)))));
    }
    for (name, of) in MAP_NUMBERS {
        fields.push(ArrowField::new(name, DataType::Float64, true));
        arrays.push(Arc::new(rows.iter().map(|row| of(row.golden)).collect::<Float64Array>()));
    }
    RecordBatch::try_new(Kind::MapEdges.schema(fields), arrays)
}

fn table_batch(table: &Table) -> Result<RecordBatch, ArrowError> {
    let rows = table.columns.first().map_or(0, |column| column.values.len());
    let fields = table
        .columns
        .iter()
        .map(|column| ArrowField::new(column.name.as_ref(), shown_type(&column.values), true))
        .collect();
    let arrays = table.columns.iter().map(|column| shown_array(&column.values, 0..rows)).collect();
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Kind::Table.schema(fields), arrays, &options)
}

fn values_batch(values: &[Arc<str>]) -> Result<RecordBatch, ArrowError> {
    let texts = StringArray::from_iter_values(values);
    RecordBatch::try_new(
        Kind::Values.schema(vec![ArrowField::new("value", DataType::Utf8, false)]),
        vec![Arc::new(texts)],
    )
}
