//! What the editors ask for.

use serde_json::{Value, json};

use super::{host::Host, node, records};

async fn host() -> Host {
    let (web, _) = node::real("node-web", &records::of_web()).await;
    let (api, _) = node::real("node-api", &records::of_api()).await;
    Host::start(&[web, api]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_and_signals_are_listed() {
    let host = host().await;
    let (status, fields) = host.resource("GET", "fields", Value::Null).await;
    assert_eq!(status, 200);
    let workload = fields.as_array().unwrap().iter().find(|field| field["name"] == "destination.workload").unwrap();
    assert_eq!((&workload["kind"], &workload["groupable"]), (&json!("text"), &json!(true)));
    let (status, signals) = host.resource("GET", "signals", Value::Null).await;
    assert_eq!(status, 200);
    assert!(
        signals.as_array().unwrap().iter().any(|signal| signal["name"] == "latency_p95" && signal["heatmap"] == true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_from_all_nodes() {
    let host = host().await;
    let range = format!("from={}&to={}", records::FROM, records::TO);
    let url = format!("values?field=source.workload&prefix=w&limit=5&{range}");
    let (status, answer) = host.resource("GET", &url, Value::Null).await;
    assert_eq!((status, &answer["values"]), (200, &json!(["web"])));
    assert_eq!(answer["coverage"]["nodesAnswered"], 2);
    let body = json!({ "field": "destination.workload", "filter": "destination.port = 5432", "from": records::FROM, "to": records::TO });
    let (status, answer) = host.resource("POST", "values", body).await;
    assert_eq!((status, &answer["values"]), (200, &json!(["db"])));
}

async fn values_of(host: &Host, field: &str, more: Value) -> Vec<String> {
    let mut body = json!({ "field": field, "from": records::FROM, "to": records::TO, "limit": 1_000 });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, answer) = host.resource("POST", "values", body).await;
    assert_eq!(status, 200, "{answer}");
    let values = answer["values"].as_array().unwrap();
    values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_workloads_are_the_names_that_a_map_shows() {
    let [callers, called] = records::odd();
    let (a, _) = node::real("node-a", &callers).await;
    let (b, _) = node::real("node-b", &called).await;
    let host = Host::start(&[a, b]).await;
    let map = host.frames(json!({ "queryType": "serviceMap" })).await;
    let mut shown = map[0].texts("id");
    let mut offered = values_of(&host, "source.workload", json!({})).await;
    offered.extend(values_of(&host, "destination.workload", json!({})).await);
    shown.sort();
    offered.sort();
    offered.dedup();
    assert_eq!(offered, shown);
    // Also those that stand for a workload that no node knows.
    let stand_ins =
        values_of(&host, "destination.workload", json!({ "prefix": "203.", "filter": "destination.port = 443" })).await;
    assert_eq!(stand_ins, ["203.0.113.8"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_label_keys_are_listed() {
    assert_eq!(values_of(&host().await, "source.labels.*", json!({})).await, ["app", "odd key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ad_hoc_filters_that_have_nothing_to_do_with_values_are_left_out() {
    let host = host().await;
    let ad_hoc = json!({ "adHoc": ["destination.port = 5432", "drop.reason = \"x\""] });
    assert_eq!(values_of(&host, "http.route", ad_hoc).await, ["/items/{id}"]);
    let (_, answer) = host.resource("POST", "values", json!({ "field": "url.path", "adHoc": ["nonsense = 1"] })).await;
    assert!(answer["message"].as_str().unwrap().contains("there is no field `nonsense`"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said() {
    let host = host().await;
    for (method, url, body, status, message) in [
        ("GET", "values?field=destination.worklod", Value::Null, 400, "did you mean `destination.workload`?"),
        ("GET", "values?field=source.pod&limit=x", Value::Null, 400, "limit: `x` is no number"),
        ("GET", "values?feld=source.pod", Value::Null, 400, "there is no parameter `feld`"),
        ("POST", "values", json!({ "feld": 1 }), 400, "unknown field `feld`"),
        ("DELETE", "fields", Value::Null, 405, "takes GET"),
        ("GET", "nothing", Value::Null, 404, "there is no resource `nothing`"),
    ] {
        let (code, answer) = host.resource(method, url, body).await;
        assert_eq!(code, status, "{url}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(message), "{url}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_checked() {
    let host = host().await;
    let (status, answer) = host.resource("POST", "filter/check", json!({ "filter": "latency > 250ms" })).await;
    assert_eq!((status, &answer["ok"]), (200, &json!(true)));
    assert_eq!(answer["conditions"][0], json!({ "field": "latency", "operator": ">", "values": ["250ms"] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_listed_with_those_that_are_not_reached() {
    let (api, _) = node::real("node-api", &records::of_api()).await;
    let nobody = node::nobody().await;
    let (_, nodes) = Host::start(&[api, nobody]).await.resource("GET", "nodes", Value::Null).await;
    let of =
        |address: String| nodes.as_array().unwrap().iter().find(|node| node["address"] == address.as_str()).unwrap();
    let reached = of(api.to_string());
    assert_eq!(
        (&reached["name"], &reached["version"], &reached["reachable"]),
        (&json!("node-api"), &json!("0.1.0"), &json!(true))
    );
    assert_eq!(of(nobody.to_string())["reason"], "connection refused");
}
