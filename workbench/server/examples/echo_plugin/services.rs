//! Grafana's services, each of which says what it was asked.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, stream, stream::BoxStream};
use grafana_plugin_sdk::pluginv2::{self, check_health_response::HealthStatus, collect_metrics_response::Payload};
use tonic_0_12::{Request, Response, Status};

use super::frames;

pub(crate) struct Echo;

type Reply<T> = Result<Response<T>, Status>;
type Parts<T> = BoxStream<'static, Result<T, Status>>;

fn settings(context: Option<&pluginv2::PluginContext>) -> pluginv2::DataSourceInstanceSettings {
    context.and_then(|context| context.data_source_instance_settings.clone()).unwrap_or_default()
}

fn answer(query: &pluginv2::DataQuery, context: Option<&pluginv2::PluginContext>) -> pluginv2::DataResponse {
    let range = query.time_range.unwrap_or_default();
    if query.query_type == "fail" {
        return pluginv2::DataResponse { error: "as asked".into(), status: 400, ..Default::default() };
    }
    let source = settings(context);
    let secrets: BTreeMap<_, _> = source.decrypted_secure_json_data.iter().collect();
    let columns = [
        ("query", String::from_utf8_lossy(&query.json).into_owned()),
        ("range", format!("{}..{}", range.from_epoch_ms, range.to_epoch_ms)),
        ("settings", String::from_utf8_lossy(&source.json_data).into_owned()),
        ("secrets", format!("{secrets:?}")),
    ];
    let frame = frames::texts(&query.ref_id, &columns).unwrap_or_default();
    pluginv2::DataResponse { frames: vec![frame], ..Default::default() }
}

#[tonic_0_12::async_trait]
impl pluginv2::data_server::Data for Echo {
    async fn query_data(&self, request: Request<pluginv2::QueryDataRequest>) -> Reply<pluginv2::QueryDataResponse> {
        let request = request.into_inner();
        let context = request.plugin_context.as_ref();
        let responses = request.queries.iter().map(|query| (query.ref_id.clone(), answer(query, context)));
        Ok(Response::new(pluginv2::QueryDataResponse { responses: responses.collect() }))
    }
}

#[tonic_0_12::async_trait]
impl pluginv2::diagnostics_server::Diagnostics for Echo {
    async fn check_health(
        &self,
        request: Request<pluginv2::CheckHealthRequest>,
    ) -> Reply<pluginv2::CheckHealthResponse> {
        let name = settings(request.into_inner().plugin_context.as_ref()).name;
        let status = if name == "sick" { HealthStatus::Error } else { HealthStatus::Ok };
        let json_details = br#"{"nodes":3}"#.to_vec();
        Ok(Response::new(pluginv2::CheckHealthResponse { status: status.into(), message: name, json_details }))
    }

    async fn collect_metrics(
        &self,
        _: Request<pluginv2::CollectMetricsRequest>,
    ) -> Reply<pluginv2::CollectMetricsResponse> {
        let metrics = Some(Payload { prometheus: b"echo_up 1\n".to_vec() });
        Ok(Response::new(pluginv2::CollectMetricsResponse { metrics }))
    }
}

#[tonic_0_12::async_trait]
impl pluginv2::resource_server::Resource for Echo {
    type CallResourceStream = Parts<pluginv2::CallResourceResponse>;

    async fn call_resource(&self, request: Request<pluginv2::CallResourceRequest>) -> Reply<Self::CallResourceStream> {
        let request = request.into_inner();
        let json = pluginv2::StringList { values: vec!["application/json".into()] };
        let first = pluginv2::CallResourceResponse {
            code: 203,
            headers: HashMap::from([("Content-Type".into(), json)]),
            body: format!(r#"{{"asked":"{} {} {}","#, request.method, request.path, request.url).into(),
        };
        let body = String::from_utf8_lossy(&request.body).len();
        let rest = pluginv2::CallResourceResponse { body: format!(r#""bytes":{body}}}"#).into(), ..Default::default() };
        Ok(Response::new(stream::iter([Ok(first), Ok(rest)]).boxed()))
    }
}

#[tonic_0_12::async_trait]
impl pluginv2::stream_server::Stream for Echo {
    type RunStreamStream = Parts<pluginv2::StreamPacket>;

    async fn subscribe_stream(
        &self,
        request: Request<pluginv2::SubscribeStreamRequest>,
    ) -> Reply<pluginv2::SubscribeStreamResponse> {
        let request = request.into_inner();
        let status = i32::from(!request.path.starts_with("live/"));
        Ok(Response::new(pluginv2::SubscribeStreamResponse { status, data: request.data.to_vec() }))
    }

    async fn run_stream(&self, request: Request<pluginv2::RunStreamRequest>) -> Reply<Self::RunStreamStream> {
        let path = request.into_inner().path;
        let packet = move |n| pluginv2::StreamPacket { data: format!(r#"{{"{path}":{n}}}"#).into_bytes() };
        // It never ends by itself, as a live query does not.
        Ok(Response::new(stream::iter(0..3).map(packet).chain(stream::pending()).map(Ok).boxed()))
    }

    async fn publish_stream(
        &self,
        _: Request<pluginv2::PublishStreamRequest>,
    ) -> Reply<pluginv2::PublishStreamResponse> {
        Err(Status::permission_denied("nobody may publish"))
    }
}
