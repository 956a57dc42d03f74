//! Finished answers: what a panel, a terminal or a file shows.

use std::sync::Arc;

use goldwire_model::{field::Field, signal::Signal};

use crate::{column::Column, coverage::Coverage};

/// A finished answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What was asked for.
    pub body: Finished,
    /// How complete it is.
    pub coverage: Coverage,
}

/// What was asked decides which it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Finished {
    /// `signals`
    Series(Vec<Series>),
    /// `heatmap`
    Heatmap(Heatmap),
    /// `serviceMap`
    Map(ServiceMap),
    /// `table`, and records as rows
    Table(Table),
    /// `values`
    Values(Vec<Arc<str>>),
}

/// One signal of one group over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Which signal.
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
    /// Whose values.
    pub signal: Signal,
    /// Starts of the steps, milliseconds since the epoch, ascending.
    pub times: Vec<i64>,
    /// Length of a step.
    pub step_millis: i64,
    /// Upper bounds, ascending; a bucket reaches from the bound before it.
    pub upper_bounds: Vec<f64>,
    /// `counts[step][bucket]`
    pub counts: Vec<Vec<u64>>,
}

/// Nodes and edges; each edge's ends are among the nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceMap {
    /// Whoever talks, or is talked to.
    pub nodes: Vec<MapNode>,
    /// Who talks to whom.
    pub edges: Vec<MapEdge>,
}

/// A node of the service map.
#[derive(Clone, Debug, PartialEq)]
pub struct MapNode {
    /// The value of the field that the map groups by.
    pub id: Arc<str>,
    /// How it is named on the map.
    pub title: Arc<str>,
    /// What the node is behind its title: its namespace or node, where known.
    pub subtitle: Arc<str>,
    /// Exchanges that this node answered.
    pub served: Golden,
    /// Exchanges that this node asked for.
    pub called: Golden,
}

/// An edge of the service map, from the client to the server.
#[derive(Clone, Debug, PartialEq)]
pub struct MapEdge {
    /// Differs from all other edges'.
    pub id: String,
    /// Id of the client's node.
    pub source: Arc<str>,
    /// Id of the server's node.
    pub target: Arc<str>,
    /// Application protocols seen, `tcp` or `udp` where none was recognised; joined by `, `.
    pub protocols: Arc<str>,
    /// Of what went over it.
    pub golden: Golden,
}

/// The golden signals of a node or an edge over the whole window. Rates are per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Golden {
    /// Exchanges.
    pub requests: u64,
    /// Exchanges a second.
    pub request_rate: f64,
    /// Exchanges that ended in an error.
    pub errors: u64,
    /// `None` where there was no exchange.
    pub error_ratio: Option<f64>,
    /// Seconds, as the other latencies; `None` where no answer ended.
    pub latency_p50: Option<f64>,
    /// Seconds.
    pub latency_p95: Option<f64>,
    /// Seconds.
    pub latency_p99: Option<f64>,
    /// Payload from the client to the server.
    pub bytes_sent: u64,
    /// Payload from the server to the client.
    pub bytes_received: u64,
    /// Payload both ways a second.
    pub byte_rate: f64,
    /// Connections that were established.
    pub connections: u64,
    /// Connects that failed.
    pub connect_failures: u64,
    /// Retransmitted segments.
    pub retransmits: u64,
    /// Seconds; `None` where no report had an RTT.
    pub rtt_p95: Option<f64>,
}

/// Named columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// In the order asked for.
    pub columns: Vec<NamedColumn>,
}

/// A column with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedColumn {
    /// The field or the aggregate as it was asked for.
    pub name: Arc<str>,
    /// `s`, `bytes`, … as Grafana names units; absent for names and plain counts.
    pub unit: Option<&'static str>,
    /// One a row.
    pub values: Column,
}
