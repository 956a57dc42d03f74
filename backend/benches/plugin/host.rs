//! Grafana's side: starts the built plugin and asks it as Grafana does.

use std::{
    collections::HashMap,
    io::Cursor,
    net::SocketAddr,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use arrow_array::{RecordBatch, cast::AsArray, types::Float64Type};
use arrow_ipc::reader::FileReader;
use grafana_plugin_sdk::pluginv2::{
    DataQuery, DataResponse, DataSourceInstanceSettings, PluginContext, QueryDataRequest, TimeRange, User,
    data_client::DataClient,
};
use serde_json::{Value, json};
use tonic_0_12::transport::Channel;

use crate::{process, world::HOUR};

/// A running plugin with one data source. Dropping it kills it.
pub(crate) struct Host {
    process: Child,
    client: DataClient<Channel>,
    settings: String,
}

/// What came of one query.
pub(crate) struct Answer {
    frames: Vec<Vec<u8>>,
    /// From Grafana's question to all frames at Grafana.
    pub(crate) took: Duration,
}

impl Host {
    /// A plugin whose data source has these nodes.
    pub(crate) async fn start(nodes: &[SocketAddr], deadline: Duration) -> Self {
        // Measured as installed: it logs what it logs by default.
        let (process, endpoint) = process::start("info", Stdio::null());
        let client = DataClient::new(endpoint.connect().await.unwrap()).max_decoding_message_size(1 << 30);
        let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
        let settings = json!({ "nodes": nodes, "timeoutSeconds": deadline.as_secs_f64() }).to_string();
        Self { process, client, settings }
    }

    /// Asks about the hour, for a panel with room for 120 points.
    pub(crate) async fn ask(&self, query: &Value) -> Answer {
        let query = DataQuery {
            ref_id: "A".into(),
            max_data_points: 120,
            interval_ms: 30_000,
            time_range: Some(TimeRange { from_epoch_ms: HOUR.0, to_epoch_ms: HOUR.1 }),
            json: query.to_string().into(),
            query_type: String::new(),
        };
        let context = Some(self.context());
        let request = QueryDataRequest { plugin_context: context, headers: HashMap::new(), queries: vec![query] };
        let mut client = self.client.clone();
        let begun = Instant::now();
        let mut responses = client.query_data(request).await.unwrap().into_inner().responses;
        let took = begun.elapsed();
        let DataResponse { frames, error, status, .. } = responses.remove("A").unwrap();
        assert_eq!((status, error.as_str()), (200, ""));
        Answer { frames, took }
    }

    fn context(&self) -> PluginContext {
        PluginContext {
            org_id: 1,
            plugin_id: "goldwire-goldwire-datasource".into(),
            user: Some(User { role: "Viewer".into(), ..User::default() }),
            data_source_instance_settings: Some(DataSourceInstanceSettings {
                uid: "uid".into(),
                name: "Goldwire".into(),
                json_data: self.settings.clone().into(),
                last_updated_ms: 1,
                ..DataSourceInstanceSettings::default()
            }),
            ..PluginContext::default()
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
    /// How many frames there are.
    pub(crate) fn series(&self) -> usize {
        self.frames.len()
    }

    /// How many nodes the answer is of, as it says itself.
    pub(crate) fn nodes_answered(&self) -> u64 {
        self.coverage()["nodesAnswered"].as_u64().unwrap()
    }

    /// The coarsest tier that a node answered from.
    pub(crate) fn tier(&self) -> String {
        self.coverage()["tier"].as_str().unwrap().to_owned()
    }

    fn coverage(&self) -> Value {
        let frame = read(&self.frames[0]);
        let mut meta: Value = serde_json::from_str(&frame.schema_ref().metadata()["meta"]).unwrap();
        meta["custom"]["coverage"].take()
    }

    /// The sum of all numbers of all series.
    pub(crate) fn sum(&self) -> f64 {
        let of = |frame: &RecordBatch| -> f64 {
            let columns = frame.columns().iter().filter_map(|column| column.as_primitive_opt::<Float64Type>());
            columns.flat_map(|numbers| numbers.iter().flatten()).sum()
        };
        self.frames.iter().map(|frame| of(&read(frame))).sum()
    }
}

fn read(frame: &[u8]) -> RecordBatch {
    FileReader::try_new(Cursor::new(frame), None).unwrap().next().unwrap().unwrap()
}
