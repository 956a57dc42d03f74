//! How the plugin starts, tells how it is, and stops.

use std::time::Duration;

use serde_json::json;
use tonic_health_0_12::pb::{HealthCheckRequest, health_client::HealthClient};

use super::{
    host::Host,
    node::{self, Behaviour},
    records,
};

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_the_truth() {
    let (real, _) = node::real("node-api", &records::of_api()).await;
    let refuses = node::start(Behaviour::Refuses).await;
    let (ok, message, details) = Host::start(&[real, refuses]).await.health().await;
    assert!(ok, "some are reached");
    for part in [
        "1 of 2 nodes reached",
        "Version 0.1.0",
        &format!("{refuses}: token not accepted"),
        "drop_rate (this kernel has no kprobes)",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let difference = details["nodes"].as_array().unwrap().iter().find_map(|node| node["clockDifference"].as_i64());
    assert!(difference.is_some_and(|difference| difference.abs() < 1_000), "{details}");
    let nobody = node::nobody().await;
    let (ok, message, _) = Host::start(&[nobody]).await.health().await;
    assert!(!ok, "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_a_role_may_ask() {
    let (real, _) = node::real("node-api", &records::of_api()).await;
    let mut host = Host::start(&[real]).await;
    for role in ["None", "", "Viewer"] {
        host.role = role.into();
        assert!(host.health().await.0, "{role}");
        host.frames(json!({ "queryType": "serviceMap" })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_never_reach_the_log() {
    let (real, _) = node::real("node-api", &records::of_api()).await;
    let mut host = Host::start(&[real]).await;
    host.secrets.insert("token".into(), "very-s3cret".into());
    host.secrets.insert("tlsClientKey".into(), "key-s3cret".into());
    host.health().await;
    host.frames(json!({ "queryType": "serviceMap" })).await;
    host.resource("GET", "nodes", json!(null)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let log = host.log();
    assert!(log.contains("serving"), "{log}");
    assert!(!log.contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_many_megabytes_is_read() {
    let (real, _) = node::real("node-api", &records::of_api()).await;
    let host = Host::start(&[real]).await;
    let padding = "x".repeat(6 * 1024 * 1024);
    let answer = host.query(json!({ "queryType": "serviceMap", "datasource": padding })).await;
    // The host's own marks replace the padding; what counts is a filter too long to be one.
    assert_eq!(answer.status, 200);
    let long = host.query(json!({ "queryType": "flows", "filter": "y".repeat(6 * 1024 * 1024) })).await;
    assert_eq!(long.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_healthy_by_the_name_that_grafana_asks_for() {
    let host = Host::start(&["127.0.0.1:1"]).await;
    let request = HealthCheckRequest { service: "plugin".into() };
    let answer = HealthClient::new(host.channel().clone()).check(request).await.unwrap();
    assert_eq!(answer.into_inner().status, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_does_not_wait_for_streams() {
    let (real, _) = node::real("node-api", &records::of_api()).await;
    let mut host = Host::start(&[real]).await;
    let mut packets = super::live::run(&host, json!({ "queryType": "requests" })).await;
    assert!(packets.message().await.unwrap().is_some());
    super::live::shutdown(&host).await;
    assert!(host.ended().await < Duration::from_millis(1_500));
}
