//! Grafana's side: starts the plugin, reads its handshake, calls it, stops it.

use std::{
    collections::HashMap,
    io::Read,
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use grafana_plugin_sdk::pluginv2::{
    self, DataQuery, DataSourceInstanceSettings, PluginContext, QueryDataRequest, TimeRange, User,
    data_client::DataClient, diagnostics_client::DiagnosticsClient, resource_client::ResourceClient,
    stream_client::StreamClient,
};
use serde_json::{Value, json};
use tonic_0_12::transport::Channel;

use super::{
    process,
    records::{FROM, TO},
};

/// A running plugin. Dropping it kills it.
pub(crate) struct Host {
    process: Child,
    channel: Channel,
    log: Arc<Mutex<String>>,
    pub(crate) settings: Value,
    pub(crate) secrets: HashMap<String, String>,
    pub(crate) role: String,
}

/// The answer to one query.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) error: String,
    pub(crate) frames: Vec<Frame>,
}

/// A decoded frame.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) name: String,
    pub(crate) meta: Value,
    pub(crate) batch: RecordBatch,
}

impl Host {
    /// A plugin whose data source has these nodes.
    pub(crate) async fn start<A: ToString>(nodes: &[A]) -> Self {
        let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
        Self::with(json!({ "nodes": nodes, "timeoutSeconds": 2 })).await
    }

    pub(crate) async fn with(settings: Value) -> Self {
        let (mut process, endpoint) = process::start("trace", Stdio::piped());
        let log = Arc::new(Mutex::new(String::new()));
        let mut stderr = process.stderr.take().unwrap();
        let written = Arc::clone(&log);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut bytes) {
                written.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        });
        let channel = endpoint.connect().await.unwrap();
        Self { process, channel, log, settings, secrets: HashMap::new(), role: "Admin".into() }
    }

    pub(crate) fn context(&self) -> Option<PluginContext> {
        Some(PluginContext {
            org_id: 1,
            plugin_id: "goldwire-goldwire-datasource".into(),
            user: Some(User { role: self.role.clone(), ..User::default() }),
            data_source_instance_settings: Some(DataSourceInstanceSettings {
                uid: "uid".into(),
                name: "Goldwire".into(),
                json_data: self.settings.to_string().into(),
                decrypted_secure_json_data: self.secrets.clone(),
                last_updated_ms: 1,
                ..DataSourceInstanceSettings::default()
            }),
            ..PluginContext::default()
        })
    }

    /// Asks queries by refId, over the records' range.
    pub(crate) async fn query_all(&self, queries: &[(&str, Value)]) -> HashMap<String, Answer> {
        let queries = queries
            .iter()
            .map(|(ref_id, query)| {
                let mut query = query.clone();
                query["refId"] = (*ref_id).into();
                query["intervalMs"] = 1_000.into();
                query["datasource"] = json!({ "uid": "uid" });
                DataQuery {
                    ref_id: (*ref_id).into(),
                    max_data_points: 100,
                    interval_ms: 1_000,
                    time_range: Some(TimeRange { from_epoch_ms: FROM, to_epoch_ms: TO }),
                    json: query.to_string().into(),
                    query_type: String::new(),
                }
            })
            .collect();
        let request = QueryDataRequest { plugin_context: self.context(), headers: HashMap::new(), queries };
        let mut client = DataClient::new(self.channel.clone()).max_decoding_message_size(1 << 30);
        let responses = client.query_data(request).await.unwrap().into_inner().responses;
        responses.into_iter().map(|(ref_id, response)| (ref_id, Answer::of(&response))).collect()
    }

    pub(crate) async fn query(&self, query: Value) -> Answer {
        self.query_all(&[("A", query)]).await.remove("A").unwrap()
    }

    /// One that must succeed.
    pub(crate) async fn frames(&self, query: Value) -> Vec<Frame> {
        let answer = self.query(query).await;
        assert_eq!((answer.status, answer.error.as_str()), (200, ""));
        answer.frames
    }

    pub(crate) async fn health(&self) -> (bool, String, Value) {
        let request = pluginv2::CheckHealthRequest { plugin_context: self.context(), headers: HashMap::new() };
        let response = DiagnosticsClient::new(self.channel.clone()).check_health(request).await.unwrap().into_inner();
        let ok = response.status() == pluginv2::check_health_response::HealthStatus::Ok;
        (ok, response.message, serde_json::from_slice(&response.json_details).unwrap_or_default())
    }

    pub(crate) async fn metrics(&self) -> String {
        let request = pluginv2::CollectMetricsRequest { plugin_context: None };
        let response = DiagnosticsClient::new(self.channel.clone()).collect_metrics(request).await.unwrap();
        String::from_utf8(response.into_inner().metrics.unwrap().prometheus).unwrap()
    }

    /// Status and body of a resource; `url` may have parameters.
    pub(crate) async fn resource(&self, method: &str, url: &str, body: Value) -> (i32, Value) {
        let request = pluginv2::CallResourceRequest {
            plugin_context: self.context(),
            path: url.split('?').next().unwrap().into(),
            method: method.into(),
            url: url.into(),
            headers: HashMap::new(),
            body: if body.is_null() { Vec::new().into() } else { body.to_string().into() },
        };
        let mut parts = ResourceClient::new(self.channel.clone()).call_resource(request).await.unwrap().into_inner();
        let part = parts.message().await.unwrap().unwrap();
        (part.code, serde_json::from_slice(&part.body).unwrap())
    }

    pub(crate) fn streams(&self) -> StreamClient<Channel> {
        StreamClient::new(self.channel.clone())
    }

    pub(crate) const fn channel(&self) -> &Channel {
        &self.channel
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits for the end of the process; how long it took.
    pub(crate) async fn ended(&mut self) -> Duration {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return begun.elapsed();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Answer {
    fn of(response: &pluginv2::DataResponse) -> Self {
        let frames = response.frames.iter().map(|bytes| Frame::of(bytes)).collect();
        Self { status: response.status, error: response.error.clone(), frames }
    }
}

impl Frame {
    fn of(bytes: &[u8]) -> Self {
        let mut reader = FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
        let batch = reader.next().unwrap().unwrap();
        let metadata = batch.schema_ref().metadata();
        Self { name: metadata["name"].clone(), meta: serde_json::from_str(&metadata["meta"]).unwrap(), batch }
    }

    pub(crate) fn notices(&self) -> Vec<&str> {
        let notices = self.meta["notices"].as_array();
        notices.into_iter().flatten().filter_map(|notice| notice["text"].as_str()).collect()
    }

    /// A part of a field's metadata: `labels` or `config`.
    pub(crate) fn of_field(&self, field: &str, part: &str) -> Value {
        let schema = self.batch.schema();
        let metadata = schema.field_with_name(field).unwrap().metadata();
        metadata.get(part).map_or(Value::Null, |json| serde_json::from_str(json).unwrap())
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.batch.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    pub(crate) fn texts(&self, field: &str) -> Vec<String> {
        use arrow_array::cast::AsArray;
        let column = self.batch.column_by_name(field).unwrap().as_string::<i32>();
        column.iter().map(|text| text.unwrap_or("-").to_owned()).collect()
    }

    pub(crate) fn numbers(&self, field: &str) -> Vec<Option<f64>> {
        use arrow_array::{cast::AsArray, types};
        let column = self.batch.column_by_name(field).unwrap();
        match column.as_primitive_opt::<types::Float64Type>() {
            Some(numbers) => numbers.iter().collect(),
            None => {
                column.as_primitive::<types::Int64Type>().iter().map(|value| value.map(|value| value as f64)).collect()
            }
        }
    }
}
