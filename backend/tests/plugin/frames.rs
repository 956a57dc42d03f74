//! Each query type's frames, from two nodes that each see a part.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use super::{
    host::{Frame, Host},
    node,
    records::{self, EXCHANGES, TRACE},
};

async fn two_nodes() -> Host {
    let (web, _) = node::real("node-web", &records::of_web()).await;
    let (api, _) = node::real("node-api", &records::of_api()).await;
    Host::start(&[web, api]).await
}

fn total(frame: &Frame, field: &str) -> f64 {
    frame.numbers(field).into_iter().flatten().sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn series_have_a_frame_each_with_labels_and_a_unit() {
    let host = two_nodes().await;
    let query = json!({ "queryType": "signals", "signals": ["request_rate", "latency_p95"], "step": "10s",
        "groupBy": ["source.workload", "destination.workload"] });
    let frames = host.frames(query).await;
    let mut rates = BTreeMap::new();
    for frame in &frames {
        assert_eq!(
            (frame.meta["type"].as_str(), &frame.meta["typeVersion"]),
            (Some("timeseries-multi"), &json!([0, 1]))
        );
        let labels = frame.of_field(&frame.name, "labels");
        let ends = format!("{} > {}", labels["source.workload"], labels["destination.workload"]).replace('"', "");
        if frame.name == "request_rate" {
            assert_eq!(frame.batch.num_rows(), 6);
            assert_eq!(frame.of_field("request_rate", "config")["unit"], "reqps");
            rates.insert(ends, (10.0 * total(frame, "request_rate")).round());
        } else {
            // Nothing was asked in the last ten seconds, so there is no latency, which is no row.
            assert_eq!(frame.batch.num_rows(), 5);
            assert_eq!(frame.of_field("latency_p95", "config")["unit"], "s");
        }
    }
    // Each exchange once, with the names that only the other node knows.
    let expected = [("web > api".to_owned(), EXCHANGES as f64), ("api > db".to_owned(), EXCHANGES as f64)];
    assert_eq!(rates, expected.into());
    let coverage = &frames[0].meta["custom"]["coverage"];
    assert_eq!((&coverage["nodesAsked"], &coverage["nodesAnswered"]), (&json!(2), &json!(2)));
    assert!(frames[0].meta["executedQueryString"].as_str().is_some_and(|query| query.contains("\"partial\":true")));
    assert!(frames[1].meta["custom"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_is_a_graph_whose_rings_are_whole() {
    let frames = two_nodes().await.frames(json!({ "queryType": "serviceMap" })).await;
    let [nodes, edges] = frames.as_slice() else { panic!("{frames:?}") };
    assert_eq!((nodes.name.as_str(), edges.name.as_str()), ("nodes", "edges"));
    assert!(frames.iter().all(|frame| frame.meta["preferredVisualisationType"] == "nodeGraph"));
    let ids: HashSet<String> = nodes.texts("id").into_iter().collect();
    assert_eq!(ids, ["web", "api", "db"].map(str::to_owned).into());
    assert!(edges.texts("source").iter().chain(&edges.texts("target")).all(|end| ids.contains(end)));
    assert_eq!(edges.batch.num_rows(), 2);
    let rings = ["arc__success", "arc__errors", "arc__idle"].map(|name| nodes.numbers(name));
    for row in 0..nodes.batch.num_rows() {
        let sum: f64 = rings.iter().filter_map(|ring| ring[row]).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    }
    assert_eq!(nodes.of_field("arc__errors", "config")["color"], json!({ "mode": "fixed", "fixedColor": "red" }));
    assert!(edges.texts("mainstat").iter().all(|stat| stat.ends_with("req/s")), "{:?}", edges.texts("mainstat"));
    assert!(nodes.names().iter().chain(&edges.names()).all(|name| *name == name.to_lowercase()));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_a_table_with_links() {
    let frames =
        two_nodes().await.frames(json!({ "queryType": "requests", "filter": "destination.workload = api" })).await;
    let [table] = frames.as_slice() else { panic!() };
    assert_eq!(table.batch.num_rows() as u64, EXCHANGES);
    assert!(table.texts("source.workload").iter().all(|name| name == "web"));
    assert_eq!(table.of_field("latency", "config")["unit"], "s");
    let flows = &table.of_field("source.address", "config")["links"][0]["internal"];
    assert_eq!((&flows["datasourceUid"], &flows["query"]["queryType"]), (&json!("uid"), &json!("flows")));
    assert_eq!(flows["query"]["where"]["source.port"], "${__data.fields[\"source.port\"].numeric}");
    let trace = &table.of_field("trace.id", "config")["links"][0]["internal"]["query"];
    assert_eq!((&trace["as"], &trace["where"]), (&json!("traces"), &json!({ "trace.id": "${__value.raw}" })));
}

/// The cell of a column of names, as a link names it.
fn text(column: &str) -> String {
    format!("${{__data.fields[\"{column}\"]}}")
}

/// The cell of a column of numbers.
fn number(column: &str) -> String {
    format!("${{__data.fields[\"{column}\"].numeric}}")
}

#[tokio::test(flavor = "multi_thread")]
async fn records_and_processes_lead_to_each_other() {
    let host = two_nodes().await;
    for (query, side) in [("requests", "source"), ("flows", "destination")] {
        let frames = host.frames(json!({ "queryType": query })).await;
        for column in ["pid", "process"] {
            let link = &frames[0].of_field(&format!("{side}.{column}"), "config")["links"][0]["internal"]["query"];
            assert_eq!(link["queryType"], "processes");
            assert_eq!(link["from"], 0, "it may have begun before the panel's range");
            let (pid, node) = (number(&format!("{side}.pid")), text(&format!("{side}.node")));
            let expected =
                json!([{ "node.name": node, "process.pid": pid }, { "node.name": node, "process.parent_pid": pid }]);
            assert_eq!(link["where"], expected);
        }
    }
    let processes = host.frames(json!({ "queryType": "processes" })).await;
    let links = &processes[0].of_field("process.pid", "config")["links"];
    let (pid, node) = (number("process.pid"), text("node.name"));
    for (place, table) in ["flows", "requests"].into_iter().enumerate() {
        let link = &links[place]["internal"]["query"];
        let expected =
            json!([{ "source.pid": pid, "source.node": node }, { "destination.pid": pid, "destination.node": node }]);
        assert_eq!((&link["queryType"], &link["where"]), (&json!(table), &expected));
    }
    let parent = &processes[0].of_field("process.parent_pid", "config")["links"][0]["internal"]["query"]["where"];
    assert_eq!(parent[0], json!({ "node.name": node, "process.pid": number("process.parent_pid") }));
    let chosen = host.frames(json!({ "queryType": "requests", "columns": ["source.pid"] })).await;
    assert_eq!(chosen[0].of_field("source.pid", "config")["links"], Value::Null, "its node is not among the columns");
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_go_where_the_settings_say() {
    let mut host = two_nodes().await;
    host.settings["traceDatasourceUid"] = "tempo".into();
    let frames = host.frames(json!({ "queryType": "requests", "columns": ["trace.id"] })).await;
    let link = &frames[0].of_field("trace.id", "config")["links"][0]["internal"];
    assert_eq!((&link["datasourceUid"], &link["query"]), (&json!("tempo"), &json!({ "query": "${__value.raw}" })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_made_of_spans_that_all_have_ids() {
    let filter = format!("trace.id = \"{TRACE}\" and time < {}", records::FROM + 1_000);
    let query = json!({ "queryType": "requests", "as": "traces", "filter": filter });
    let frames = two_nodes().await.frames(query).await;
    let [trace] = frames.as_slice() else { panic!() };
    assert_eq!(
        trace.names(),
        [
            "traceID",
            "spanID",
            "parentSpanID",
            "operationName",
            "serviceName",
            "serviceTags",
            "startTime",
            "duration",
            "kind",
            "statusCode",
            "tags"
        ]
    );
    let ids = trace.texts("spanID");
    assert_eq!(ids.iter().filter(|id| id.len() == 16).collect::<HashSet<_>>().len(), 2, "{ids:?}");
    let services = trace.texts("serviceName");
    let of = |service: &str| services.iter().position(|name| name == service).unwrap();
    assert_eq!(trace.texts("parentSpanID")[of("db")], ids[of("api")], "db was asked while api served");
    assert_eq!(trace.texts("operationName")[0], "GET /items/{id}");
    assert_eq!(trace.numbers("duration")[of("api")], Some(16.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_lines_of_a_log() {
    let query = json!({ "queryType": "requests", "as": "logs", "filter": "destination.workload = api", "limit": 3,
        "orderBy": ["time"] });
    let frames = two_nodes().await.frames(query).await;
    let [logs] = frames.as_slice() else { panic!() };
    assert_eq!(logs.meta["type"], "log-lines");
    assert_eq!(logs.names(), ["timestamp", "body", "severity", "id", "labels"]);
    assert_eq!(logs.texts("body")[1], "web -> api: GET /items/1 200 in 16 ms");
    assert_eq!(logs.texts("severity"), ["error", "info", "info"]);
    assert_eq!(logs.notices(), ["47 more rows match than the limit of 3 shows"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heatmap_has_cells_with_bounds() {
    let frames = two_nodes().await.frames(json!({ "queryType": "heatmap", "signal": "latency", "step": "10s" })).await;
    let [heatmap] = frames.as_slice() else { panic!() };
    assert_eq!(heatmap.meta["type"], "heatmap-cells");
    assert_eq!(heatmap.names(), ["xMax", "yMin", "yMax", "count", "yLayout"]);
    assert_eq!(total(heatmap, "count"), 2.0 * EXCHANGES as f64);
    let bounds = heatmap.numbers("yMin").into_iter().zip(heatmap.numbers("yMax"));
    assert!(bounds.into_iter().all(|(lower, upper)| lower < upper));
}

#[tokio::test(flavor = "multi_thread")]
async fn aggregates_are_one_row_a_group() {
    let query = json!({ "queryType": "table", "table": "requests", "groupBy": ["http.response.status_code"],
        "aggregates": ["count()", "p99(latency)"], "filter": "destination.workload = api" });
    let frames = two_nodes().await.frames(query).await;
    let [table] = frames.as_slice() else { panic!() };
    assert_eq!(table.names(), ["http.response.status_code", "count()", "p99(latency)"]);
    assert_eq!(table.texts("http.response.status_code"), ["200", "500"]);
    assert_eq!(table.numbers("count()"), [Some(40.0), Some(10.0)]);
    assert_eq!(table.numbers("p99(latency)"), [Some(0.016), Some(0.016)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_are_shown_once_a_connection() {
    let frames = two_nodes().await.frames(json!({ "queryType": "flows", "orderBy": ["destination.port"] })).await;
    assert_eq!(frames[0].texts("destination.workload"), ["db", "api"]);
    assert_eq!(frames[0].texts("source.workload"), ["api", "web"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_the_reporter_gets_both_reports() {
    let query =
        json!({ "queryType": "table", "table": "requests", "groupBy": ["reporter"], "aggregates": ["count()"] });
    let frames = two_nodes().await.frames(query).await;
    assert_eq!(frames[0].texts("reporter"), ["client", "server"]);
    let each = 2.0 * EXCHANGES as f64;
    assert_eq!(frames[0].numbers("count()"), [Some(each), Some(each)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_seen_is_an_answer_too() {
    let host = two_nodes().await;
    let nothing = "destination.workload = \"no-such\"";
    let queries: [Value; 7] = [
        json!({ "queryType": "signals", "signals": ["request_rate"], "groupBy": ["source.workload"], "filter": nothing }),
        json!({ "queryType": "heatmap", "signal": "latency", "filter": nothing }),
        json!({ "queryType": "serviceMap", "filter": nothing }),
        json!({ "queryType": "requests", "filter": nothing }),
        json!({ "queryType": "requests", "as": "logs", "filter": nothing }),
        json!({ "queryType": "requests", "as": "traces", "filter": nothing }),
        json!({ "queryType": "values", "field": "destination.workload", "filter": nothing }),
    ];
    for query in queries {
        let frames = host.frames(query.clone()).await;
        assert!(frames.iter().all(|frame| frame.batch.num_rows() == 0), "{query}");
        assert!(frames[0].meta["custom"]["coverage"].is_object(), "{query}");
    }
}
