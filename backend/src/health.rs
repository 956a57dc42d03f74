//! "Save & test": whether the data source works, and what of it does not.

use std::{collections::BTreeMap, sync::Arc};

use goldwire_protocol::{client::NodeError, status::StatusReport};
use serde::Serialize;

use crate::{
    clock,
    fan_out::{Replies, Reply, ask},
    metrics::Metrics,
    nodes::Instance,
};

/// Clocks further apart than this shift a panel's edges; in milliseconds.
const CLOCK_TOLERANCE: i64 = 2_000;

/// How a data source is.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// At least one node can be asked.
    #[serde(skip)]
    pub ok: bool,
    /// For people.
    pub message: String,
    /// Each node.
    pub nodes: Vec<NodeHealth>,
    /// Signals that some nodes can't see: why, and how many nodes say so.
    #[serde(rename = "unavailableSignals")]
    pub unavailable: Vec<Unavailable>,
}

/// How a node is, as the resource `nodes` lists it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeHealth {
    /// Where it was asked.
    pub address: String,
    /// Its own name; empty where it was not reached.
    pub name: String,
    /// Version of its daemon; empty where it was not reached.
    pub version: String,
    /// It answered.
    pub reachable: bool,
    /// Why it did not; empty where it did.
    pub reason: String,
    /// How far its clock is ahead of this machine's, in milliseconds, as well as can be told over the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_difference: Option<i64>,
    /// Release of its kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// When it began to record, milliseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording_since: Option<i64>,
}

/// A signal that nodes can't see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unavailable {
    /// Its name.
    pub signal: String,
    /// Why.
    pub reason: String,
    /// How many nodes say so.
    pub nodes: usize,
}

/// Asks each node how it is.
pub async fn ask_all(instance: &Arc<Instance>, metrics: &Metrics) -> Replies<(StatusReport, i64)> {
    ask(instance, metrics, |client, deadline| async move {
        let report = client.status(deadline).await?;
        Ok((report, clock::now_millis()))
    })
    .await
}

/// Each node of the replies, by address.
#[must_use]
pub fn nodes(replies: &Replies<(StatusReport, i64)>) -> Vec<NodeHealth> {
    let mut nodes: Vec<NodeHealth> = replies.replies.iter().map(node).collect();
    nodes.extend(replies.discovery.iter().map(|problem| NodeHealth {
        address: problem.node.clone(),
        reason: problem.reason.clone(),
        ..NodeHealth::default()
    }));
    nodes.sort_by(|a, b| a.address.cmp(&b.address));
    nodes
}

fn node(reply: &Reply<(StatusReport, i64)>) -> NodeHealth {
    let address = reply.address.to_string();
    match &reply.result {
        Ok((report, received)) => {
            // The node read its clock about half of the way before its answer came.
            let half_way = i64::try_from(reply.took.as_millis() / 2).unwrap_or(0);
            NodeHealth {
                address,
                name: report.node.clone(),
                version: report.version.clone(),
                reachable: true,
                reason: String::new(),
                clock_difference: Some(report.now - (received - half_way)),
                kernel: Some(report.kernel.clone()),
                recording_since: Some(report.started),
            }
        }
        Err(error) => NodeHealth { address, reason: error.to_string(), ..NodeHealth::default() },
    }
}

/// Puts together what the nodes say.
#[must_use]
pub fn health(replies: &Replies<(StatusReport, i64)>) -> Health {
    let nodes = nodes(replies);
    let unavailable = unavailable(replies);
    let reached = nodes.iter().filter(|node| node.reachable).count();
    let mut message = vec![format!("{reached} of {} nodes reached", nodes.len())];
    message.extend(versions(&nodes));
    message.extend(failures(&nodes, replies));
    message.extend(clocks(&nodes));
    message.extend(signals(&unavailable));
    Health { ok: reached > 0, message: message.join(". "), nodes, unavailable }
}

fn versions(nodes: &[NodeHealth]) -> Option<String> {
    let mut versions: Vec<&str> = nodes.iter().filter(|node| node.reachable).map(|node| &*node.version).collect();
    versions.sort_unstable();
    versions.dedup();
    match versions.as_slice() {
        [] => None,
        [one] => Some(format!("Version {one}")),
        several => Some(format!("Versions differ: {}", several.join(", "))),
    }
}

/// The unreached, grouped by why: a hundred nodes often have one reason.
fn failures(nodes: &[NodeHealth], replies: &Replies<(StatusReport, i64)>) -> Option<String> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in nodes.iter().filter(|node| !node.reachable) {
        by_reason.entry(&node.reason).or_default().push(&node.address);
    }
    if by_reason.is_empty() {
        return None;
    }
    let mut text: Vec<String> = by_reason
        .into_iter()
        .map(|(reason, of)| match of.as_slice() {
            [] => String::new(),
            [one] => format!("{one}: {reason}"),
            [one, more @ ..] => format!("{one} and {} more: {reason}", more.len()),
        })
        .collect();
    let refused = replies.replies.iter().any(|reply| matches!(reply.result, Err(NodeError::Refused { .. })));
    if refused {
        text.push("check the token of this data source against the nodes' --token-file".to_owned());
    }
    Some(format!("Not reached: {}", text.join("; ")))
}

fn clocks(nodes: &[NodeHealth]) -> Option<String> {
    let off: Vec<String> = nodes
        .iter()
        .filter_map(|node| Some((node, node.clock_difference?)))
        .filter(|(_, difference)| difference.abs() > CLOCK_TOLERANCE)
        .map(|(node, difference)| {
            let side = if difference > 0 { "ahead" } else { "behind" };
            format!("{} is {:.1} s {side}", node.name, difference.unsigned_abs() as f64 / 1e3)
        })
        .collect();
    (!off.is_empty()).then(|| format!("Clocks differ: {}", off.join(", ")))
}

fn unavailable(replies: &Replies<(StatusReport, i64)>) -> Vec<Unavailable> {
    let mut counted: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (report, _) in replies.replies.iter().filter_map(|reply| reply.result.as_ref().ok()) {
        for state in report.signals.iter().filter(|state| !state.available) {
            *counted.entry((state.signal.clone(), state.reason.clone().unwrap_or_default())).or_default() += 1;
        }
    }
    counted.into_iter().map(|((signal, reason), nodes)| Unavailable { signal, reason, nodes }).collect()
}

/// Signals by reason.
fn signals(unavailable: &[Unavailable]) -> Option<String> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in unavailable {
        by_reason.entry(&one.reason).or_default().push(&one.signal);
    }
    let text: Vec<String> =
        by_reason.into_iter().map(|(reason, signals)| format!("{} ({reason})", signals.join(", "))).collect();
    (!text.is_empty()).then(|| format!("Not available on all nodes: {}", text.join("; ")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use goldwire_protocol::status::SignalState;

    use super::*;

    fn report(node: &str, version: &str, now: i64) -> StatusReport {
        StatusReport {
            version: version.into(),
            node: node.into(),
            kernel: "6.1".into(),
            started: 0,
            now,
            signals: Vec::new(),
            retention: Vec::new(),
            lost: Vec::new(),
            memory_used: 0,
            memory_budget: 0,
            query_memory: None,
            connections: 0,
            buffers: 0,
            notes: Vec::new(),
        }
    }

    fn replies(results: Vec<(&str, Result<StatusReport, NodeError>)>) -> Replies<(StatusReport, i64)> {
        let reply = |(address, result): (&str, Result<StatusReport, NodeError>)| Reply {
            address: address.parse().unwrap(),
            result: result.map(|report| (report, 100_000)),
            took: Duration::from_millis(20),
        };
        Replies { replies: results.into_iter().map(reply).collect(), discovery: None }
    }

    fn refused() -> NodeError {
        NodeError::Unreachable { reason: "connection refused".into() }
    }

    #[test]
    fn all_reached_is_short() {
        let health = health(&replies(vec![("a:1", Ok(report("a", "0.1.0", 99_990)))]));
        assert!(health.ok);
        assert_eq!(health.message, "1 of 1 nodes reached. Version 0.1.0");
        assert_eq!(health.nodes[0].clock_difference, Some(0));
    }

    #[test]
    fn what_does_not_work_is_told() {
        let mut far = report("b", "0.2.0", 105_000);
        let reason = Some("no kprobes".to_owned());
        far.signals.push(SignalState { signal: "drop_rate".into(), available: false, reason });
        let results = vec![
            ("a:1", Ok(report("a", "0.1.0", 100_000))),
            ("b:1", Ok(far)),
            ("c:1", Err(refused())),
            ("d:1", Err(refused())),
        ];
        let health = health(&replies(results));
        assert!(health.ok);
        assert_eq!(
            health.message,
            "2 of 4 nodes reached. Versions differ: 0.1.0, 0.2.0. Not reached: c:1 and 1 more: connection refused. \
             Clocks differ: b is 5.0 s ahead. Not available on all nodes: drop_rate (no kprobes)"
        );
    }

    #[test]
    fn nobody_reached_is_an_error() {
        assert!(!health(&replies(vec![("c:1", Err(refused()))])).ok);
    }
}
