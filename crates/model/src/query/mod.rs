//! The query: one JSON form from the editor to the node.
//!
//! [`Query::from_json`] is the only way in. It refuses what it does not know by name, so that a slip of the pen never
//! turns into a quiet wrong answer. [`Query::to_json`] is the way out, to a node.

use crate::{
    field::{EndField, Field, Table},
    filter::Filter,
    signal::Signal,
};

mod aggregate;
mod check;
mod error;
mod exact;
mod keys;
mod object;
mod portion;
mod read;
mod step;
mod write;

pub use aggregate::{Aggregate, Function};
pub use error::QueryError;
pub use keys::is_like_own_key;
pub use portion::{MOST_FIRST, MOST_PARTNERS, Mark, MarkError, Partner, PartnerError, Portion};
pub use step::nice_step;

/// A query after its JSON was checked. Built by [`Query::from_json`] only; unknown keys are refused with their name.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The panel's name for it.
    pub ref_id: Option<String>,
    /// As written; for people. What counts is `filter`.
    pub filter_text: String,
    /// What records must be like.
    pub filter: Filter,
    /// The part of `filter` that a data source enforces: it must hold for certain, so what is unknown of it does not
    /// match. It is not written to nodes, which answer what is possible by `filter`.
    pub enforced: Filter,
    /// Milliseconds since the epoch, `[from, to)`. Always present on the wire to a node; absent in an editor's query,
    /// where the panel's range stands for it.
    pub window: Option<Window>,
    /// The node is to answer mergeable state rather than finished values.
    pub partial: bool,
    /// Of a partial query for rows: which of them. Set by the merge.
    pub portion: Portion,
    /// What is asked for.
    pub kind: QueryKind,
}

/// A range of time in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Included.
    pub from: i64,
    /// Excluded; behind `from`.
    pub to: i64,
}

impl Window {
    /// How long it is. Never negative.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.to.saturating_sub(self.from)
    }
}

/// What is asked for: `queryType` and its keys.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryKind {
    /// `signals`: values over time.
    Signals {
        /// At least one, none twice.
        signals: Vec<Signal>,
        /// Fields of the tables of all the signals.
        group_by: Vec<Field>,
        /// How many groups keep a series of their own; the rest is one series `other`.
        limit: usize,
        /// Length of a step; absent: one that suits the window.
        step_millis: Option<i64>,
    },
    /// `heatmap`: how values spread over time.
    Heatmap {
        /// A latency or a size: see [`Signal::heatmap_measure`].
        signal: Signal,
        /// Length of a step; absent: one that suits the window.
        step_millis: Option<i64>,
    },
    /// `serviceMap`: who talks to whom.
    ServiceMap {
        /// What a node of the map is.
        group_by: MapBy,
    },
    /// `flows`, `requests`, `drops`, `processes`: records.
    Rows {
        /// Of which table.
        table: Table,
        /// Which fields; empty: [`Table::default_columns`].
        columns: Vec<Field>,
        /// First by the first; empty: the newest first.
        order_by: Vec<Order>,
        /// How many rows at most.
        limit: usize,
        /// To be streamed as they come.
        live: bool,
        /// What they are shown as.
        shape: RowShape,
    },
    /// `table`: one row a group.
    Table {
        /// Of which table.
        table: Table,
        /// Fields of that table.
        group_by: Vec<Field>,
        /// At least one, none twice.
        aggregates: Vec<Aggregate>,
        /// First by the first; empty: by the first aggregate, the largest first.
        order_by: Vec<AggregateOrder>,
        /// How many groups at most.
        limit: usize,
    },
    /// `values`: the distinct values of a field.
    Values {
        /// Which field.
        field: Field,
        /// What values must begin with.
        prefix: String,
        /// How many at most.
        limit: usize,
    },
}

/// What a node of the service map is: an end's field without its side (`workload`, `pod`, `address` …).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapBy(pub EndField);

/// What rows are shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowShape {
    /// A row each, in columns.
    Table,
    /// A line of a log each.
    Logs,
    /// Spans of a trace.
    Traces,
}

/// Which rows come first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// By its values.
    pub field: Field,
    /// The largest first.
    pub descending: bool,
}

/// Which groups come first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateOrder {
    /// The text of one of the aggregates, or the name of one of the group-by fields.
    pub column: String,
    /// The largest first.
    pub descending: bool,
}

impl RowShape {
    /// As the key `as` spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Logs => "logs",
            Self::Traces => "traces",
        }
    }
}

impl Query {
    /// True where `reporter` is mentioned in the filter, in the grouping, in the columns asked for or as the field
    /// whose values are asked for: then both ends' reports are wanted as they are, and nothing is counted once for two.
    #[must_use]
    pub fn mentions_reporter(&self) -> bool {
        let listed = match &self.kind {
            QueryKind::Signals { group_by, .. } | QueryKind::Table { group_by, .. } => group_by.as_slice(),
            QueryKind::Rows { columns, .. } => columns.as_slice(),
            QueryKind::Values { field, .. } => std::slice::from_ref(field),
            QueryKind::Heatmap { .. } | QueryKind::ServiceMap { .. } => &[],
        };
        self.filter.references_reporter() || listed.contains(&Field::Reporter)
    }

    /// The columns of a query for rows: those asked for, else the table's own choice. Empty for other queries.
    #[must_use]
    pub fn columns(&self) -> Vec<Field> {
        match &self.kind {
            QueryKind::Rows { table, columns, .. } if columns.is_empty() => table.default_columns(),
            QueryKind::Rows { columns, .. } => columns.clone(),
            _ => Vec::new(),
        }
    }

    /// Adds a filter that every record must match too, such as the one that a data source enforces. The text stays that of
    /// the query's author.
    pub fn restrict(&mut self, enforced: Filter) {
        self.filter = Filter::and(enforced.clone(), std::mem::take(&mut self.filter));
        self.enforced = Filter::and(std::mem::take(&mut self.enforced), enforced);
    }

    /// Adds a condition of the query's author.
    ///
    /// # Errors
    /// Where a table that is asked does not have one of its fields; then the query stays as it was.
    pub fn add_condition(&mut self, condition: Filter) -> Result<(), QueryError> {
        let narrowed = Self { filter: Filter::and(self.filter.clone(), condition), ..self.clone() };
        check::query(&narrowed)?;
        self.filter = narrowed.filter;
        self.filter_text = self.filter.to_string();
        Ok(())
    }

    /// True where it is to be streamed as records come.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.kind, QueryKind::Rows { live: true, .. })
    }
}
