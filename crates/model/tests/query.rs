//! Queries that are read, and what is said of those that are not.

use std::fmt::Write;

use goldwire_model::{
    field::{EndField, Field, Table},
    query::{Function, MapBy, Query, QueryError, QueryKind, RowShape, Window},
    signal::Signal,
};

fn query(json: &str) -> Query {
    Query::from_json(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

#[test]
fn the_example_of_the_design() {
    let query = query(
        r#"{ "refId": "A",
             "queryType": "signals",
             "filter": "destination.namespace = \"default\"",
             "signals": ["request_rate", "error_ratio", "latency_p95"],
             "groupBy": ["destination.workload"],
             "limit": 20 }"#,
    );
    assert_eq!(query.ref_id.as_deref(), Some("A"));
    assert_eq!(query.filter.to_string(), "destination.namespace = \"default\"");
    let QueryKind::Signals { signals, group_by, limit, step_millis } = query.kind else { panic!() };
    assert_eq!(signals, [Signal::RequestRate, Signal::ErrorRatio, Signal::LatencyP95]);
    assert_eq!(group_by, [Field::parse("destination.workload").unwrap()]);
    assert_eq!((limit, step_millis), (20, None));
}

#[test]
fn a_ticket_of_a_table() {
    let query = query(
        r#"{"queryType": "table", "table": "requests", "filter": "destination.port = 8080",
            "groupBy": ["reporter", "http.response.status_code"], "aggregates": ["count()", "p99(latency)"],
            "orderBy": ["-count()", {"field": "reporter", "desc": false}], "from": 1000, "to": 2000}"#,
    );
    assert_eq!(query.window, Some(Window { from: 1_000, to: 2_000 }));
    assert!(query.mentions_reporter());
    let QueryKind::Table { aggregates, order_by, limit, .. } = query.kind else { panic!() };
    assert_eq!(aggregates[1].function, Function::Quantile(0.99));
    assert_eq!(aggregates[1].unit(), Some("s"));
    assert_eq!((order_by[0].column.as_str(), order_by[0].descending), ("count()", true));
    assert_eq!((order_by[1].column.as_str(), order_by[1].descending), ("reporter", false));
    assert_eq!(limit, 100);
}

#[test]
fn rows_have_defaults() {
    let plain = query(r#"{"queryType": "requests"}"#);
    assert_eq!(plain.columns(), Table::Requests.default_columns());
    assert!(!plain.mentions_reporter() && !plain.is_live() && !plain.partial);
    let QueryKind::Rows { columns, order_by, limit, live, shape, .. } = plain.kind else { panic!() };
    assert!(columns.is_empty() && order_by.is_empty() && !live);
    assert_eq!((limit, shape), (1_000, RowShape::Table));

    let asked = query(
        r#"{"queryType": "requests", "columns": ["time", "reporter", "latency"], "orderBy": "-latency",
            "live": true, "as": "traces", "limit": 5.0, "filter": null}"#,
    );
    assert!(asked.mentions_reporter() && asked.is_live());
    let QueryKind::Rows { order_by, limit, shape, .. } = asked.kind else { panic!() };
    assert_eq!((order_by[0].field.clone(), order_by[0].descending), (Field::Latency, true));
    assert_eq!((limit, shape), (5, RowShape::Traces));
}

#[test]
fn a_map_groups_by_a_property_of_an_end() {
    for (group_by, expected) in [
        ("", EndField::Workload),
        (r#", "groupBy": []"#, EndField::Workload),
        (r#", "groupBy": "pod""#, EndField::Pod),
        (r#", "groupBy": ["destination.address"]"#, EndField::Address),
        (r#", "groupBy": ["source.labels.app"]"#, EndField::Label("app".into())),
    ] {
        let query = query(&format!(r#"{{"queryType": "serviceMap"{group_by}}}"#));
        assert_eq!(query.kind, QueryKind::ServiceMap { group_by: MapBy(expected) });
    }
    // Fields of requests and of flows alike: a map is of both.
    query(r#"{"queryType": "serviceMap", "filter": "http.response.status_code >= 500 and retransmits > 0"}"#);
}

#[test]
fn steps_are_texts_or_seconds() {
    for (step, expected) in
        [("\"10s\"", 10_000), ("\"1m\"", 60_000), ("30", 30_000), ("0.5", 500), ("\"1d\"", 86_400_000)]
    {
        let query = query(&format!(r#"{{"queryType": "signals", "signals": "drop_rate", "step": {step}}}"#));
        let QueryKind::Signals { step_millis, .. } = query.kind else { panic!() };
        assert_eq!(step_millis, Some(expected), "{step}");
    }
}

#[test]
fn a_heatmap_may_name_the_measure() {
    let query = query(r#"{"queryType": "heatmap", "signal": "latency", "groupBy": []}"#);
    assert_eq!(query.kind, QueryKind::Heatmap { signal: Signal::LatencyP95, step_millis: None });
}

#[test]
fn signals_of_two_tables_share_the_ends() {
    query(
        r#"{"queryType": "signals", "signals": ["request_rate", "bytes_sent", "drop_rate"],
            "groupBy": ["source.workload", "reporter"]}"#,
    );
    query(
        r#"{"queryType": "signals", "signals": ["zero_window_rate"], "groupBy": ["node.name"], "filter": "node.name = a"}"#,
    );
}

#[test]
fn a_restriction_reaches_the_node() {
    let mut query = query(r#"{"queryType": "requests", "filter": "latency > 1s or latency < 1ms"}"#);
    query.restrict("destination.namespace = \"mine\"".parse().unwrap());
    let at_the_node = Query::from_json(query.to_json()).unwrap();
    assert_eq!(at_the_node.filter_text, "destination.namespace = \"mine\" and (latency > 1s or latency < 1ms)");
    assert!(at_the_node.enforced.is_all(), "the merge enforces it");
    assert_eq!((at_the_node.filter, at_the_node.kind), (query.filter, query.kind));
    assert_eq!(query.filter_text, "latency > 1s or latency < 1ms", "as its author wrote it");
}

const WRONG: &[&str] = &[
    "",
    "[]",
    "{",
    r#"{}"#,
    r#"{"queryType": 5}"#,
    r#"{"queryType": "signal"}"#,
    r#"{"queryType": "spaghetti"}"#,
    r#"{"queryType": "signals", "signal": ["request_rate"]}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "groupby": ["destination.workload"]}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "colour": "red"}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "live": true}"#,
    r#"{"queryType": "signals"}"#,
    r#"{"queryType": "signals", "signals": []}"#,
    r#"{"queryType": "signals", "signals": [5]}"#,
    r#"{"queryType": "signals", "signals": ["request_rat"]}"#,
    r#"{"queryType": "signals", "signals": ["request_rate", "request_rate"]}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "groupBy": ["latency"]}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "groupBy": ["workload"]}"#,
    r#"{"queryType": "signals", "signals": ["request_rate", "bytes_sent"], "groupBy": ["http.route"]}"#,
    r#"{"queryType": "signals", "signals": ["bytes_sent"], "filter": "latency > 1s"}"#,
    r#"{"queryType": "signals", "signals": ["zero_window_rate"], "groupBy": ["source.workload"]}"#,
    r#"{"queryType": "signals", "signals": ["zero_window_rate"], "filter": "reporter = client"}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "limit": 0}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "limit": 1001}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "limit": "20"}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "step": "soon"}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "step": 0}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "step": 1e300}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "step": 1, "from": 0, "to": 100000000000}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "filter": "latancy > 1s"}"#,
    r#"{"queryType": "signals", "signals": ["request_rate"], "filter": 5}"#,
    r#"{"queryType": "requests", "from": 5, "to": 5}"#,
    r#"{"queryType": "requests", "from": 5}"#,
    r#"{"queryType": "requests", "from": "now"}"#,
    r#"{"queryType": "requests", "from": -5, "to": 5}"#,
    r#"{"queryType": "requests", "columns": ["latency", "bytes_sent"]}"#,
    r#"{"queryType": "requests", "orderBy": ["-rtt"]}"#,
    r#"{"queryType": "requests", "orderBy": [{"field": "latency", "descending": true}]}"#,
    r#"{"queryType": "requests", "as": "pie"}"#,
    r#"{"queryType": "flows", "as": "traces"}"#,
    r#"{"queryType": "flows", "live": "yes"}"#,
    r#"{"queryType": "flows", "filter": "latency > 1s"}"#,
    r#"{"queryType": "heatmap"}"#,
    r#"{"queryType": "heatmap", "signal": "request_rate"}"#,
    r#"{"queryType": "heatmap", "signal": "latency_p95", "groupBy": ["reporter"]}"#,
    r#"{"queryType": "serviceMap", "groupBy": "http.route"}"#,
    r#"{"queryType": "serviceMap", "groupBy": ["workload", "pod"]}"#,
    r#"{"queryType": "serviceMap", "filter": "drop.reason = x"}"#,
    r#"{"queryType": "table", "aggregates": ["count()"]}"#,
    r#"{"queryType": "table", "table": "flow", "aggregates": ["count()"]}"#,
    r#"{"queryType": "table", "table": "flows"}"#,
    r#"{"queryType": "table", "table": "flows", "aggregates": ["count"]}"#,
    r#"{"queryType": "table", "table": "flows", "aggregates": ["count(rtt)"]}"#,
    r#"{"queryType": "table", "table": "flows", "aggregates": ["median(rtt)"]}"#,
    r#"{"queryType": "table", "table": "flows", "aggregates": ["p101(rtt)"]}"#,
    r#"{"queryType": "table", "table": "flows", "aggregates": ["p99(latancy)"]}"#,
    r#"{"queryType": "table", "table": "flows", "aggregates": ["p99(latency)"]}"#,
    r#"{"queryType": "table", "table": "flows", "aggregates": ["sum(reporter)"]}"#,
    r#"{"queryType": "table", "table": "flows", "aggregates": ["sum(rtt, 5)"]}"#,
    r#"{"queryType": "table", "table": "flows", "aggregates": ["count()", "count()"]}"#,
    r#"{"queryType": "table", "table": "flows", "aggregates": ["count()"], "orderBy": ["-sum(rtt)"]}"#,
    r#"{"queryType": "values"}"#,
    r#"{"queryType": "values", "field": "latency"}"#,
    r#"{"queryType": "values", "field": "drop.reason", "filter": "latency > 1s"}"#,
];

#[test]
fn messages() {
    let mut shown = String::new();
    for json in WRONG {
        let error = Query::from_json(json).expect_err(json);
        writeln!(shown, "{json}\n  {error}").unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert!(matches!(Query::from_json([0xff, 0xfe]), Err(QueryError::NotJson(_))));
    let deep = format!("{{\"queryType\": {}", "[".repeat(100_000));
    assert!(matches!(Query::from_json(deep), Err(QueryError::NotJson(_))));
}
