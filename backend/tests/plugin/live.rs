//! Live channels.

use std::time::Duration;

use grafana_plugin_sdk::pluginv2::{
    PublishStreamRequest, RunStreamRequest, StreamPacket, SubscribeStreamRequest, publish_stream_response,
    subscribe_stream_response,
};
use serde_json::{Value, json};
use tonic_0_12::{Streaming, codec::ProstCodec};

use super::{host::Host, node, records};

const PATH: &str = "live/0123abcd";

/// Subscribes, then runs the channel.
pub(crate) async fn run(host: &Host, query: Value) -> Streaming<StreamPacket> {
    let data = query.to_string();
    let request =
        SubscribeStreamRequest { plugin_context: host.context(), path: PATH.into(), data: data.clone().into() };
    let answer = host.streams().subscribe_stream(request).await.unwrap().into_inner();
    assert_eq!(answer.status(), subscribe_stream_response::Status::Ok);
    let request = RunStreamRequest { plugin_context: host.context(), path: PATH.into(), data: data.into() };
    host.streams().run_stream(request).await.unwrap().into_inner()
}

/// Asks the plugin to stop, as Grafana does.
pub(crate) async fn shutdown(host: &Host) {
    let mut client = tonic_0_12::client::Grpc::new(host.channel().clone());
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/plugin.GRPCController/Shutdown");
    let codec: ProstCodec<(), ()> = ProstCodec::default();
    client.unary(tonic_0_12::Request::new(()), path, codec).await.unwrap();
}

async fn packet(packets: &mut Streaming<StreamPacket>) -> Value {
    let next = tokio::time::timeout(Duration::from_secs(10), packets.message()).await;
    serde_json::from_slice(&next.unwrap().unwrap().unwrap().data).unwrap()
}

fn rows(packet: &Value) -> usize {
    packet["data"]["values"][0].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_all_nodes_come_as_they_are_seen() {
    let (web, of_web) = node::real("node-web", &[]).await;
    let (api, of_api) = node::real("node-api", &[]).await;
    let nobody = node::nobody().await;
    let host = Host::start(&[web, api, nobody]).await;
    let query =
        json!({ "queryType": "requests", "filter": "destination.workload = \"api\" or destination.port = 8080" });
    let mut packets = run(&host, query).await;
    let mut seen = packet(&mut packets).await;
    assert_eq!(rows(&seen), 0, "first the columns");
    assert_eq!(seen["schema"]["fields"][0]["name"], "time");
    // Until both nodes are followed and the third is known to be missing.
    tokio::time::sleep(Duration::from_millis(600)).await;
    of_web.append_all(&records::of_web());
    of_api.append_all(&records::of_api());
    let mut total = 0;
    while total < records::EXCHANGES as usize {
        seen = packet(&mut packets).await;
        total += rows(&seen);
    }
    assert_eq!(total, records::EXCHANGES as usize, "each exchange once, though two nodes saw it");
    let notice = seen["schema"]["meta"]["notices"][0]["text"].as_str().unwrap();
    assert_eq!(notice, format!("Not followed now: {nobody} (connection refused)"));
    assert!(host.metrics().await.contains("goldwire_plugin_live_streams 1"));
    drop(packets);
    for _ in 0..100 {
        if host.metrics().await.contains("goldwire_plugin_live_streams 0") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the stream goes on though nobody listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_live_query_is_refused() {
    let host = Host::start(&["127.0.0.1:1"]).await;
    let subscribe = async |path: &str, data: Value| {
        let data = data.to_string().into();
        let request = SubscribeStreamRequest { plugin_context: host.context(), path: path.into(), data };
        host.streams().subscribe_stream(request).await
    };
    let other = subscribe("other/x", json!({})).await.unwrap().into_inner();
    assert_eq!(other.status(), subscribe_stream_response::Status::NotFound);
    let error = subscribe(PATH, json!({ "queryType": "serviceMap" })).await.unwrap_err();
    assert!(error.message().contains("can be followed live"), "{error}");
    let error = subscribe(PATH, json!({ "queryType": "flows", "filter": "x" })).await.unwrap_err();
    assert_eq!(error.code(), tonic_0_12::Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_published() {
    let host = Host::start(&["127.0.0.1:1"]).await;
    let request = PublishStreamRequest { plugin_context: host.context(), path: PATH.into(), data: "{}".into() };
    let answer = host.streams().publish_stream(request).await.unwrap().into_inner();
    assert_eq!(answer.status(), publish_stream_response::Status::PermissionDenied);
}
