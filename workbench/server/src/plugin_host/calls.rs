//! The calls that Grafana makes on a plugin.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use grafana_plugin_sdk::pluginv2;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    Answer, DataSource, Health, HostError, PluginHost, ResourceAnswer, Subscription,
    answer::parse_json,
    connect,
    settings::{context, header_lists},
};

/// Longer than any deadline of the plugin's own, so that only a plugin that hangs meets it.
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// What a panel of usual width asks for.
const MAX_DATA_POINTS: i64 = 1_000;
const INTERVAL_MS: i64 = 1_000;

/// The messages of a live channel, each a frame as JSON; dropping it ends the channel.
pub type PacketStream = BoxStream<'static, Result<Value, HostError>>;

/// One query as Grafana sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The query's letter.
    pub ref_id: String,
    /// The query's JSON as the editor made it, with Grafana's own keys among it.
    pub model: Value,
    /// How many points the panel can show.
    pub max_data_points: i64,
    /// The panel's step in milliseconds.
    pub interval_ms: i64,
}

impl Query {
    /// Reads what Grafana reads from the model; without a `refId` it is named by its `index`: A, B, C…
    pub fn from_model(index: usize, model: &Value) -> Self {
        let letter = char::from(b'A' + u8::try_from(index % 26).unwrap_or_default());
        let ref_id = model["refId"].as_str().map_or_else(|| letter.to_string(), str::to_owned);
        let number = |key: &str, default| model[key].as_i64().filter(|n| *n > 0).unwrap_or(default);
        let max_data_points = number("maxDataPoints", MAX_DATA_POINTS);
        let interval_ms = number("intervalMs", INTERVAL_MS);
        let mut object = model.as_object().cloned().unwrap_or_default();
        let mut fill = |key: &str, value: Value| object.entry(key).or_insert(value).clone();
        fill("refId", ref_id.clone().into());
        fill("maxDataPoints", max_data_points.into());
        fill("intervalMs", interval_ms.into());
        Self { ref_id, model: Value::Object(object), max_data_points, interval_ms }
    }

    fn to_message(&self, from_ms: i64, to_ms: i64) -> pluginv2::DataQuery {
        pluginv2::DataQuery {
            ref_id: self.ref_id.clone(),
            query_type: self.model["queryType"].as_str().unwrap_or_default().to_owned(),
            max_data_points: self.max_data_points,
            interval_ms: self.interval_ms,
            time_range: Some(pluginv2::TimeRange { from_epoch_ms: from_ms, to_epoch_ms: to_ms }),
            json: self.model.to_string().into_bytes(),
        }
    }
}

/// One call of a resource.
#[derive(Debug, Clone, Default)]
pub struct ResourceRequest {
    /// The HTTP method.
    pub method: String,
    /// The path under `resources/`, with no leading slash and with its query string.
    pub url: String,
    /// Headers, one entry a value.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl PluginHost {
    /// Asks queries over a window in milliseconds since the epoch; gives each answer under its query's letter.
    pub async fn query(
        &self,
        data_source: &DataSource,
        queries: &[Value],
        from_ms: i64,
        to_ms: i64,
    ) -> Result<BTreeMap<String, Answer>, HostError> {
        let queries: Vec<Query> = queries.iter().enumerate().map(|(i, model)| Query::from_model(i, model)).collect();
        self.query_data(data_source, &queries, from_ms, to_ms, HashMap::new()).await
    }

    /// Data.QueryData.
    pub async fn query_data(
        &self,
        data_source: &DataSource,
        queries: &[Query],
        from_ms: i64,
        to_ms: i64,
        headers: HashMap<String, String>,
    ) -> Result<BTreeMap<String, Answer>, HostError> {
        let request = pluginv2::QueryDataRequest {
            plugin_context: Some(self.context(data_source)),
            headers,
            queries: queries.iter().map(|query| query.to_message(from_ms, to_ms)).collect(),
        };
        let mut client = connect::data(&self.channel);
        let response = within("QueryData", client.query_data(request)).await?.into_inner();
        let decode = |(ref_id, answer): (String, pluginv2::DataResponse)| {
            let answer = Answer::decode(&ref_id, &answer)?;
            Ok((ref_id, answer))
        };
        response.responses.into_iter().map(decode).collect()
    }

    /// Diagnostics.CheckHealth: the button "Save & test".
    pub async fn check_health(&self, data_source: &DataSource) -> Result<Health, HostError> {
        let request =
            pluginv2::CheckHealthRequest { plugin_context: Some(self.context(data_source)), headers: HashMap::new() };
        let mut client = connect::diagnostics(&self.channel);
        Health::decode(within("CheckHealth", client.check_health(request)).await?.into_inner())
    }

    /// Diagnostics.CollectMetrics: the plugin's own metrics as Prometheus text.
    pub async fn collect_metrics(&self) -> Result<String, HostError> {
        let plugin_context = Some(context(&self.plugin_id, None, None));
        let mut client = connect::diagnostics(&self.channel);
        let request = pluginv2::CollectMetricsRequest { plugin_context };
        let response = within("CollectMetrics", client.collect_metrics(request)).await?.into_inner();
        let text = response.metrics.map(|metrics| metrics.prometheus).unwrap_or_default();
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Resource.CallResource.
    pub async fn call_resource(
        &self,
        data_source: &DataSource,
        request: ResourceRequest,
    ) -> Result<ResourceAnswer, HostError> {
        let path = request.url.split('?').next().unwrap_or_default().to_owned();
        let request = pluginv2::CallResourceRequest {
            plugin_context: Some(self.context(data_source)),
            path,
            method: request.method,
            url: request.url,
            headers: header_lists(&request.headers),
            body: request.body,
        };
        let mut client = connect::resources(&self.channel);
        within("CallResource", async {
            let parts = client.call_resource(request).await?.into_inner();
            parts.try_collect::<Vec<_>>().await
        })
        .await
        .and_then(join_parts)
    }

    /// Reads a resource; `url` may have a query string.
    pub async fn get(&self, data_source: &DataSource, url: &str) -> Result<ResourceAnswer, HostError> {
        let request = ResourceRequest { method: "GET".into(), url: url.to_owned(), ..ResourceRequest::default() };
        self.call_resource(data_source, request).await
    }

    /// Sends JSON to a resource.
    pub async fn post(&self, data_source: &DataSource, url: &str, body: &Value) -> Result<ResourceAnswer, HostError> {
        let request = ResourceRequest {
            method: "POST".into(),
            url: url.to_owned(),
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: body.to_string().into(),
        };
        self.call_resource(data_source, request).await
    }

    /// Stream.SubscribeStream: may this client listen to `path`, and what does it get at once?
    pub async fn subscribe(
        &self,
        data_source: &DataSource,
        path: &str,
        query: &Value,
    ) -> Result<Subscription, HostError> {
        let request = pluginv2::SubscribeStreamRequest {
            plugin_context: Some(self.context(data_source)),
            path: path.to_owned(),
            data: payload(query),
        };
        let mut client = connect::streams(&self.channel);
        Subscription::decode(&within("SubscribeStream", client.subscribe_stream(request)).await?.into_inner())
    }

    /// Stream.RunStream: the channel's messages until the stream is dropped.
    pub async fn run_stream(
        &self,
        data_source: &DataSource,
        path: &str,
        query: &Value,
    ) -> Result<PacketStream, HostError> {
        let request = pluginv2::RunStreamRequest {
            plugin_context: Some(self.context(data_source)),
            path: path.to_owned(),
            data: payload(query),
        };
        let mut client = connect::streams(&self.channel);
        let packets = within("RunStream", client.run_stream(request)).await?.into_inner();
        Ok(packets.map(|packet| parse_json("a live message", &packet?.data)).boxed())
    }

    fn context(&self, data_source: &DataSource) -> pluginv2::PluginContext {
        context(&self.plugin_id, self.user.as_ref(), Some(data_source))
    }
}

async fn within<T, E: Into<HostError>>(
    call: &'static str,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, HostError> {
    match timeout(CALL_LIMIT, answer).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_elapsed) => Err(HostError::TimedOut { call, limit: CALL_LIMIT }),
    }
}

/// Only the first part's status and headers count.
fn join_parts(parts: Vec<pluginv2::CallResourceResponse>) -> Result<ResourceAnswer, HostError> {
    let first = parts.first().ok_or(HostError::NoAnswer)?;
    let each = |(name, list): (&String, &pluginv2::StringList)| {
        list.values.iter().map(|value| (name.clone(), value.clone())).collect::<Vec<_>>()
    };
    let headers = first.headers.iter().flat_map(each).collect();
    let status = u16::try_from(first.code).unwrap_or(500);
    let mut body = BytesMut::new();
    parts.iter().for_each(|part| body.extend_from_slice(&part.body));
    Ok(ResourceAnswer { status, headers, body: body.freeze() })
}

fn payload(query: &Value) -> Bytes {
    if query.is_null() { Bytes::new() } else { query.to_string().into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_query_keeps_its_keys_and_gets_those_that_grafana_adds() {
        let query = Query::from_model(1, &json!({"queryType": "signals", "maxDataPoints": 0}));
        assert_eq!((query.ref_id.as_str(), query.max_data_points), ("B", MAX_DATA_POINTS));
        assert_eq!(query.model["queryType"], "signals");
        assert_eq!(query.to_message(1, 2).query_type, "signals");
        let named = Query::from_model(0, &json!({"refId": "Z", "intervalMs": 5}));
        assert_eq!((named.ref_id.as_str(), named.interval_ms), ("Z", 5));
    }

    #[test]
    fn parts_of_a_resource_are_joined() {
        let part = |code, body: &'static str| pluginv2::CallResourceResponse {
            code,
            headers: header_lists(&[("X-A".into(), "1".into())]),
            body: body.into(),
        };
        let answer = join_parts(vec![part(201, "{\"a\""), part(500, ":1}")]).unwrap();
        assert_eq!((answer.status, answer.headers.len()), (201, 1));
        assert_eq!(answer.json().unwrap(), json!({"a": 1}));
        assert!(matches!(join_parts(Vec::new()), Err(HostError::NoAnswer)));
    }
}
