//! Columns of values in the few types that the wire and Grafana share.

use std::sync::Arc;

/// Values of one field or aggregate; `None` is absent. Durations are seconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Names.
    Text(Vec<Option<Arc<str>>>),
    /// Whole numbers: ports, sizes in bytes, counts.
    Integer(Vec<Option<i64>>),
    /// Numbers: durations in seconds, rates.
    Float(Vec<Option<f64>>),
    /// Nanoseconds since the epoch.
    Time(Vec<Option<i64>>),
}

impl Column {
    /// How many values, absent ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Integer(values) | Self::Time(values) => values.len(),
            Self::Float(values) => values.len(),
        }
    }

    /// True where there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
