//! Quantile states: values, or buckets, gathered for all slots and put together slot by slot at the end.

use std::sync::Arc;

use goldwire_answer::groups::Quantiles;
use goldwire_sketch::{Sketch, Summary, ZERO_PLACE, place_of};

use crate::{chunk::numbers::ABSENT, rollup::block::Block};

/// A group's values are handed on themselves up to here, unless all are asked for.
const MOST_EXACT: usize = 4_096;

/// Where values of one state come from.
#[derive(Debug)]
pub(crate) enum Spread {
    /// Values of raw records.
    Values { slots: Vec<u32>, values: Vec<f64>, exact: bool },
    /// Rows of blocks: slot, block, row. What blocks hold is divided by `unit`.
    Rows { rows: Vec<(u32, u32, u32)>, blocks: Vec<Arc<Block>>, distribution: usize, unit: f64 },
}

impl Spread {
    pub(crate) const fn of_values(exact: bool) -> Self {
        Self::Values { slots: Vec::new(), values: Vec::new(), exact }
    }

    /// Moves everything to other slots.
    pub(crate) fn rearrange(&mut self, moved: &[u32]) {
        match self {
            Self::Values { slots, .. } => slots.iter_mut().for_each(|slot| *slot = moved[*slot as usize]),
            Self::Rows { rows, .. } => rows.iter_mut().for_each(|(slot, ..)| *slot = moved[*slot as usize]),
        }
    }

    /// One state a slot.
    pub(crate) fn finish(self, slots: usize) -> Vec<Quantiles> {
        match self {
            Self::Values { slots: places, values, exact } => finish_values(&places, &values, exact, slots),
            Self::Rows { rows, blocks, distribution, unit } => finish_rows(&rows, &blocks, distribution, unit, slots),
        }
    }
}

/// Order of items by slot: where each slot's begin, and the items' places.
fn by_slot(slots: usize, slot_of: impl Iterator<Item = u32> + Clone) -> (Vec<u32>, Vec<u32>) {
    let mut begins = vec![0_u32; slots + 1];
    for slot in slot_of.clone() {
        begins[slot as usize + 1] += 1;
    }
    for slot in 0..slots {
        begins[slot + 1] += begins[slot];
    }
    let mut next = begins.clone();
    let mut order = vec![0_u32; begins[slots] as usize];
    for (item, slot) in slot_of.enumerate() {
        let place = &mut next[slot as usize];
        order[*place as usize] = item as u32;
        *place += 1;
    }
    (begins, order)
}

fn finish_values(places: &[u32], values: &[f64], exact: bool, slots: usize) -> Vec<Quantiles> {
    let (begins, order) = by_slot(slots, places.iter().copied());
    let mut dense = Dense::default();
    let each = begins.windows(2).map(|range| {
        let items = &order[range[0] as usize..range[1] as usize];
        let values = items.iter().map(|item| values[*item as usize]);
        if exact || items.len() <= MOST_EXACT {
            return Quantiles::Exact(values.collect());
        }
        let mut summary = Summary { sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY };
        for value in values {
            dense.add(place_of(value), 1);
            summary.sum += value;
            (summary.min, summary.max) = (summary.min.min(value), summary.max.max(value));
        }
        Quantiles::Sketch(dense.take(summary))
    });
    each.collect()
}

fn finish_rows(
    rows: &[(u32, u32, u32)],
    blocks: &[Arc<Block>],
    distribution: usize,
    unit: f64,
    slots: usize,
) -> Vec<Quantiles> {
    let (begins, order) = by_slot(slots, rows.iter().map(|(slot, ..)| *slot));
    let spreads: Vec<_> = blocks.iter().map(|block| block.distributions(distribution)).collect();
    let mut dense = Dense::default();
    let each = begins.windows(2).map(|range| {
        let (mut sum, mut min, mut max) = (0_u64, ABSENT, 0);
        for item in &order[range[0] as usize..range[1] as usize] {
            let (_, block, row) = rows[*item as usize];
            let (Some(spread), row) = (&spreads[block as usize], row as usize) else { continue };
            sum = sum.saturating_add(spread.sums.get(row));
            min = min.min(spread.mins.get(row));
            max = max.max(spread.maxes.get(row));
            spread.for_each_bucket(row, |place, count| dense.add(place, count));
        }
        let summary = Summary { sum: sum as f64 / unit, min: min as f64 / unit, max: max as f64 / unit };
        Quantiles::Sketch(dense.take(summary))
    });
    each.collect()
}

/// Places lie within ±2,100; see the sketch.
const LOWEST: i16 = -2_100;
const PLACES: usize = 4_200;

/// Buckets of one sketch at a time, by place.
struct Dense {
    zeros: u64,
    counts: Box<[u64]>,
    first: usize,
    last: usize,
}

impl Default for Dense {
    fn default() -> Self {
        Self { zeros: 0, counts: vec![0; PLACES].into(), first: PLACES, last: 0 }
    }
}

impl Dense {
    #[inline]
    fn add(&mut self, place: i16, count: u64) {
        if place == ZERO_PLACE {
            self.zeros += count;
            return;
        }
        let at = (usize::from((place.max(LOWEST) - LOWEST).cast_unsigned())).min(PLACES - 1);
        self.counts[at] += count;
        self.first = self.first.min(at);
        self.last = self.last.max(at);
    }

    /// The sketch of what was added, and begins anew.
    fn take(&mut self, summary: Summary) -> Sketch {
        let zeros = (self.zeros > 0).then_some((ZERO_PLACE, self.zeros));
        let touched = if self.first <= self.last { self.first..self.last + 1 } else { 0..0 };
        let first = touched.start;
        let counts = &mut self.counts[touched];
        let buckets = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let buckets = buckets.map(|(at, count)| ((at + first) as i16 + LOWEST, *count));
        let sketch = Sketch::from_parts(zeros.into_iter().chain(buckets), summary);
        counts.fill(0);
        (self.zeros, self.first, self.last) = (0, PLACES, 0);
        sketch
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn one_sketch_leaves_nothing_for_the_next() {
        let mut dense = Dense::default();
        for value in [0.0, 1.0, 1e18, 1e-9] {
            dense.add(place_of(value), 2);
        }
        let summary = Summary { sum: 1.0, min: 0.0, max: 1e18 };
        assert_eq!(dense.take(summary).count(), 8);
        assert!(dense.take(summary).is_empty());
    }
}
