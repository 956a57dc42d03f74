//! State columns while they are being filled.

use goldwire_answer::{
    groups::StateColumn,
    plan::{Merging, State},
};

use super::{growth::lengthen, spread::Spread};

/// One column of state, a value a slot.
#[derive(Debug)]
pub(crate) enum Filling {
    Count(Vec<u64>),
    Sum(Vec<f64>),
    Min(Vec<f64>),
    Max(Vec<f64>),
    Average { sums: Vec<f64>, counts: Vec<u64> },
    Quantiles(Spread),
}

impl Filling {
    pub(crate) fn new(state: &State, exact: bool) -> Self {
        match state.merging {
            Merging::Count => Self::Count(Vec::new()),
            Merging::Sum => Self::Sum(Vec::new()),
            Merging::Min => Self::Min(Vec::new()),
            Merging::Max => Self::Max(Vec::new()),
            Merging::Average => Self::Average { sums: Vec::new(), counts: Vec::new() },
            Merging::Quantiles => Self::Quantiles(Spread::of_values(exact)),
        }
    }

    /// Makes room for `slots` slots; new ones hold nothing yet.
    pub(crate) fn grow(&mut self, slots: usize) {
        match self {
            Self::Count(counts) => lengthen(counts, slots, 0),
            Self::Sum(sums) => lengthen(sums, slots, 0.0),
            Self::Min(values) | Self::Max(values) => lengthen(values, slots, f64::NAN),
            Self::Average { sums, counts } => {
                lengthen(sums, slots, 0.0);
                lengthen(counts, slots, 0);
            }
            Self::Quantiles(_) => {}
        }
    }

    /// Takes in whole numbers, one a slot, which divided by `unit` are what answers show.
    pub(crate) fn take(&mut self, slots: &[u32], numbers: &[u64], unit: f64) {
        let both = slots.iter().map(|slot| *slot as usize).zip(numbers.iter().copied());
        let shown = both.clone().map(|(slot, number)| (slot, number as f64 / unit));
        match self {
            Self::Count(counts) => both.for_each(|(slot, number)| counts[slot] = counts[slot].saturating_add(number)),
            Self::Sum(sums) => shown.for_each(|(slot, value)| sums[slot] += value),
            // `min` and `max` give the other where one is NaN.
            Self::Min(values) => shown.for_each(|(slot, value)| values[slot] = values[slot].min(value)),
            Self::Max(values) => shown.for_each(|(slot, value)| values[slot] = values[slot].max(value)),
            Self::Average { sums, counts } => shown.for_each(|(slot, value)| {
                sums[slot] += value;
                counts[slot] += 1;
            }),
            Self::Quantiles(spread) => spread.take(slots, numbers, unit),
        }
    }

    /// Takes in a 1 for each slot.
    pub(crate) fn take_ones(&mut self, slots: &[u32]) {
        match self {
            Self::Count(counts) => slots.iter().for_each(|slot| counts[*slot as usize] += 1),
            other => other.take(slots, &vec![1; slots.len()], 1.0),
        }
    }

    /// How much each slot counts when groups are ranked.
    pub(crate) fn weights(&self, slots: usize) -> Vec<f64> {
        let mut weights: Vec<f64> = match self {
            Self::Count(counts) | Self::Average { counts, .. } => counts.iter().map(|count| *count as f64).collect(),
            Self::Sum(values) | Self::Max(values) => {
                values.iter().map(|value| if value.is_nan() { 0.0 } else { *value }).collect()
            }
            Self::Min(_) => vec![1.0; slots],
            Self::Quantiles(spread) => spread.weights(slots),
        };
        weights.resize(slots, 0.0);
        weights
    }

    /// True where a group counts as much as its largest slot, and not as all of them together.
    pub(crate) const fn is_extreme(&self) -> bool {
        matches!(self, Self::Max(_))
    }

    /// Bytes of what is gathered beside one value a slot.
    pub(crate) fn beside(&self) -> usize {
        match self {
            Self::Quantiles(spread) => spread.bytes(),
            _ => 0,
        }
    }

    /// Makes what is gathered beside one value a slot smaller: many values become buckets.
    pub(crate) fn compact(&mut self, slots: usize) {
        if let Self::Quantiles(spread) = self {
            spread.compact(slots);
        }
    }

    /// The same values in other slots: `moved` gives each slot's new one, and several may become one.
    pub(crate) fn rearrange(self, moved: &[u32], slots: usize) -> Self {
        match self {
            Self::Count(counts) => Self::Count(join(&counts, moved, vec![0; slots], u64::saturating_add)),
            Self::Sum(sums) => Self::Sum(join(&sums, moved, vec![0.0; slots], |a, b| a + b)),
            Self::Min(values) => Self::Min(join(&values, moved, vec![f64::NAN; slots], f64::min)),
            Self::Max(values) => Self::Max(join(&values, moved, vec![f64::NAN; slots], f64::max)),
            Self::Average { sums, counts } => Self::Average {
                sums: join(&sums, moved, vec![0.0; slots], |a, b| a + b),
                counts: join(&counts, moved, vec![0; slots], u64::saturating_add),
            },
            Self::Quantiles(mut spread) => {
                spread.rearrange(moved);
                Self::Quantiles(spread)
            }
        }
    }

    /// The finished column.
    pub(crate) fn finish(self, slots: usize) -> StateColumn {
        match self {
            Self::Count(counts) => StateColumn::Count(counts),
            Self::Sum(sums) => StateColumn::Sum(sums),
            Self::Min(values) => StateColumn::Min(values),
            Self::Max(values) => StateColumn::Max(values),
            Self::Average { sums, counts } => StateColumn::Average { sums, counts },
            Self::Quantiles(spread) => StateColumn::Quantiles(spread.finish(slots)),
        }
    }
}

fn join<T: Copy>(values: &[T], moved: &[u32], mut into: Vec<T>, both: fn(T, T) -> T) -> Vec<T> {
    for (value, slot) in values.iter().zip(moved) {
        into[*slot as usize] = both(into[*slot as usize], *value);
    }
    into
}
