//! `DoAction`: small questions with JSON answers.

use goldwire_answer::Body;
use goldwire_history::TierReport;
use goldwire_model::query::{Query, QueryKind};
use goldwire_protocol::{
    catalogue,
    status::{Retention, STATUS_ACTION, StatusReport},
};
use serde::Serialize;
use serde_json::json;
use tonic::Status;

use super::Node;
use crate::daemon::{clock, containers, kubernetes};

/// Name and description of each.
pub(super) const ACTIONS: [(&str, &str); 4] = [
    ("values", "distinct values of a field; the body is a query whose queryType is values, as JSON"),
    ("fields", "the fields that can be filtered on and grouped by, as JSON"),
    ("signals", "the signals that can be asked for, as JSON"),
    (STATUS_ACTION, "what this node records, how far back, and what it lost, as JSON"),
];

pub(super) fn answer(node: &Node, action: &str, body: &[u8]) -> Result<Vec<u8>, Status> {
    match action {
        "values" => values(node, body),
        "fields" => json_of(&catalogue::fields()),
        "signals" => json_of(&catalogue::signals()),
        STATUS_ACTION => json_of(&status(node)),
        other => {
            let known = ACTIONS.map(|(name, _)| name).join(", ");
            Err(Status::invalid_argument(format!("no action \"{other}\"; there are {known}")))
        }
    }
}

fn values(node: &Node, body: &[u8]) -> Result<Vec<u8>, Status> {
    let text = std::str::from_utf8(body).map_err(|_| Status::invalid_argument("the body is not UTF-8"))?;
    let query = Query::from_json(text).map_err(|error| Status::invalid_argument(error.to_string()))?;
    if !matches!(query.kind, QueryKind::Values { .. }) {
        return Err(Status::invalid_argument("the action \"values\" takes a query whose queryType is \"values\""));
    }
    let answer = super::flight::execute(&node.history, &query)?;
    let values: Vec<String> = match answer.body {
        Body::Values { values, .. } => values.into_iter().map(|(value, _)| value).collect(),
        Body::Groups(_) | Body::Rows(_) => Vec::new(),
    };
    json_of(&json!({ "values": values, "coverage": answer.coverage }))
}

fn status(node: &Node) -> StatusReport {
    let now = clock::now();
    let report = node.history.report(now);
    StatusReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        node: node.name.to_string(),
        kernel: nix::sys::utsname::uname()
            .map(|name| name.release().to_string_lossy().into_owned())
            .unwrap_or_default(),
        started: node.started,
        now: now.as_millis(),
        signals: node.signals.to_vec(),
        retention: report.tiers.iter().map(retention).collect(),
        lost: node.gauges.lost(),
        memory_used: report.bytes as u64,
        memory_budget: report.memory as u64,
        connections: node.gauges.connections(),
        notes: notes(node),
    }
}

fn notes(node: &Node) -> Vec<String> {
    let of_kubernetes = node.kubernetes.as_ref().map_or_else(Vec::new, kubernetes::notes);
    let of_engines = node.engines.as_ref().map_or_else(Vec::new, containers::notes);
    [of_kubernetes, of_engines].concat()
}

fn retention(tier: &TierReport) -> Retention {
    Retention {
        table: tier.table.to_owned(),
        tier: tier.tier,
        oldest: tier.oldest,
        rows: tier.rows as u64,
        bytes: tier.bytes as u64,
        reach_seconds: tier.projected_reach_seconds,
    }
}

fn json_of(value: &impl Serialize) -> Result<Vec<u8>, Status> {
    serde_json::to_vec(value).map_err(|error| Status::internal(format!("failed to encode the answer: {error}")))
}
