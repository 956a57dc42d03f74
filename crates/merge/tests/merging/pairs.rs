//! Exchanges that two nodes saw.

use goldwire_answer::table::{Answer, Finished};

use super::node::{self, Exchange, Seen};

const COUNT: &str = r#"{"queryType": "table", "table": "requests", "from": 0, "to": 60000, "partial": true,
    "groupBy": ["source.workload", "destination.workload"], "aggregates": ["count()"]}"#;

const BETWEEN: Seen = Seen { by_client: true, source: "10.0.0.1", destination: "10.0.0.2:80" };

fn by_client(source: &'static str, times: usize) -> Vec<Exchange> {
    let one =
        Exchange { time: 0, source: Some(source), destination: None, pair: Some(BETWEEN), latency: 0.2, error: false };
    vec![one; times]
}

fn by_server(destination: &'static str, times: usize) -> Vec<Exchange> {
    let one = Exchange {
        time: 0,
        source: None,
        destination: Some(destination),
        pair: Some(Seen { by_client: false, ..BETWEEN }),
        latency: 0.1,
        error: false,
    };
    vec![one; times]
}

/// `source > destination: count`
fn counted(json: &str, nodes: &[Vec<Exchange>]) -> Vec<String> {
    lines(&node::shown(&node::query(json), nodes))
}

fn lines(answer: &Answer) -> Vec<String> {
    use goldwire_answer::column::Column;
    let Finished::Table(table) = &answer.body else { panic!("{answer:?}") };
    let [source, destination, count] = table.columns.as_slice() else { panic!("{table:?}") };
    let (Column::Text(sources), Column::Text(destinations), Column::Integer(counts)) =
        (&source.values, &destination.values, &count.values)
    else {
        panic!("{table:?}")
    };
    let text = |value: &Option<std::sync::Arc<str>>| value.as_deref().unwrap_or("-").to_owned();
    (0..counts.len())
        .map(|row| format!("{} > {}: {}", text(&sources[row]), text(&destinations[row]), counts[row].unwrap_or(-1)))
        .collect()
}

#[test]
fn one_exchange_is_counted_once_with_both_names() {
    assert_eq!(counted(COUNT, &[by_client("web", 10), by_server("api", 10)]), ["web > api: 10"]);
}

#[test]
fn the_side_that_missed_none_is_counted() {
    assert_eq!(counted(COUNT, &[by_client("web", 10), by_server("api", 7)]), ["web > api: 10"]);
    assert_eq!(counted(COUNT, &[by_client("web", 7), by_server("api", 10)]), ["web > api: 10"]);
}

#[test]
fn several_workloads_behind_one_address_stay_apart() {
    let clients = [by_client("web", 3), by_client("cron", 2)].concat();
    assert_eq!(counted(COUNT, &[clients, by_server("api", 6)]), ["web > api: 3", "cron > api: 2"]);
}

#[test]
fn an_end_that_no_node_watches_is_called_by_its_address() {
    assert_eq!(counted(COUNT, &[by_client("web", 4)]), ["web > 10.0.0.2: 4"]);
    assert_eq!(counted(COUNT, &[by_server("api", 4)]), ["10.0.0.1 > api: 4"]);
}

#[test]
fn a_filter_on_the_other_end_is_decided_by_the_merge() {
    let filtered = |workload: &str| {
        COUNT.replace(
            r#""table": "requests","#,
            &format!(r#""table": "requests", "filter": "destination.workload = \"{workload}\"","#),
        )
    };
    let nodes = [by_client("web", 10), by_server("api", 7)];
    assert_eq!(counted(&filtered("api"), &nodes), ["web > api: 10"]);
    assert!(counted(&filtered("db"), &nodes).is_empty());
    assert_eq!(counted(&filtered("10.0.0.*"), &[by_client("web", 1)]), ["web > 10.0.0.2: 1"]);
}

#[test]
fn who_names_the_reporter_gets_no_other_node_s_names() {
    let json = COUNT.replace(
        r#""table": "requests","#,
        r#""table": "requests", "filter": "reporter = client and destination.workload = \"api\"","#,
    );
    let unpaired = |exchanges: Vec<Exchange>| -> Vec<Exchange> {
        exchanges.into_iter().map(|exchange| Exchange { pair: None, ..exchange }).collect()
    };
    assert!(counted(&json, &[unpaired(by_client("web", 3))]).is_empty(), "its destination is not known to be api");
}

#[test]
fn keys_that_only_the_filter_needed_are_dropped_again() {
    let json = r#"{"queryType": "table", "table": "requests", "from": 0, "to": 60000, "partial": true,
        "filter": "destination.workload = \"a*\"", "groupBy": ["source.workload", "destination.namespace"],
        "aggregates": ["count()"]}"#;
    let nodes = [vec![node::local(0, "web", "api", 0.1), node::local(0, "web", "auth", 0.1)]];
    assert_eq!(counted(json, &nodes), ["web > : 2"]);
}

#[test]
fn what_only_one_side_can_see_is_taken_from_it() {
    let json = r#"{"queryType": "serviceMap", "from": 0, "to": 60000, "partial": true}"#;
    let answer = node::shown(&node::query(json), &[by_client("web", 9), by_server("api", 10)]);
    let Finished::Map(map) = answer.body else { panic!() };
    let [edge] = map.edges.as_slice() else { panic!("{:?}", map.edges) };
    assert_eq!((&*edge.source, &*edge.target), ("web", "api"));
    assert_eq!(edge.golden.requests, 10, "the server saw more");
    assert_eq!(edge.golden.latency_p50, Some(0.1), "by the side that is counted");
    assert_eq!(edge.golden.connect_failures, 27, "only the client knows of them");
    assert_eq!(edge.golden.retransmits, 38, "each side knows its own");
}
