//! Links: each is followed as Grafana does it, and must find the records that its row was made from.

use arrow_array::{Array, cast::AsArray, types};
use serde_json::{Value, json};

use super::{
    host::{Frame, Host},
    node,
    records::{self, ODD_CALLS, odd_names},
};

/// Nodes whose workloads and paths have odd names.
async fn odd_world() -> Host {
    let [callers, called] = records::odd();
    let (a, _) = node::real("node-a", &callers).await;
    let (b, _) = node::real("node-b", &called).await;
    Host::start(&[a, b]).await
}

/// A link that was clicked: where it is, and how many records its query must find.
struct Click {
    place: String,
    query: Value,
    expected: u64,
}

/// The links of a field in a row, by their titles, with the row's cells filled in.
fn links(frame: &Frame, field: &str, row: usize) -> Vec<(String, Value)> {
    let links = frame.of_field(field, "config")["links"].clone();
    let links = links.as_array().cloned().unwrap_or_default();
    links
        .into_iter()
        .map(|link| {
            let mut query = link["internal"]["query"].clone();
            fill_in(&mut query, frame, field, row);
            (link["title"].as_str().unwrap().to_owned(), query)
        })
        .collect()
}

/// As Grafana does it: every text within the query, in one pass.
fn fill_in(value: &mut Value, frame: &Frame, field: &str, row: usize) {
    match value {
        Value::String(text) => *text = filled(text, frame, field, row),
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, frame, field, row)),
        Value::Object(items) => items.values_mut().for_each(|item| fill_in(item, frame, field, row)),
        _ => {}
    }
}

fn filled(text: &str, frame: &Frame, field: &str, row: usize) -> String {
    let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
    let (reference, behind) = rest.split_once('}').unwrap();
    let cell = if reference == "__value.raw" {
        cell(frame, field, row)
    } else {
        let path = reference.strip_prefix("__data.fields").unwrap();
        let (path, is_number) = path.strip_suffix(".numeric").map_or((path, false), |path| (path, true));
        let name = path.trim_start_matches(['.', '[', '"']).trim_end_matches(['"', ']']);
        let shown = cell(frame, name, row);
        if is_number && shown.is_empty() { "NaN".to_owned() } else { shown }
    };
    format!("{before}{cell}{}", filled(behind, frame, field, row))
}

/// What Grafana shows of a cell; nothing where it is absent.
fn cell(frame: &Frame, name: &str, row: usize) -> String {
    let column = frame.batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
    if column.is_null(row) {
        return String::new();
    }
    match column.as_string_opt::<i32>() {
        Some(texts) => texts.value(row).to_owned(),
        None => column.as_primitive::<types::Int64Type>().value(row).to_string(),
    }
}

/// Follows all links, many at a time.
async fn follow(host: &Host, clicks: Vec<Click>) {
    for some in clicks.chunks(100) {
        let named: Vec<String> = (0..some.len()).map(|number| format!("Q{number}")).collect();
        let queries: Vec<(&str, Value)> =
            named.iter().zip(some).map(|(name, click)| (name.as_str(), click.query.clone())).collect();
        let mut answers = host.query_all(&queries).await;
        for (name, click) in named.iter().zip(some) {
            let answer = answers.remove(name).unwrap();
            assert_eq!(answer.error, "", "{}: {}", click.place, click.query);
            let found = match click.query["queryType"].as_str().unwrap() {
                "signals" => requests(&answer.frames[0]),
                _ => answer.frames[0].batch.num_rows() as u64,
            };
            assert_eq!(found, click.expected, "{}: {}", click.place, click.query);
        }
    }
}

/// How many requests a frame of `request_rate` counts.
fn requests(frame: &Frame) -> u64 {
    let interval = frame.of_field("time", "config")["interval"].as_f64().unwrap() / 1e3;
    let sum: f64 = frame.numbers("request_rate").into_iter().flatten().sum();
    (sum * interval).round() as u64
}

fn count(frame: &Frame, field: &str, row: usize) -> u64 {
    cell(frame, field, row).replace(',', "").parse().unwrap()
}

async fn follow_map(query: Value) -> usize {
    let host = odd_world().await;
    let frames = host.frames(query).await;
    let [nodes, edges] = frames.as_slice() else { panic!("{frames:?}") };
    let mut clicks = Vec::new();
    for (frame, kind) in [(nodes, "node"), (edges, "edge")] {
        for row in 0..frame.batch.num_rows() {
            for (title, query) in links(frame, "id", row) {
                let expected = match (kind, title.as_str()) {
                    ("node", "Golden signals" | "Requests served") => count(frame, "detail__served", row),
                    ("node", "Requests made") => count(frame, "detail__called", row),
                    ("edge", "Golden signals" | "Requests") => count(frame, "detail__requests", row),
                    ("edge", "Flows") => count(frame, "detail__connections", row),
                    // Each connection carried the same number of requests.
                    ("node", "Flows") => {
                        let both = count(frame, "detail__served", row) + count(frame, "detail__called", row);
                        let to_itself = edges_to_itself(edges, &cell(nodes, "id", row));
                        both / ODD_CALLS - to_itself
                    }
                    other => panic!("{other:?}"),
                };
                // A node that serves nothing has no series.
                if query["queryType"] != "signals" || expected > 0 {
                    clicks.push(Click { place: format!("{kind} {row}, {title}"), query, expected });
                }
            }
        }
    }
    let followed = clicks.len();
    follow(&host, clicks).await;
    followed
}

/// Connections from a node of the map to itself, which are one flow and no two.
fn edges_to_itself(edges: &Frame, id: &str) -> u64 {
    let own = |row: &usize| cell(edges, "source", *row) == id && cell(edges, "target", *row) == id;
    (0..edges.batch.num_rows()).filter(own).map(|row| count(edges, "detail__connections", row)).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_of_a_map_find_what_its_nodes_and_edges_were_made_from() {
    let followed = follow_map(json!({ "queryType": "serviceMap" })).await;
    assert!(followed > 6 * odd_names().len(), "{followed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_of_a_map_stay_within_its_filter() {
    let filter = "http.request.method = \"GET\" and source.address != 10.1.0.3 and not url.path = \"/star*\"";
    follow_map(json!({ "queryType": "serviceMap", "filter": filter })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_of_a_map_find_ends_without_a_value() {
    for by in ["pod", "address"] {
        follow_map(json!({ "queryType": "serviceMap", "groupBy": [by] })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn link_of_a_series_finds_its_records() {
    let host = odd_world().await;
    let query = json!({ "queryType": "signals", "signals": ["request_rate"], "limit": 1_000,
        "groupBy": ["source.workload", "destination.pod", "url.path"], "filter": "destination.port = 8080" });
    let frames = host.frames(query).await;
    assert_eq!(frames.len(), odd_names().len());
    let click = |frame: &Frame| {
        let (place, query) = links(frame, "request_rate", 0).remove(0);
        Click { place, query, expected: requests(frame) }
    };
    follow(&host, frames.iter().map(click).collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn link_of_a_group_finds_its_records() {
    let host = odd_world().await;
    let query = json!({ "queryType": "table", "table": "requests", "limit": 1_000, "aggregates": ["count()"],
        "groupBy": ["destination.workload", "url.path", "http.response.status_code", "destination.pod"] });
    let frames = host.frames(query).await;
    let table = &frames[0];
    let mut clicks = Vec::new();
    for row in 0..table.batch.num_rows() {
        for field in ["destination.workload", "url.path", "http.response.status_code", "destination.pod"] {
            let (title, query) = links(table, field, row).pop().unwrap();
            assert_eq!(title, "Requests of this group");
            let expected = table.numbers("count()")[row].unwrap() as u64;
            clicks.push(Click { place: format!("{field} in row {row}"), query, expected });
        }
    }
    assert!(clicks.len() > 4 * odd_names().len());
    follow(&host, clicks).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn link_of_a_row_finds_its_connection() {
    let host = odd_world().await;
    let frames = host.frames(json!({ "queryType": "requests", "limit": 1_000 })).await;
    let rows = frames[0].batch.num_rows();
    assert_eq!(rows as u64, ODD_CALLS * (odd_names().len() as u64 + 2));
    let click = |row: usize| {
        let (place, query) = links(&frames[0], "destination.address", row).remove(0);
        Click { place: format!("{place}, row {row}"), query, expected: 1 }
    };
    follow(&host, (0..rows).step_by(7).map(click).collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_a_map_shows_are_found_by_a_filter() {
    let host = odd_world().await;
    for name in ["203.0.113.8", "api.example.com"] {
        let condition = json!({ "destination.workload": name });
        let frames = host.frames(json!({ "queryType": "requests", "where": condition })).await;
        assert_eq!(frames[0].batch.num_rows() as u64, ODD_CALLS, "{name}");
        let signals = json!({ "queryType": "signals", "signals": ["request_rate"], "where": condition });
        assert_eq!(requests(&host.frames(signals).await[0]), ODD_CALLS, "{name}");
    }
}
