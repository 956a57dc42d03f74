//! Finished answers: what a panel, a terminal or a file shows.

use std::sync::Arc;

use goldwire_model::{field::Field, signal::Signal};

use crate::{column::Column, coverage::Coverage};

/// A finished answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub body: Finished,
    pub coverage: Coverage,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Finished {
    Series(Vec<Series>),
    Heatmap(Heatmap),
    Map(ServiceMap),
    Table(Table),
    Values(Vec<Arc<str>>),
}

/// One signal of one group over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub signal: Signal,
    /// Group-by fields and their values, in the order asked. The series that holds what the limit cut has `other` for
    /// each value.
    pub labels: Vec<(Field, Arc<str>)>,
    /// Starts of the steps, milliseconds since the epoch, ascending, one for each step of the window.
    pub times: Vec<i64>,
    /// `None` where there is nothing to say: no exchange, so no latency and no ratio. Rates are 0 there.
    pub values: Vec<Option<f64>>,
}

/// Counts by step and bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    pub signal: Signal,
    pub times: Vec<i64>,
    pub step_millis: i64,
    /// Upper bounds, ascending; a bucket reaches from the bound before it.
    pub upper_bounds: Vec<f64>,
    /// `counts[step][bucket]`
    pub counts: Vec<Vec<u64>>,
}

/// Nodes and edges; each edge's ends are among the nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceMap {
    pub nodes: Vec<MapNode>,
    pub edges: Vec<MapEdge>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MapNode {
    /// The value of the field that the map groups by.
    pub id: Arc<str>,
    pub title: Arc<str>,
    /// What the node is behind its title: its namespace or node, where known.
    pub subtitle: Arc<str>,
    /// Exchanges that this node answered.
    pub served: Golden,
    /// Exchanges that this node asked for.
    pub called: Golden,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MapEdge {
    pub id: String,
    pub source: Arc<str>,
    pub target: Arc<str>,
    /// Application protocols seen, `tcp` or `udp` where none was recognised; joined by `, `.
    pub protocols: Arc<str>,
    pub golden: Golden,
}

/// The golden signals of a node or an edge over the whole window. Rates are per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Golden {
    pub requests: u64,
    pub request_rate: f64,
    pub errors: u64,
    /// `None` where there was no exchange.
    pub error_ratio: Option<f64>,
    pub latency_p50: Option<f64>,
    pub latency_p95: Option<f64>,
    pub latency_p99: Option<f64>,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub connections: u64,
    pub connect_failures: u64,
    pub retransmits: u64,
    pub rtt_p95: Option<f64>,
}

/// Named columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<NamedColumn>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NamedColumn {
    /// The field or the aggregate as it was asked for.
    pub name: Arc<str>,
    /// `s`, `bytes`, … as Grafana names units; absent for names and plain counts.
    pub unit: Option<&'static str>,
    pub values: Column,
}
