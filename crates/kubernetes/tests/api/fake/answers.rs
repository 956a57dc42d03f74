//! Answers that are no streams.

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::Response,
};
use serde_json::{Value, json};

use super::{Kind, Parameters, Shared, store::Stored};

pub(super) fn json_response(status: StatusCode, body: String) -> Response {
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    response.body(Body::from(body)).expect("a response")
}

/// The API's `Status` object.
pub(super) fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    })
}

pub(super) fn failure(code: u16, reason: &str, message: &str) -> Response {
    let http = StatusCode::from_u16(code).expect("a status");
    json_response(http, status(code, reason, message).to_string())
}

/// What keeps any question of this kind from an answer.
pub(super) async fn refusal(shared: &Shared, verb: &str, kind: Kind) -> Option<Response> {
    let (silent, overloaded, denied) = {
        let mut faults = shared.faults();
        faults.count(verb, kind);
        (faults.silent, faults.overloaded, faults.denied.contains(&kind))
    };
    if silent {
        std::future::pending::<()>().await;
    }
    if overloaded {
        return Some(failure(503, "ServiceUnavailable", "the server is overloaded"));
    }
    let message =
        format!("{} is forbidden: User \"goldwire\" cannot {verb} resource \"{}\"", kind.plural(), kind.plural());
    denied.then(|| failure(403, "Forbidden", &message))
}

pub(super) async fn node(shared: &Shared, name: &str) -> Response {
    if let Some(refusal) = refusal(shared, "get", Kind::Node).await {
        return refusal;
    }
    let node = shared.store().objects(Kind::Node).into_iter().find(|node| node["metadata"]["name"] == name);
    match node {
        Some(node) => json_response(StatusCode::OK, node.to_string()),
        None => failure(404, "NotFound", &format!("nodes \"{name}\" not found")),
    }
}

pub(super) async fn list(shared: &Shared, kind: Kind, asked: &Parameters) -> Response {
    if let Some(refusal) = refusal(shared, "list", kind).await {
        return refusal;
    }
    if asked.continue_token.is_some() && shared.faults().take_expired_page() {
        return failure(
            410,
            "Expired",
            "The provided continue parameter is too old to display a consistent list result",
        );
    }
    match page(shared, kind, asked) {
        Some((revision, objects, token)) => {
            json_response(StatusCode::OK, listed(kind, revision, &objects, token.as_deref()))
        }
        None => {
            failure(410, "Expired", "The provided continue parameter is too old to display a consistent list result")
        }
    }
}

/// All pages of a list are of one revision. What is served from memory (version 0) comes whole, whatever the limit.
fn page(shared: &Shared, kind: Kind, asked: &Parameters) -> Option<(u64, Vec<Stored>, Option<String>)> {
    let mut store = shared.store();
    let (revision, mut objects) = match &asked.continue_token {
        Some(token) => store.pages.remove(token)?,
        None => (store.revision, store.stored(kind, asked.field_selector.as_deref())),
    };
    let is_from_memory = asked.resource_version.as_deref() == Some("0");
    let limit = asked.limit.filter(|limit| *limit > 0 && !is_from_memory).unwrap_or(usize::MAX);
    if objects.len() <= limit {
        return Some((revision, objects, None));
    }
    let rest = objects.split_off(limit);
    store.next_page += 1;
    let token = format!("page-{}", store.next_page);
    store.pages.insert(token.clone(), (revision, rest));
    Some((revision, objects, Some(token)))
}

fn listed(kind: Kind, revision: u64, objects: &[Stored], token: Option<&str>) -> String {
    let items: Vec<&str> = objects.iter().map(|object| &*object.json).collect();
    let metadata = json!({ "resourceVersion": revision.to_string(), "continue": token.unwrap_or_default() });
    format!(
        r#"{{"kind":"{}List","apiVersion":"{}","metadata":{metadata},"items":[{}]}}"#,
        kind.name(),
        kind.api_version(),
        items.join(","),
    )
}
