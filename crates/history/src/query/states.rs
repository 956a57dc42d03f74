//! State columns while they are being filled.

use goldwire_answer::{
    groups::StateColumn,
    plan::{Merging, State},
};

use super::spread::Spread;

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
            Self::Count(counts) => counts.resize(slots, 0),
            Self::Sum(sums) => sums.resize(slots, 0.0),
            Self::Min(values) | Self::Max(values) => values.resize(slots, f64::NAN),
            Self::Average { sums, counts } => {
                sums.resize(slots, 0.0);
                counts.resize(slots, 0);
            }
            Self::Quantiles(_) => {}
        }
    }

    /// Takes in values: `for_each` gives slots and whole numbers, which divided by `unit` are what answers show.
    #[inline]
    pub(crate) fn take_values(&mut self, unit: f64, for_each: impl FnOnce(&mut dyn FnMut(u32, u64))) {
        match self {
            Self::Count(counts) => for_each(&mut |slot, value| {
                let count = &mut counts[slot as usize];
                *count = count.saturating_add(value);
            }),
            Self::Sum(sums) => for_each(&mut |slot, value| sums[slot as usize] += value as f64 / unit),
            // `min` and `max` give the other where one is NaN.
            Self::Min(values) => for_each(&mut |slot, value| {
                let least = &mut values[slot as usize];
                *least = least.min(value as f64 / unit);
            }),
            Self::Max(values) => for_each(&mut |slot, value| {
                let most = &mut values[slot as usize];
                *most = most.max(value as f64 / unit);
            }),
            Self::Average { sums, counts } => for_each(&mut |slot, value| {
                sums[slot as usize] += value as f64 / unit;
                counts[slot as usize] += 1;
            }),
            Self::Quantiles(Spread::Values { slots, values, .. }) => for_each(&mut |slot, value| {
                slots.push(slot);
                values.push(value as f64 / unit);
            }),
            Self::Quantiles(Spread::Rows { .. }) => {}
        }
    }

    /// The count of a slot, where this counts.
    pub(crate) fn count(&self, slot: usize) -> Option<u64> {
        match self {
            Self::Count(counts) => counts.get(slot).copied(),
            _ => None,
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
