//! What is wrong with a query.

use crate::{
    field::{Field, Kind, Table, UnknownField},
    filter::{FieldNotInTable, FilterError},
    signal::{Signal, UnknownSignal},
    suggest::did_you_mean,
};

/// A query that is refused. Each says which key is at fault.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QueryError {
    /// The text is no JSON.
    #[error("query is no JSON: {0}")]
    NotJson(String),
    /// The text is longer than a query may be.
    #[error("query is longer than {most} bytes")]
    TooLarge {
        /// How many are allowed.
        most: usize,
    },
    /// A list with more values than it may have.
    #[error("`{key}` has {values} values, more than {most}")]
    TooMany {
        /// The key.
        key: &'static str,
        /// How many there are.
        values: usize,
        /// How many are allowed.
        most: usize,
    },
    /// The JSON is no object.
    #[error("query is no JSON object")]
    NotAnObject,
    /// `queryType` has a value that it cannot have.
    #[error("there is no query type `{name}`{}", did_you_mean(.suggestion.as_deref()))]
    UnknownQueryType {
        /// As it was written.
        name: String,
        /// The nearest there is, where one is near.
        suggestion: Option<String>,
    },
    /// A key that queries of this type do not have.
    #[error("a query of type {query_type} has no key `{key}`{}", instead(.of, .suggestion.as_deref()))]
    UnknownKey {
        /// The key.
        key: String,
        /// The query's type.
        query_type: &'static str,
        /// The types that have it.
        of: Vec<&'static str>,
        /// The nearest key that it has, where one is near.
        suggestion: Option<String>,
    },
    /// A key that the query must have.
    #[error("query has no `{0}`")]
    MissingKey(&'static str),
    /// A value of another JSON type, or of other words.
    #[error("`{key}` must be {expected}")]
    WrongValue {
        /// The key.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A list without values.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// A value that stands twice in a list.
    #[error("`{key}` has `{value}` twice")]
    Twice {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// A number out of its bounds.
    #[error("`{key}` must be from {least} to {most}")]
    OutOfRange {
        /// The key.
        key: &'static str,
        /// The smallest allowed.
        least: i64,
        /// The largest allowed.
        most: i64,
    },
    /// No such field.
    #[error("`{key}`: {unknown}")]
    UnknownField {
        /// The key.
        key: &'static str,
        /// Which.
        unknown: UnknownField,
    },
    /// No such signal.
    #[error("`{key}`: {unknown}")]
    UnknownSignal {
        /// The key.
        key: &'static str,
        /// Which.
        unknown: UnknownSignal,
    },
    /// A value that no record can have in this field.
    #[error("`{key}`: {field} never has the value `{value}`: expected {}", .kind.name())]
    NeverHas {
        /// The key.
        key: &'static str,
        /// The field.
        field: String,
        /// What kind of values it has.
        kind: Kind,
        /// As it was written.
        value: String,
    },
    /// A key whose value holds a template variable that nobody filled in.
    #[error(
        "`{key}`: the template variable `{variable}` has no value here: alert rules and other queries without a dashboard \
         have no variables, so write the value itself; for a text with a dollar sign write `\\x24` instead of the sign"
    )]
    Variable {
        /// The key.
        key: String,
        /// As it was written.
        variable: String,
    },
    /// The filter cannot be read. Not a source: whoever shows causes one by one would show it twice.
    #[error("`filter`: {0}")]
    Filter(FilterError),
    /// A field that the table asked for does not have.
    #[error("`{key}`: {missing}{}", for_signal(*.signal))]
    NotInTable {
        /// The key.
        key: &'static str,
        /// Which field and table.
        missing: FieldNotInTable,
        /// The signal that comes from that table.
        signal: Option<Signal>,
    },
    /// Records cannot be grouped by it, or its values listed.
    #[error("`{key}`: `{field}` is a number or a time; group by a name, an address, a port or the like")]
    NotGroupable {
        /// The key.
        key: &'static str,
        /// The field.
        field: Field,
    },
    /// A service map's nodes cannot be this.
    #[error("`groupBy`: a service map groups by a property of an end, such as workload, pod or address, not by `{name}`{}", did_you_mean(.suggestion.as_deref()))]
    NotOfAnEnd {
        /// As it was written.
        name: String,
        /// The nearest there is, where one is near.
        suggestion: Option<String>,
    },
    /// The kernel counts the signal for a whole node.
    #[error("`{key}`: {signal} is counted for a whole node, so that node.name is the only field it has, not `{field}`")]
    NodeWide {
        /// The key.
        key: &'static str,
        /// The signal.
        signal: Signal,
        /// The field that it does not have.
        field: Field,
    },
    /// A heatmap of something else than a latency or a size.
    #[error("`signal`: a heatmap shows latencies and sizes, not {0}")]
    NoHeatmap(Signal),
    /// An aggregate that cannot be read or computed.
    #[error("`aggregates`: `{text}`: {reason}")]
    Aggregate {
        /// As it was written.
        text: String,
        /// Why not.
        reason: String,
    },
    /// Ordered by a column that is not there.
    #[error("`orderBy`: `{0}` is neither one of the aggregates nor one of the groupBy fields")]
    OrderByMissing(String),
    /// A range of time that ends before it begins.
    #[error("`from` ({from}) must be before `to` ({to})")]
    Window {
        /// Milliseconds since the epoch.
        from: i64,
        /// Milliseconds since the epoch.
        to: i64,
    },
    /// More steps than can be shown.
    #[error("`step`: the range would have {steps} steps, more than {most}")]
    TooManySteps {
        /// How many it would be.
        steps: i64,
        /// How many are allowed.
        most: i64,
    },
    /// Only some tables can be shown so.
    #[error("`as`: {table} cannot be shown as {shape}")]
    Shape {
        /// The table.
        table: Table,
        /// The shape asked for.
        shape: &'static str,
    },
}

/// What was probably meant, else where the key belongs.
fn instead(types: &[&'static str], suggestion: Option<&str>) -> String {
    match suggestion {
        None if !types.is_empty() => format!(": it belongs to {}", types.join(", ")),
        suggestion => did_you_mean(suggestion),
    }
}

fn for_signal(signal: Option<Signal>) -> String {
    signal.map_or_else(String::new, |signal| format!(" (signal {signal} comes from {})", signal.table()))
}

impl From<FilterError> for QueryError {
    fn from(error: FilterError) -> Self {
        Self::Filter(error)
    }
}
