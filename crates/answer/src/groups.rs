//! Aggregates by group (and step), as state that merges.

use std::sync::Arc;

use goldwire_model::field::Field;
use goldwire_sketch::Sketch;

use crate::links::Links;

/// One row a group and step. All columns have the same length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    /// Start of the step in milliseconds since the epoch; empty where the query has no steps.
    pub steps: Vec<i64>,
    /// One column a key; a value of `None` is "not known on this node".
    pub keys: Vec<KeyColumn>,
    /// Where a row holds records whose other end is not on this node: which pair of ends they are, so that the merge
    /// can find the other node's report of the same exchanges. Empty where no row does.
    pub pairs: Vec<Option<Arc<Pair>>>,
    /// What is known of the connections of the pairs. A pair of which nothing is known is missing here.
    pub links: Vec<Links>,
    /// In the order of [`plan::states`](crate::plan::states).
    pub states: Vec<StateColumn>,
}

/// Values of one key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyColumn {
    /// What groups are keyed by.
    pub field: Field,
    /// One a row; `None` is "not known on this node", the empty text "none".
    pub values: Vec<Option<Arc<str>>>,
}

/// Two ends of which only one is on the answering node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// True where the client's side reports, and so the source is the end that is known.
    pub by_client: bool,
    /// Address of the source, without its port.
    pub source: Arc<str>,
    /// `address:port` (IPv6 in brackets) of the destination.
    pub destination: Arc<str>,
    /// `tcp`, `udp` …
    pub transport: Arc<str>,
}

/// A column of mergeable states, one kind a column.
#[derive(Clone, Debug, PartialEq)]
pub enum StateColumn {
    /// Merged by addition.
    Count(Vec<u64>),
    /// Merged by addition.
    Sum(Vec<f64>),
    /// Merged by the smaller; NaN is "none".
    Min(Vec<f64>),
    /// Merged by the larger; NaN is "none".
    Max(Vec<f64>),
    /// Merged by addition of both parts.
    Average {
        /// Sums of the values.
        sums: Vec<f64>,
        /// How many values there are.
        counts: Vec<u64>,
    },
    /// Merged by joining values, or by adding buckets.
    Quantiles(Vec<Quantiles>),
}

/// All values, while they are few, or a sketch of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Quantiles {
    /// In no order.
    Exact(Vec<f64>),
    /// Within one percent.
    Sketch(Sketch),
}
