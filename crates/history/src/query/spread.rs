//! Quantile states: values, or buckets, gathered for all slots and put together slot by slot at the end.

use std::sync::Arc;

use goldwire_answer::groups::Quantiles;
use goldwire_sketch::{Buckets, Summary, place_of};
use rustc_hash::FxHashMap;

use super::{
    dense::Dense,
    growth::{lengthen, make_room},
};
use crate::{
    chunk::numbers::ABSENT,
    rollup::block::{Block, Distributions},
};

/// A group's values are handed on themselves up to here, unless all are asked for.
const MOST_EXACT: usize = 4_096;

/// A slot's values, or rows, that become buckets where memory is short: fewer take less as they are.
const MOST_LOOSE: usize = 16;
/// What a slot's buckets take beside themselves: their place in the index, and two allocations.
const BUCKETS_BYTES: usize = 256;

/// Where values of one state come from, and what has become buckets of it.
#[derive(Debug)]
pub(crate) struct Spread {
    pub(crate) pending: Pending,
    compact: Compact,
}

/// What is put together at the end.
#[derive(Debug)]
pub(crate) enum Pending {
    /// Values of raw records.
    Values { slots: Vec<u32>, values: Vec<f64>, exact: bool },
    /// Distributions of blocks.
    Rows(Rows),
}

/// Buckets that took the place of many values, by slot, and what is known of the values where these are gone.
#[derive(Debug, Default)]
struct Compact {
    by_slot: FxHashMap<u32, (Buckets, Summary)>,
    bytes: usize,
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
    pub(crate) fn of_values(exact: bool) -> Self {
        Self::of(Pending::Values { slots: Vec::new(), values: Vec::new(), exact })
    }

    pub(crate) fn of_rows(rows: Rows) -> Self {
        Self::of(Pending::Rows(rows))
    }

    fn of(pending: Pending) -> Self {
        Self { pending, compact: Compact::default() }
    }

    /// Takes in values of raw records. Rows of blocks are told in another way.
    pub(crate) fn take(&mut self, places: &[u32], numbers: &[u64], unit: f64) {
        if let Pending::Values { slots, values, .. } = &mut self.pending {
            make_room(slots, places.len());
            make_room(values, numbers.len());
            slots.extend_from_slice(places);
            values.extend(numbers.iter().map(|number| *number as f64 / unit));
        }
    }

    /// Bytes of what is gathered.
    pub(crate) fn bytes(&self) -> usize {
        let pending = match &self.pending {
            Pending::Values { slots, values, .. } => 4 * slots.capacity() + 8 * values.capacity(),
            Pending::Rows(rows) => {
                rows.rows.capacity() * size_of::<(u32, Place)>()
                    + rows.summaries.capacity() * size_of::<(u64, u64, u64)>()
            }
        };
        pending + self.compact.bytes
    }

    /// Turns many values of a slot into buckets.
    pub(crate) fn compact(&mut self, slots: usize) {
        match &mut self.pending {
            Pending::Values { slots: places, values, .. } => self.compact.take_values(places, values, slots),
            Pending::Rows(rows) => self.compact.take_rows(rows, slots),
        }
    }

    /// How many values each slot has.
    pub(crate) fn weights(&self, slots: usize) -> Vec<f64> {
        let mut weights = vec![0.0; slots];
        match &self.pending {
            Pending::Values { slots: places, .. } => places.iter().for_each(|slot| weights[*slot as usize] += 1.0),
            Pending::Rows(rows) => rows.add_weights(&mut weights),
        }
        for (slot, (buckets, _)) in &self.compact.by_slot {
            weights[*slot as usize] += buckets.count() as f64;
        }
        weights
    }

    /// Moves everything to other slots.
    pub(crate) fn rearrange(&mut self, moved: &[u32]) {
        match &mut self.pending {
            Pending::Values { slots, .. } => slots.iter_mut().for_each(|slot| *slot = moved[*slot as usize]),
            Pending::Rows(rows) => rows.rearrange(moved),
        }
        self.compact.rearrange(moved);
    }

    /// One state a slot.
    pub(crate) fn finish(self, slots: usize) -> Vec<Quantiles> {
        match self.pending {
            Pending::Values { slots: places, values, exact } => {
                finish_values(places, values, exact, self.compact, slots)
            }
            Pending::Rows(rows) => rows.finish(self.compact, slots),
        }
    }
}

const EMPTY: Summary = Summary { sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY };

/// What is known of both.
fn joined(a: Summary, b: Summary) -> Summary {
    Summary { sum: a.sum + b.sum, min: a.min.min(b.min), max: a.max.max(b.max) }
}

fn add_values(dense: &mut Dense, values: &[f64]) -> Summary {
    values.iter().fold(EMPTY, |summary, value| {
        dense.add(place_of(*value));
        joined(summary, Summary { sum: *value, min: *value, max: *value })
    })
}

impl Compact {
    fn take_values(&mut self, places: &mut Vec<u32>, values: &mut Vec<f64>, slots: usize) {
        let (begins, sorted) = by_slot(slots, places.iter().copied().zip(values.iter().copied()));
        let mut dense = Dense::default();
        (*places, *values) = (Vec::new(), Vec::new());
        for (slot, range) in begins.windows(2).enumerate() {
            let (slot, of_slot) = (slot as u32, &sorted[range[0]..range[1]]);
            if of_slot.is_empty() || (of_slot.len() <= MOST_LOOSE && !self.by_slot.contains_key(&slot)) {
                places.extend(of_slot.iter().map(|_| slot));
                values.extend_from_slice(of_slot);
            } else {
                let summary = add_values(&mut dense, of_slot);
                self.add(slot, &mut dense, summary);
            }
        }
    }

    fn take_rows(&mut self, rows: &mut Rows, slots: usize) {
        let (begins, sorted) = by_slot(slots, rows.rows.iter().copied());
        let mut dense = Dense::default();
        let mut kept = Vec::new();
        for (slot, range) in begins.windows(2).enumerate() {
            let (slot, of_slot) = (slot as u32, &sorted[range[0]..range[1]]);
            if of_slot.is_empty() || (of_slot.len() <= MOST_LOOSE && !self.by_slot.contains_key(&slot)) {
                kept.extend(of_slot.iter().map(|place| (slot, *place)));
            } else {
                rows.add_to(&mut dense, of_slot);
                self.add(slot, &mut dense, EMPTY);
            }
        }
        rows.rows = kept;
    }

    /// Puts what was added to what the slot has.
    fn add(&mut self, slot: u32, dense: &mut Dense, mut summary: Summary) {
        if let Some((buckets, before)) = self.by_slot.remove(&slot) {
            self.bytes -= bytes_of(&buckets);
            dense.add_buckets(&buckets);
            summary = joined(before, summary);
        }
        let buckets = dense.take_buckets();
        self.bytes += bytes_of(&buckets);
        self.by_slot.insert(slot, (buckets, summary));
    }

    fn rearrange(&mut self, moved: &[u32]) {
        if self.by_slot.is_empty() {
            return;
        }
        let before = std::mem::take(self);
        let mut dense = Dense::default();
        for (slot, (buckets, summary)) in before.by_slot {
            dense.add_buckets(&buckets);
            self.add(moved[slot as usize], &mut dense, summary);
        }
    }
}

fn bytes_of(buckets: &Buckets) -> usize {
    BUCKETS_BYTES + buckets.places().len() * (size_of::<i16>() + size_of::<u64>())
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

fn finish_values(
    places: Vec<u32>,
    values: Vec<f64>,
    exact: bool,
    mut compact: Compact,
    slots: usize,
) -> Vec<Quantiles> {
    let (begins, sorted) = by_slot(slots, places.iter().copied().zip(values.iter().copied()));
    // Room for the states.
    drop((places, values));
    let mut dense = Dense::default();
    let each = begins.windows(2).enumerate().map(|(slot, range)| {
        let values = &sorted[range[0]..range[1]];
        let before = compact.by_slot.remove(&(slot as u32));
        if before.is_none() && (exact || values.len() <= MOST_EXACT) {
            return Quantiles::Exact(values.to_vec());
        }
        let mut summary = add_values(&mut dense, values);
        if let Some((buckets, of_buckets)) = before {
            dense.add_buckets(&buckets);
            summary = joined(summary, of_buckets);
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
        lengthen(&mut self.summaries, slot_count, NO_SUMMARY);
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
        make_room(&mut self.rows, rows.len());
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

    fn add_weights(&self, weights: &mut [f64]) {
        let spreads = self.spreads();
        for (slot, (block, from, to)) in &self.rows {
            if let Some(spread) = &spreads[*block as usize] {
                let weight = &mut weights[*slot as usize];
                spread.for_each_bucket(*from as usize..*to as usize, |_, count| *weight += count as f64);
            }
        }
    }

    fn spreads(&self) -> Vec<Option<Distributions<'_>>> {
        self.blocks.iter().map(|block| block.distributions(self.distribution)).collect()
    }

    fn add_to(&self, dense: &mut Dense, rows: &[Place]) {
        for (block, from, to) in rows {
            if let Some(spread) = self.blocks[*block as usize].distributions(self.distribution) {
                dense.add_row(&spread, *from as usize..*to as usize);
            }
        }
    }

    fn finish(mut self, mut compact: Compact, slots: usize) -> Vec<Quantiles> {
        self.summaries.resize(slots, NO_SUMMARY);
        let (begins, sorted) = by_slot(slots, self.rows.iter().copied());
        // Room for the states.
        self.rows = Vec::new();
        let spreads = self.spreads();
        let mut dense = Dense::default();
        let each = begins.windows(2).zip(&self.summaries).enumerate().map(|(slot, (range, (sum, min, max)))| {
            for (block, from, to) in &sorted[range[0]..range[1]] {
                if let Some(spread) = &spreads[*block as usize] {
                    dense.add_row(spread, *from as usize..*to as usize);
                }
            }
            if let Some((buckets, _)) = compact.by_slot.remove(&(slot as u32)) {
                dense.add_buckets(&buckets);
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
        let spread = |exact| Spread::of(Pending::Values { slots: slots.clone(), values: values.clone(), exact });
        assert_eq!(spread(false).finish(2), [Quantiles::Sketch(expected), Quantiles::Exact(vec![0.0])]);
        assert_eq!(spread(true).finish(2)[0], Quantiles::Exact(values[1..].to_vec()));
    }

    #[test]
    fn values_that_became_buckets_make_the_same_sketch() {
        let values: Vec<f64> = (0..10_000).map(|value| f64::from(value) * 0.37).collect();
        let mut spread = Spread::of_values(true);
        for part in values.chunks(3_000) {
            let numbers: Vec<u64> = part.iter().map(|value| (value * 1e9) as u64).collect();
            spread.take(&vec![0; part.len()], &numbers, 1e9);
            spread.compact(2);
        }
        spread.take(&[1], &[5_000_000_000], 1e9);
        spread.compact(2);
        assert_eq!(spread.weights(2), [10_000.0, 1.0]);
        let expected: Sketch = values.iter().map(|value| (value * 1e9).floor() / 1e9).collect();
        let finished = spread.finish(2);
        let Quantiles::Sketch(sketch) = &finished[0] else { panic!("not compacted") };
        assert_eq!((sketch.count(), sketch.quantile(0.5)), (10_000, expected.quantile(0.5)));
        assert_eq!((sketch.min(), sketch.max()), (expected.min(), expected.max()));
        assert_eq!(finished[1], Quantiles::Exact(vec![5.0]));
    }
}
