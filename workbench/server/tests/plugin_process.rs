//! The host against a real process: life cycle, calls, and plugins that misbehave.

mod echo;

use futures::StreamExt;
use goldwire_workbench::plugin_host::{
    Address, DataSource, HandshakeError, HealthStatus, HostError, Launch, SubscriptionStatus,
};
use serde_json::{Value, json};

fn source() -> DataSource {
    DataSource::with_nodes(&["127.0.0.1:4270"]).with_secret("token", "hush")
}

#[tokio::test]
async fn queries_carry_model_window_settings_and_secrets() {
    let host = Launch::new(echo::plugin()).start().await.unwrap();
    let queries = [json!({"queryType": "signals"}), json!({"refId": "X", "queryType": "fail"})];
    let answers = host.query(&source(), &queries, 1_000, 2_000).await.unwrap();
    let row = &answers["A"].frames[0].rows()[0];
    let model: Value = serde_json::from_str(row["query"].as_str().unwrap()).unwrap();
    assert_eq!((&model["queryType"], &model["refId"]), (&json!("signals"), &json!("A")));
    assert_eq!((&row["range"], &row["secrets"]), (&json!("1000..2000"), &json!(r#"{"token": "hush"}"#)));
    assert_eq!(row["settings"], r#"{"nodes":["127.0.0.1:4270"]}"#);
    assert!(answers["A"].is_ok() && answers["A"].problems().is_empty());
    assert_eq!((answers["X"].error.as_deref(), answers["X"].status), (Some("as asked"), 400));
}

#[tokio::test]
async fn the_other_services_answer_over_tcp_too() {
    let host = Launch::new(echo::plugin()).env("GF_PLUGIN_NETWORK", "tcp").start().await.unwrap();
    assert!(matches!(host.address(), Address::Tcp(_)));
    let health = host.check_health(&source()).await.unwrap();
    assert_eq!((health.status, &health.details), (HealthStatus::Ok, &json!({"nodes": 3})));
    assert_eq!(host.collect_metrics().await.unwrap(), "echo_up 1\n");
    let answer = host.get(&source(), "values?field=node.name").await.unwrap();
    let asked = "GET values values?field=node.name";
    assert_eq!((answer.status, answer.json().unwrap()), (203, json!({"asked": asked, "bytes": 0})));
    let posted = host.post(&source(), "filter/check", &json!({})).await.unwrap();
    assert_eq!(posted.json().unwrap()["bytes"], 2);
}

#[tokio::test]
async fn live_channels_run_until_dropped() {
    let host = Launch::new(echo::plugin()).start().await.unwrap();
    let query = json!({"live": true});
    let open = host.subscribe(&source(), "live/1", &query).await.unwrap();
    assert_eq!((open.status, open.initial), (SubscriptionStatus::Ok, query.clone()));
    let closed = host.subscribe(&source(), "other", &query).await.unwrap();
    assert_eq!(closed.status, SubscriptionStatus::NotFound);
    let packets = host.run_stream(&source(), "live/1", &query).await.unwrap();
    let packets: Vec<Value> = packets.take(3).map(Result::unwrap).collect().await;
    assert_eq!(packets[2], json!({"live/1": 2}));
    assert!(host.stop().await.graceful);
}

#[tokio::test]
async fn a_plugin_ends_by_itself_or_is_killed() {
    let host = Launch::new(echo::plugin()).start().await.unwrap();
    assert_eq!(host.log().await[0].entry["cookie"], "datasource");
    let exit = host.stop().await;
    assert!(exit.graceful && exit.status.is_some_and(|status| status.success()), "{exit:?}");
    let deaf = Launch::new(echo::plugin()).env("GF_PLUGIN_SHUTDOWN", "ignored").start().await.unwrap();
    let exit = deaf.stop().await;
    assert!(!exit.graceful && !deaf.is_running().await, "{exit:?}");
}

#[tokio::test]
async fn plugins_that_cannot_run_say_why() {
    let absent = Launch::new("/nowhere/gpx").start().await.unwrap_err();
    assert!(absent.to_string().starts_with("could not start /nowhere/gpx"), "{absent}");
    let silent = Launch::new("/bin/true").start().await.unwrap_err();
    assert!(matches!(silent, HostError::ClosedBeforeHandshake { .. }), "{silent}");
    let old = Launch::new(echo::plugin()).env("GF_PLUGIN_HANDSHAKE", "1|1|tcp|127.0.0.1:1|grpc").start().await;
    assert!(matches!(old.unwrap_err(), HostError::Handshake(HandshakeError::AppProtocol(_))));
    let nowhere = Launch::new(echo::plugin()).env("GF_PLUGIN_HANDSHAKE", "1|2|unix|/nowhere|grpc").start().await;
    assert!(matches!(nowhere.unwrap_err(), HostError::Connect(_)));
}
