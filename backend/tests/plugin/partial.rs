//! A missing node degrades an answer and never fails it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    host::Host,
    node::{self, Behaviour},
    records,
};

fn count() -> serde_json::Value {
    json!({ "queryType": "table", "table": "requests", "aggregates": ["count()"], "filter": "destination.workload = db" })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_missing_node_is_named_with_its_reason() {
    let (real, _) = node::real("node-api", &records::of_api()).await;
    let garbage = node::start(Behaviour::Garbage).await;
    let hangs = node::start(Behaviour::Hangs).await;
    let refuses = node::start(Behaviour::Refuses).await;
    let nobody = node::nobody().await;
    let host = Host::start(&[real, garbage, hangs, refuses, nobody]).await;
    let begun = Instant::now();
    let frames = host.frames(count()).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "the deadline is two seconds");
    assert_eq!(frames[0].numbers("count()"), [Some(50.0)]);
    let [notice] = frames[0].notices()[..] else { panic!("{:?}", frames[0].notices()) };
    assert!(notice.starts_with("1 of 5 nodes answered. Missing: "), "{notice}");
    for (node, reason) in [
        (garbage, "bad answer: "),
        (hangs, "no answer in time"),
        (refuses, "token not accepted"),
        (nobody, "connection refused"),
    ] {
        assert!(notice.contains(&format!("{node} ({reason}")), "{node}: {notice}");
    }
    assert_eq!(frames[0].meta["notices"][0]["severity"], "warning");
    assert_eq!(frames[0].meta["custom"]["coverage"]["late"], json!([hangs.to_string()]));
    let metrics = host.metrics().await;
    for outcome in ["ok", "late", "refused", "bad_answer", "unreachable"] {
        assert!(
            metrics.contains(&format!("goldwire_plugin_node_seconds_count{{outcome=\"{outcome}\"}} 1")),
            "{metrics}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_breaks_is_missing_and_can_come_back() {
    let (real, _) = node::real("node-api", &records::of_api()).await;
    let breaks = node::start(Behaviour::Breaks).await;
    let host = Host::start(&[real, breaks]).await;
    for _ in 0..2 {
        let frames = host.frames(count()).await;
        assert_eq!(frames[0].numbers("count()"), [Some(50.0)]);
        assert_eq!(frames[0].notices().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_at_all_is_an_error_that_says_why() {
    let nobody = node::nobody().await;
    let answer = Host::start(&[nobody]).await.query(count()).await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.error, format!("no node answered: {nobody} (connection refused)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_query_leaves_the_others_alone() {
    let (real, _) = node::real("node-api", &records::of_api()).await;
    let queries = [
        ("A", count()),
        ("B", json!({ "queryType": "signals", "signals": ["request_rat"] })),
        ("C", json!({ "queryType": "flows", "filter": "destination.port = = 1" })),
        ("D", json!({ "queryType": "flows", "fliter": "" })),
        ("E", json!("no object")),
        ("F", json!({ "queryType": "flows", "from": 2, "to": 1 })),
    ];
    let host = Host::start(&[real]).await;
    let queries: Vec<_> = queries.into_iter().filter(|(_, query)| query.is_object()).collect();
    let answers = host.query_all(&queries).await;
    assert_eq!(answers["A"].status, 200);
    let error = |ref_id: &str| {
        assert_eq!(answers[ref_id].status, 400);
        answers[ref_id].error.as_str()
    };
    assert!(error("B").contains("did you mean `request_rate`?"));
    assert!(error("C").lines().any(|line| line.trim() == "^"), "{}", error("C"));
    assert!(error("D").contains("`fliter`"));
    assert!(!error("F").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_enforced_filter_holds_for_queries_and_values() {
    let (real, _) = node::real("node-api", &records::of_api()).await;
    let mut host = Host::start(&[real]).await;
    host.settings["enforcedFilter"] = "destination.port = 8080".into();
    assert_eq!(host.frames(count()).await[0].numbers("count()"), [Some(0.0)]);
    let url = format!("values?field=destination.workload&from={}&to={}", records::FROM, records::TO);
    assert_eq!(host.resource("GET", &url, json!(null)).await.1["values"], json!(["api"]));
    // Two saves within a millisecond have the same stamp; what counts is what was saved.
    host.settings["enforcedFilter"] = "destination.port = 5432".into();
    assert!(host.frames(count()).await[0].numbers("count()")[0] > Some(0.0));
    host.settings["enforcedFilter"] = "destination.port".into();
    let answer = host.query(count()).await;
    assert_eq!((answer.status, answer.error.starts_with("enforcedFilter: ")), (400, true), "{}", answer.error);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_settings_fail_each_query_with_the_setting_s_name() {
    let host = Host::with(json!({ "nodes": ["a b"] })).await;
    let answer = host.query(count()).await;
    assert_eq!((answer.status, answer.error.starts_with("nodes: `a b`")), (400, true));
    let (ok, message, _) = host.health().await;
    assert!(!ok && message.starts_with("nodes: `a b`"), "{message}");
}
