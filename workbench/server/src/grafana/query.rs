//! `/api/ds/query`: a panel's queries, answered with frames as JSON.

use std::collections::{BTreeMap, HashMap};

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Workbench, error::ApiError};
use crate::{
    frame,
    plugin_host::{Answer, Query},
};

/// What the page sends: queries, and a window in milliseconds since the epoch.
#[derive(Debug, Deserialize)]
pub(super) struct QueryRequest {
    queries: Vec<Value>,
    from: Value,
    to: Value,
}

pub(super) async fn run(
    State(bench): State<Workbench>,
    Json(request): Json<QueryRequest>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (from, to) = (milliseconds("from", &request.from)?, milliseconds("to", &request.to)?);
    let host = bench.plugin.host().await?;
    let mut results = Map::new();
    let mut failed = false;
    for (uid, queries) in by_data_source(&request.queries)? {
        let source = bench.sources.decrypted(&uid)?;
        for (ref_id, answer) in host.query_data(&source, &queries, from, to, HashMap::new()).await? {
            failed |= answer.error.is_some();
            results.insert(ref_id, result(&answer));
        }
    }
    // Without its feature "multi-status", Grafana gives 400 as soon as one query fails.
    let status = if failed { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok((status, Json(json!({ "results": results }))))
}

fn result(answer: &Answer) -> Value {
    let frames: Vec<Value> = answer.frames.iter().map(frame::to_json).collect();
    match &answer.error {
        Some(error) => {
            json!({ "status": answer.status, "error": error, "frames": frames })
        }
        None => json!({ "status": answer.status, "frames": frames }),
    }
}

fn by_data_source(models: &[Value]) -> Result<BTreeMap<String, Vec<Query>>, ApiError> {
    if models.is_empty() {
        return Err(ApiError::BadRequest("no queries found".into()));
    }
    let mut queries: BTreeMap<String, Vec<Query>> = BTreeMap::new();
    for (index, model) in models.iter().enumerate() {
        let uid = model["datasource"]["uid"].as_str();
        let uid = uid.ok_or_else(|| ApiError::BadRequest("a query names no data source".into()))?;
        queries.entry(uid.to_owned()).or_default().push(Query::from_model(index, model));
    }
    Ok(queries)
}

/// The page writes them as texts.
fn milliseconds(key: &str, value: &Value) -> Result<i64, ApiError> {
    let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    number.ok_or_else(|| ApiError::BadRequest(format!("{key} is {value}, not milliseconds since the epoch")))
}
