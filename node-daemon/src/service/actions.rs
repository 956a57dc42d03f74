//! `DoAction`: small questions with JSON answers.

use goldwire_answer::table::Finished;
use goldwire_history::{Cancel, History, TierReport};
use goldwire_model::query::{Query, QueryKind};
use goldwire_protocol::{
    catalogue,
    status::{QueryMemoryReport, Retention, STATUS_ACTION, SignalState, StatusReport},
};
use serde::Serialize;
use serde_json::json;
use tonic::Status;

use super::Node;
use crate::daemon::{clock, containers, kubernetes};

/// The action that is a query, and waits for its turn as one.
pub(super) const VALUES: &str = "values";

/// Name and description of each.
pub(super) const ACTIONS: [(&str, &str); 4] = [
    (VALUES, "distinct values of a field; the body is a query whose queryType is values, as JSON"),
    ("fields", "the fields that can be filtered on and grouped by, as JSON"),
    ("signals", "the signals that can be asked for, as JSON"),
    (STATUS_ACTION, "what this node records, how far back, and what it lost, as JSON"),
];

/// Answers an action that is no query.
pub(super) fn answer(node: &Node, action: &str) -> Result<Vec<u8>, Status> {
    match action {
        "fields" => json_of(&catalogue::fields()),
        "signals" => json_of(&catalogue::signals()),
        STATUS_ACTION => json_of(&status(node)),
        other => {
            let known = ACTIONS.map(|(name, _)| name).join(", ");
            Err(Status::invalid_argument(format!("no action \"{other}\"; there are {known}")))
        }
    }
}

/// Distinct values of a field.
pub(super) fn values(node: &Node, body: &[u8], cancel: &Cancel) -> Result<Vec<u8>, Status> {
    let text = std::str::from_utf8(body).map_err(|_| Status::invalid_argument("the body is not UTF-8"))?;
    let query = Query::from_json(text).map_err(|error| Status::invalid_argument(error.to_string()))?;
    if !matches!(query.kind, QueryKind::Values { .. }) {
        return Err(Status::invalid_argument("the action \"values\" takes a query whose queryType is \"values\""));
    }
    let (answer, _allowance) = super::flight::finish(&node.history, &query, cancel)?;
    let values = if let Finished::Values(values) = answer.body { values } else { Vec::new() };
    let values: Vec<&str> = values.iter().map(|value| &**value).collect();
    json_of(&json!({ "values": values, "coverage": answer.coverage.nodes.first() }))
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
        signals: signals(node),
        retention: report.tiers.iter().map(retention).collect(),
        lost: node.gauges.lost(),
        memory_used: report.bytes as u64,
        memory_budget: report.memory as u64,
        query_memory: Some(query_memory(&node.history)),
        connections: node.gauges.connections(),
        buffers: node.gauges.buffers(),
        notes: notes(node),
    }
}

fn query_memory(history: &History) -> QueryMemoryReport {
    let memory = history.query_memory();
    QueryMemoryReport {
        one: memory.one() as u64,
        all: memory.all() as u64,
        taken: memory.taken() as u64,
        most_taken: memory.most_taken() as u64,
    }
}

/// What is hooked in sees nothing where there is nothing to observe.
fn signals(node: &Node) -> Vec<SignalState> {
    let Some(why) = node.gauges.blind() else { return node.signals.to_vec() };
    let blind = node.signals.iter().map(|state| SignalState {
        signal: state.signal.clone(),
        available: false,
        reason: Some(state.reason.clone().unwrap_or_else(|| why.clone())),
    });
    blind.collect()
}

fn notes(node: &Node) -> Vec<String> {
    let of_kubernetes = node.kubernetes.as_ref().map_or_else(Vec::new, kubernetes::notes);
    let of_engines = node.engines.as_ref().map_or_else(Vec::new, containers::notes);
    let blind = node.gauges.blind().map(|why| format!("nothing is observed: {why}"));
    [blind.into_iter().collect(), of_kubernetes, of_engines].concat()
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
