//! The query: one JSON form from the editor to the node.

use crate::{
    field::{Field, Table},
    signal::Signal,
};

/// A query after its JSON was checked. Built by [`Query::from_json`] only; unknown keys are refused with their name.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub ref_id: Option<String>,
    /// As written; parsed in `filter`.
    pub filter_text: String,
    /// Milliseconds since the epoch, `[from, to)`. Always present on the wire to a node; absent in an editor's query,
    /// where the panel's range stands for it.
    pub window: Option<Window>,
    /// The node is to answer mergeable state rather than finished values.
    pub partial: bool,
    pub kind: QueryKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: i64,
    pub to: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum QueryKind {
    Signals {
        signals: Vec<Signal>,
        group_by: Vec<Field>,
        limit: usize,
        step_millis: Option<i64>,
    },
    Heatmap {
        signal: Signal,
        step_millis: Option<i64>,
    },
    /// `None`: by workload.
    ServiceMap {
        group_by: MapBy,
    },
    Rows {
        table: Table,
        columns: Vec<Field>,
        order_by: Vec<Order>,
        limit: usize,
        live: bool,
        shape: RowShape,
    },
    Table {
        table: Table,
        group_by: Vec<Field>,
        aggregates: Vec<Aggregate>,
        order_by: Vec<AggregateOrder>,
        limit: usize,
    },
    Values {
        field: Field,
        prefix: String,
        limit: usize,
    },
}

/// What a node of the service map is: an end's field without its side (`workload`, `pod`, `address` …).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapBy(pub crate::field::EndField);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowShape {
    Table,
    Logs,
    Traces,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub field: Field,
    pub descending: bool,
}

/// `p99(latency)`, `sum(bytes_sent)`, `count()`; keeps its text for the column's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    pub text: String,
    pub function: Function,
    /// Absent for `count()`.
    pub argument: Option<Field>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    Count,
    Sum,
    Min,
    Max,
    Average,
    /// 0 to 1
    Quantile(f64),
}

/// Index into the aggregates, or into the group-by fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateOrder {
    pub column: String,
    pub descending: bool,
}
