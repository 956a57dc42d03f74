//! `/api/datasources`: set up, save, check, and call a data source's resources.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri},
    response::Response,
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Settings, Workbench, error::ApiError};
use crate::plugin_host::{HealthStatus, ResourceAnswer, ResourceRequest};

/// What a plugin may want to know of the browser's request.
const PASSED_ON: [&str; 3] = ["accept", "accept-language", "content-type"];
/// What a browser gets of the plugin's answer.
const PASSED_BACK: [&str; 3] = ["content-type", "cache-control", "etag"];

pub(super) async fn list(State(bench): State<Workbench>) -> Json<Vec<Value>> {
    Json(bench.sources.views())
}

pub(super) async fn add(
    State(bench): State<Workbench>,
    Json(settings): Json<Settings>,
) -> Result<Json<Value>, ApiError> {
    if settings.plugin_id != bench.plugin.id {
        return Err(ApiError::BadRequest(format!("there is no plugin {:?}", settings.plugin_id)));
    }
    let added = bench.sources.add(settings)?;
    Ok(Json(json!({ "id": added["id"], "name": added["name"], "message": "Datasource added", "datasource": added })))
}

pub(super) async fn view(State(bench): State<Workbench>, Path(uid): Path<String>) -> Result<Json<Value>, ApiError> {
    bench.sources.view(&uid).map(Json)
}

pub(super) async fn save(
    State(bench): State<Workbench>,
    Path(uid): Path<String>,
    Json(settings): Json<Settings>,
) -> Result<Json<Value>, ApiError> {
    let saved = bench.sources.save(&uid, settings)?;
    Ok(Json(json!({ "id": saved["id"], "name": saved["name"], "message": "Datasource updated", "datasource": saved })))
}

pub(super) async fn remove(State(bench): State<Workbench>, Path(uid): Path<String>) -> Result<Json<Value>, ApiError> {
    bench.sources.remove(&uid)?;
    Ok(Json(json!({ "message": "Data source deleted" })))
}

pub(super) async fn check_health(
    State(bench): State<Workbench>,
    Path(uid): Path<String>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let source = bench.sources.decrypted(&uid)?;
    let health = bench.plugin.host().await?.check_health(&source).await?;
    let status = if health.status == HealthStatus::Ok { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let body = json!({
        "status": health.status.as_str(), "message": health.message, "details": health.details,
    });
    Ok((status, Json(body)))
}

pub(super) async fn call_resource(
    State(bench): State<Workbench>,
    Path((uid, path)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let source = bench.sources.decrypted(&uid)?;
    let url = uri.query().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    let request = ResourceRequest { method: method.to_string(), url, headers: passed_on(&headers), body };
    let answer = bench.plugin.host().await?.call_resource(&source, request).await?;
    Ok(to_response(answer))
}

fn passed_on(headers: &HeaderMap) -> Vec<(String, String)> {
    let value = |name: &&str| Some(((*name).to_owned(), headers.get(*name)?.to_str().ok()?.to_owned()));
    PASSED_ON.iter().filter_map(value).collect()
}

fn to_response(answer: ResourceAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name).ok().filter(|name| PASSED_BACK.contains(&name.as_str()));
        if let (Some(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
