//! Arithmetic on columns of state.

use goldwire_answer::{
    groups::StateColumn,
    plan::{Merging, State},
};

use crate::quantiles;

/// How much a row counts, to compare groups and sides by: events first, sums where there are no events.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(crate) struct Weight {
    events: u64,
    sums: f64,
}

impl std::ops::AddAssign for Weight {
    fn add_assign(&mut self, other: Self) {
        self.events = self.events.saturating_add(other.events);
        self.sums += other.sums;
    }
}

impl Weight {
    /// Less by more than what is under way, or got lost.
    pub(crate) const fn is_much_less_than(self, other: Self) -> bool {
        const UNDER_WAY: u64 = 3;
        self.events.saturating_add(other.events / 10).saturating_add(UNDER_WAY) < other.events
    }

    /// How many events.
    pub(crate) const fn events(self) -> u64 {
        self.events
    }

    pub(crate) fn compare(self, other: Self) -> std::cmp::Ordering {
        self.events.cmp(&other.events).then(self.sums.total_cmp(&other.sums))
    }
}

/// A column of so many rows in which nothing is counted yet.
pub(crate) fn zeros(state: &State, rows: usize) -> StateColumn {
    match state.merging {
        Merging::Count => StateColumn::Count(vec![0; rows]),
        Merging::Sum => StateColumn::Sum(vec![0.0; rows]),
        Merging::Min => StateColumn::Min(vec![f64::NAN; rows]),
        Merging::Max => StateColumn::Max(vec![f64::NAN; rows]),
        Merging::Average => StateColumn::Average { sums: vec![0.0; rows], counts: vec![0; rows] },
        Merging::Quantiles => StateColumn::Quantiles(vec![quantiles::none(); rows]),
    }
}

/// Another row in which nothing is counted yet.
pub(crate) fn push_zero(column: &mut StateColumn) {
    match column {
        StateColumn::Count(values) => values.push(0),
        StateColumn::Sum(values) => values.push(0.0),
        StateColumn::Min(values) | StateColumn::Max(values) => values.push(f64::NAN),
        StateColumn::Average { sums, counts } => {
            sums.push(0.0);
            counts.push(0);
        }
        StateColumn::Quantiles(values) => values.push(quantiles::none()),
    }
}

/// Adds a row of one column to a row of another of the same kind.
pub(crate) fn add(into: &mut StateColumn, row: usize, from: &StateColumn, other: usize) {
    match (into, from) {
        (StateColumn::Count(into), StateColumn::Count(from)) => into[row] = into[row].saturating_add(from[other]),
        (StateColumn::Sum(into), StateColumn::Sum(from)) => into[row] += from[other],
        // `min` and `max` of f64 take the number where the other is none.
        (StateColumn::Min(into), StateColumn::Min(from)) => into[row] = into[row].min(from[other]),
        (StateColumn::Max(into), StateColumn::Max(from)) => into[row] = into[row].max(from[other]),
        (StateColumn::Average { sums, counts }, StateColumn::Average { sums: more_sums, counts: more_counts }) => {
            sums[row] += more_sums[other];
            counts[row] = counts[row].saturating_add(more_counts[other]);
        }
        (StateColumn::Quantiles(into), StateColumn::Quantiles(from)) => quantiles::add(&mut into[row], &from[other]),
        // Columns are checked against the plan before anything is added.
        _ => {}
    }
}

/// How much a row counts.
pub(crate) fn weight(column: &StateColumn, row: usize) -> Weight {
    match column {
        StateColumn::Count(values) => Weight { events: values[row], sums: 0.0 },
        StateColumn::Average { counts, .. } => Weight { events: counts[row], sums: 0.0 },
        StateColumn::Quantiles(values) => Weight { events: quantiles::count(&values[row]), sums: 0.0 },
        StateColumn::Sum(values) => Weight { events: 0, sums: values[row] },
        StateColumn::Min(values) | StateColumn::Max(values) => {
            Weight { events: 0, sums: if values[row].is_nan() { 0.0 } else { values[row] } }
        }
    }
}

/// What a row counts; 0 where the column is no count.
pub(crate) fn count(column: &StateColumn, row: usize) -> u64 {
    match column {
        StateColumn::Count(values) => values[row],
        _ => 0,
    }
}

/// True where the column is of the kind that the plan has.
pub(crate) const fn fits(column: &StateColumn, state: &State) -> bool {
    matches!(
        (column, state.merging),
        (StateColumn::Count(_), Merging::Count)
            | (StateColumn::Sum(_), Merging::Sum)
            | (StateColumn::Min(_), Merging::Min)
            | (StateColumn::Max(_), Merging::Max)
            | (StateColumn::Average { .. }, Merging::Average)
            | (StateColumn::Quantiles(_), Merging::Quantiles)
    )
}

/// How many rows the column has; `None` where its parts differ.
pub(crate) fn len(column: &StateColumn) -> Option<usize> {
    match column {
        StateColumn::Count(values) => Some(values.len()),
        StateColumn::Sum(values) | StateColumn::Min(values) | StateColumn::Max(values) => Some(values.len()),
        StateColumn::Average { sums, counts } => (sums.len() == counts.len()).then_some(sums.len()),
        StateColumn::Quantiles(values) => Some(values.len()),
    }
}
