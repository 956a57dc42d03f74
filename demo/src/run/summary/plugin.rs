//! Asking the plugin as a panel does: through the workbench, which speaks Grafana's HTTP.

use std::fmt::Write;

use anyhow::{Context, bail};
use axum::http::{Method, Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::run::observers::DATA_SOURCE;

/// The plugin, behind the workbench.
#[derive(Debug)]
pub(super) struct Plugin {
    base: String,
    from: u64,
    to: u64,
    runtime: Runtime,
}

/// The first frame of an answer: columns by name.
#[derive(Debug)]
pub(super) struct Frame {
    names: Vec<String>,
    columns: Vec<Vec<Value>>,
    coverage: Value,
}

impl Plugin {
    /// `page` is the workbench's address; the window is in milliseconds since the epoch.
    pub(super) fn new(page: &str, from: u64, to: u64) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { base: page.trim_end_matches('/').to_owned(), from, to, runtime })
    }

    /// Asks one query.
    pub(super) fn ask(&self, query: &Value) -> anyhow::Result<Frame> {
        let mut query = query.clone();
        query["refId"] = json!("A");
        query["datasource"] = json!({ "type": "goldwire-goldwire-datasource", "uid": DATA_SOURCE });
        let request = json!({ "queries": [query], "from": self.from.to_string(), "to": self.to.to_string() });
        let answer = self.runtime.block_on(post(&format!("{}/api/ds/query", self.base), &request))?;
        let result = &answer["results"]["A"];
        if let Some(error) = result["error"].as_str() {
            bail!("the plugin refused {query}: {error}");
        }
        Frame::read(&result["frames"][0]).with_context(|| format!("no frame came for {query}: {answer}"))
    }

    /// Who answered, in a sentence.
    pub(super) fn nodes(&self) -> anyhow::Result<String> {
        let query = json!({ "queryType": "table", "table": "requests", "groupBy": [], "aggregates": ["count()"] });
        let coverage = self.ask(&query)?.coverage;
        let mut sentence = format!("nodes: {} of {} answered", coverage["nodesAnswered"], coverage["nodesAsked"]);
        for node in coverage["nodes"].as_array().into_iter().flatten() {
            for loss in node["lost"].as_array().into_iter().flatten() {
                let name = node["node"].as_str().unwrap_or_default();
                write!(sentence, "; {name} lost {} events in {}", loss["events"], loss["stage"])?;
            }
        }
        Ok(sentence)
    }
}

impl Frame {
    fn read(frame: &Value) -> Option<Self> {
        let fields = frame["schema"]["fields"].as_array()?;
        let names = fields.iter().map(|field| field["name"].as_str().unwrap_or_default().to_owned()).collect();
        let values = frame["data"]["values"].as_array()?;
        let columns = values.iter().map(|column| column.as_array().cloned().unwrap_or_default()).collect();
        Some(Self { names, columns, coverage: frame["schema"]["meta"]["custom"]["coverage"].clone() })
    }

    /// How many rows there are.
    pub(super) fn length(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// Reads each row; `None` where one cannot be.
    pub(super) fn rows<T, C: FromIterator<T>>(&self, read: impl Fn(&Self, usize) -> Option<T>) -> Option<C> {
        (0..self.length()).map(|row| read(self, row)).collect()
    }

    pub(super) fn number(&self, column: &str, row: usize) -> Option<f64> {
        self.value(column, row)?.as_f64()
    }

    pub(super) fn text(&self, column: &str, row: usize) -> Option<String> {
        self.value(column, row)?.as_str().map(str::to_owned)
    }

    fn value(&self, column: &str, row: usize) -> Option<&Value> {
        let column = self.names.iter().position(|name| name == column)?;
        self.columns.get(column)?.get(row)
    }
}

async fn post(address: &str, body: &Value) -> anyhow::Result<Value> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(address)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())))?;
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let answer = client.request(request).await.context("the workbench does not answer")?;
    let bytes = answer.into_body().collect().await?.to_bytes();
    serde_json::from_slice(&bytes).with_context(|| format!("no JSON came back: {}", String::from_utf8_lossy(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_by_its_columns() {
        let frame = Frame::read(&json!({
            "schema": {
                "fields": [{ "name": "source.workload" }, { "name": "count()" }],
                "meta": { "custom": { "coverage": { "nodesAsked": 3 } } },
            },
            "data": { "values": [["shop", "orders"], [12, 3]] },
        }))
        .unwrap();
        assert_eq!(frame.length(), 2);
        assert_eq!(frame.text("source.workload", 1).as_deref(), Some("orders"));
        assert_eq!(frame.number("count()", 0), Some(12.0));
        assert_eq!(frame.number("no such column", 0), None);
        assert_eq!(frame.coverage["nodesAsked"], 3);
    }

    #[test]
    fn no_frame_is_no_frame() {
        assert!(Frame::read(&Value::Null).is_none());
    }
}
