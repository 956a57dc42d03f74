//! Records of several nodes.

use std::sync::Arc;

use goldwire_answer::{
    Body, PartialAnswer,
    column::Column,
    rows::Rows,
    table::{Finished, Table},
};
use goldwire_merge::merge;
use goldwire_model::field::Field;

use super::node;

const SECOND: i64 = 1_000_000_000;

/// A record: time in seconds, reporter, source's port, names of both ends, latency.
type Record = (i64, &'static str, i64, Option<&'static str>, Option<&'static str>, Option<f64>);

fn part(number: usize, records: &[Record], cut: u64) -> PartialAnswer {
    let text = |of: &dyn Fn(&Record) -> Option<&'static str>| {
        Column::Text(records.iter().map(|record| of(record).map(Arc::from)).collect())
    };
    let field = |name: &str| -> Field { name.parse().unwrap() };
    let columns = vec![
        (field("time"), Column::Time(records.iter().map(|record| Some(record.0 * SECOND)).collect())),
        (field("reporter"), text(&|record| Some(record.1))),
        (Field::Elsewhere, text(&|record| Some(if record.1 == "client" { "destination" } else { "source" }))),
        (field("source.address"), text(&|_| Some("10.0.0.1"))),
        (field("source.port"), Column::Integer(records.iter().map(|record| Some(record.2)).collect())),
        (field("destination.address"), text(&|_| Some("10.0.0.2"))),
        (field("destination.port"), Column::Integer(records.iter().map(|_| Some(80)).collect())),
        (field("source.workload"), text(&|record| record.3)),
        (field("destination.workload"), text(&|record| record.4)),
        (field("latency"), Column::Float(records.iter().map(|record| record.5).collect())),
    ];
    PartialAnswer { body: Body::Rows(Rows { columns, cut, doubtful: 0 }), coverage: node::coverage_of(number) }
}

const COLUMNS: &str = r#""columns": ["time", "source.workload", "destination.workload", "latency"]"#;

fn shown(more: &str, answers: Vec<PartialAnswer>) -> (Table, Vec<String>) {
    let json = format!(r#"{{"queryType": "requests", "from": 0, "to": 60000, "partial": true, {more}}}"#);
    let count = answers.len();
    let answer = merge(&node::query(&json), answers, node::asked(count)).unwrap();
    match answer.body {
        Finished::Table(table) => (table, answer.coverage.notes),
        other => panic!("{other:?}"),
    }
}

fn texts(table: &Table, name: &str) -> Vec<String> {
    let column = table.columns.iter().find(|column| &*column.name == name).unwrap();
    match &column.values {
        Column::Text(values) => values.iter().map(|value| value.as_deref().unwrap_or("-").to_owned()).collect(),
        Column::Time(values) => values.iter().map(|value| (value.unwrap() / SECOND).to_string()).collect(),
        Column::Float(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        Column::Integer(values) => values.iter().map(|value| format!("{value:?}")).collect(),
    }
}

#[test]
fn a_record_that_two_nodes_saw_is_shown_once_with_both_names() {
    let client =
        part(0, &[(10, "client", 1, Some("web"), None, Some(0.3)), (20, "client", 2, Some("web"), None, None)], 0);
    // The server's clock is a second ahead, and it missed the second record.
    let server = part(1, &[(11, "server", 1, None, Some("api"), None)], 0);
    let (table, _) = shown(COLUMNS, vec![client, server]);
    assert_eq!(texts(&table, "time"), ["20", "11"]);
    assert_eq!(texts(&table, "source.workload"), ["web", "web"]);
    assert_eq!(texts(&table, "destination.workload"), ["10.0.0.2", "api"]);
    assert_eq!(texts(&table, "latency"), ["None", "None"], "what was exchanged is the server's report, whole");
}

#[test]
fn records_on_one_connection_are_matched_in_their_order() {
    let records = |reporter, offset: i64| -> Vec<Record> {
        (0..5).map(|number| (number * 2 + offset, reporter, 1, Some("web"), Some("api"), None)).collect()
    };
    // A minute between the clocks.
    let answers = vec![part(0, &records("client", 60), 0), part(1, &records("server", 0), 0)];
    assert_eq!(texts(&shown(COLUMNS, answers).0, "time"), ["8", "6", "4", "2", "0"]);
}

#[test]
fn who_asks_for_the_reporter_sees_both_reports() {
    let answers = vec![
        part(0, &[(10, "client", 1, Some("web"), None, None)], 0),
        part(1, &[(10, "server", 1, None, Some("api"), None)], 0),
    ];
    let (table, _) = shown(r#""columns": ["time", "reporter"]"#, answers);
    assert_eq!(texts(&table, "reporter"), ["client", "server"]);
}

#[test]
fn a_name_of_the_other_end_is_filtered_after_it_is_known() {
    let answers = || {
        vec![
            part(0, &[(10, "client", 1, Some("web"), None, None), (20, "client", 2, Some("web"), None, None)], 0),
            part(1, &[(10, "server", 1, None, Some("api"), None)], 0),
        ]
    };
    let filter = |filter: &str| format!(r#""filter": "{filter}", {COLUMNS}"#);
    assert_eq!(texts(&shown(&filter("destination.workload = api"), answers()).0, "time"), ["10"]);
    assert_eq!(texts(&shown(&filter("destination.workload != api"), answers()).0, "time"), ["20"]);
}

#[test]
fn rows_are_ordered_and_cut_and_the_cut_is_told() {
    let records: Vec<Record> =
        (0..5).map(|number| (number, "server", number, None, Some("api"), Some(number as f64))).collect();
    let more = format!(r#""orderBy": ["-latency"], "limit": 2, {COLUMNS}"#);
    let (table, notes) = shown(&more, vec![part(0, &records, 7)]);
    assert_eq!(texts(&table, "latency"), ["Some(4.0)", "Some(3.0)"]);
    assert_eq!(notes, ["10 more rows match than the limit of 2 shows"]);
}
