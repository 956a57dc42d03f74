//! Quantile states: values, or buckets, gathered for all slots and put together slot by slot at the end.

use std::sync::Arc;

use goldwire_answer::groups::Quantiles;
use goldwire_sketch::{Summary, place_of};

use super::dense::Dense;
use crate::{
    chunk::numbers::ABSENT,
    rollup::block::{Block, Distributions},
};

/// A group's values are handed on themselves up to here, unless all are asked for.
const MOST_EXACT: usize = 4_096;

/// Where values of one state come from.
#[derive(Debug)]
pub(crate) enum Spread {
    /// Values of raw records.
    Values { slots: Vec<u32>, values: Vec<f64>, exact: bool },
    /// Distributions of blocks.
    Rows(Rows),
}

/// Rows of blocks, by slot.
#[derive(Debug)]
pub(crate) struct Rows {
    /// Slot, then where the row's buckets are.
    rows: Vec<(u32, Place)>,
    blocks: Vec<Arc<Block>>,
    distribution: usize,
    /// What blocks hold is divided by it to give what answers show.
    unit: f64,
    /// By slot: sum, smallest and largest of what blocks hold.
    summaries: Vec<(u64, u64, u64)>,
}

/// Block, and its buckets from the first up to the second.
type Place = (u32, u32, u32);

impl Spread {
    pub(crate) const fn of_values(exact: bool) -> Self {
        Self::Values { slots: Vec::new(), values: Vec::new(), exact }
    }

    /// Takes in values of raw records. Rows of blocks are told in another way.
    pub(crate) fn take(&mut self, places: &[u32], numbers: &[u64], unit: f64) {
        if let Self::Values { slots, values, .. } = self {
            slots.extend_from_slice(places);
            values.extend(numbers.iter().map(|number| *number as f64 / unit));
        }
    }

    /// Moves everything to other slots.
    pub(crate) fn rearrange(&mut self, moved: &[u32]) {
        match self {
            Self::Values { slots, .. } => slots.iter_mut().for_each(|slot| *slot = moved[*slot as usize]),
            Self::Rows(rows) => rows.rearrange(moved),
        }
    }

    /// One state a slot.
    pub(crate) fn finish(self, slots: usize) -> Vec<Quantiles> {
        match self {
            Self::Values { slots: places, values, exact } => finish_values(&places, &values, exact, slots),
            Self::Rows(rows) => rows.finish(slots),
        }
    }
}

/// Items in the order of their slots, and where each slot's begin.
fn by_slot<T: Copy + Default>(slots: usize, items: impl Iterator<Item = (u32, T)> + Clone) -> (Vec<usize>, Vec<T>) {
    let mut begins = vec![0; slots + 1];
    for (slot, _) in items.clone() {
        begins[slot as usize + 1] += 1;
    }
    for slot in 0..slots {
        begins[slot + 1] += begins[slot];
    }
    let mut next = begins.clone();
    let mut sorted = vec![T::default(); begins[slots]];
    for (slot, item) in items {
        let place = &mut next[slot as usize];
        sorted[*place] = item;
        *place += 1;
    }
    (begins, sorted)
}

fn finish_values(places: &[u32], values: &[f64], exact: bool, slots: usize) -> Vec<Quantiles> {
    let (begins, sorted) = by_slot(slots, places.iter().copied().zip(values.iter().copied()));
    let mut dense = Dense::default();
    let each = begins.windows(2).map(|range| {
        let values = &sorted[range[0]..range[1]];
        if exact || values.len() <= MOST_EXACT {
            return Quantiles::Exact(values.to_vec());
        }
        let mut summary = Summary { sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY };
        for value in values {
            dense.add(place_of(*value));
            summary.sum += value;
            (summary.min, summary.max) = (summary.min.min(*value), summary.max.max(*value));
        }
        Quantiles::Sketch(dense.take(summary))
    });
    each.collect()
}

const NO_SUMMARY: (u64, u64, u64) = (0, ABSENT, 0);

impl Rows {
    pub(crate) const fn new(blocks: Vec<Arc<Block>>, distribution: usize, unit: f64) -> Self {
        Self { rows: Vec::new(), blocks, distribution, unit, summaries: Vec::new() }
    }

    /// Takes in rows of a block, a slot each.
    pub(crate) fn add(
        &mut self,
        block: u32,
        spread: &Distributions<'_>,
        rows: &[u32],
        slots: &[u32],
        slot_count: usize,
    ) {
        self.summaries.resize(slot_count, NO_SUMMARY);
        let summaries = &mut self.summaries;
        spread.sums.for_each(rows, |at, sum| {
            let total = &mut summaries[slots[at] as usize].0;
            *total = total.saturating_add(sum);
        });
        spread.mins.for_each(rows, |at, min| {
            let least = &mut summaries[slots[at] as usize].1;
            *least = min.min(*least);
        });
        spread.maxes.for_each(rows, |at, max| {
            let most = &mut summaries[slots[at] as usize].2;
            *most = max.max(*most);
        });
        let offsets = spread.offsets();
        self.rows.reserve(rows.len());
        self.rows.extend(rows.iter().zip(slots).filter_map(|(row, slot)| {
            let (from, to) = (offsets[*row as usize], offsets[*row as usize + 1]);
            (from < to).then_some((*slot, (block, from, to)))
        }));
    }

    fn rearrange(&mut self, moved: &[u32]) {
        self.rows.iter_mut().for_each(|(slot, _)| *slot = moved[*slot as usize]);
        let before = std::mem::take(&mut self.summaries);
        for ((sum, min, max), slot) in before.into_iter().zip(moved) {
            let slot = *slot as usize;
            if slot >= self.summaries.len() {
                self.summaries.resize(slot + 1, NO_SUMMARY);
            }
            let into = &mut self.summaries[slot];
            *into = (into.0.saturating_add(sum), into.1.min(min), into.2.max(max));
        }
    }

    fn finish(mut self, slots: usize) -> Vec<Quantiles> {
        self.summaries.resize(slots, NO_SUMMARY);
        let (begins, sorted) = by_slot(slots, self.rows.iter().copied());
        let spreads: Vec<_> = self.blocks.iter().map(|block| block.distributions(self.distribution)).collect();
        let mut dense = Dense::default();
        let each = begins.windows(2).zip(&self.summaries).map(|(range, (sum, min, max))| {
            for (block, from, to) in &sorted[range[0]..range[1]] {
                if let Some(spread) = &spreads[*block as usize] {
                    dense.add_row(spread, *from as usize..*to as usize);
                }
            }
            let shown = |value: u64| value as f64 / self.unit;
            Quantiles::Sketch(dense.take(Summary { sum: shown(*sum), min: shown(*min), max: shown(*max) }))
        });
        each.collect()
    }
}

#[cfg(test)]
mod tests {
    use goldwire_sketch::Sketch;

    use super::*;

    #[test]
    fn few_values_stay_and_many_become_a_sketch() {
        let many = MOST_EXACT + 1;
        let slots: Vec<u32> = std::iter::once(1).chain(std::iter::repeat_n(0, many)).collect();
        let values: Vec<f64> = (0..=many).map(|value| value as f64).collect();
        let expected: Sketch = values[1..].iter().copied().collect();
        let spread = |exact| Spread::Values { slots: slots.clone(), values: values.clone(), exact };
        assert_eq!(spread(false).finish(2), [Quantiles::Sketch(expected), Quantiles::Exact(vec![0.0])]);
        assert_eq!(spread(true).finish(2)[0], Quantiles::Exact(values[1..].to_vec()));
    }
}
