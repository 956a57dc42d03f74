//! Buckets of one sketch at a time, by place, so that adding one is adding a number.

use std::ops::Range;

use goldwire_sketch::{Buckets, Sketch, Summary, ZERO_PLACE};

use crate::rollup::block::Distributions;

/// One for each place that an `i16` can name.
const PLACES: usize = 1 << 16;
/// Up to so many touched places are remembered; beyond, the range that they lie in is looked through.
const MOST_TOUCHED: usize = 256;

/// Counts by place, and which of them may not be 0.
pub(super) struct Dense {
    zeros: u64,
    counts: Box<[u64]>,
    /// In no order, some more than once. All of them, as long as there are few.
    touched: Vec<i16>,
    lowest: i16,
    highest: i16,
}

impl Default for Dense {
    fn default() -> Self {
        let touched = Vec::with_capacity(2 * MOST_TOUCHED);
        Self { zeros: 0, counts: vec![0; PLACES].into(), touched, lowest: i16::MAX, highest: i16::MIN }
    }
}

#[inline]
fn index(place: i16) -> usize {
    usize::from(place.cast_unsigned() ^ 0x8000)
}

impl Dense {
    /// Counts one value.
    #[inline]
    pub(super) fn add(&mut self, place: i16) {
        if place == ZERO_PLACE {
            self.zeros += 1;
            return;
        }
        self.counts[index(place)] += 1;
        self.touch(&[place]);
    }

    /// Adds the buckets of a row, which are in the order of their places.
    #[inline]
    pub(super) fn add_row(&mut self, spread: &Distributions<'_>, range: Range<usize>) {
        let counts = &mut self.counts;
        spread.for_each_bucket(range.clone(), |place, count| counts[index(place)] += count);
        let places = spread.places(range);
        match places.split_first() {
            Some((&ZERO_PLACE, others)) => {
                self.zeros += std::mem::take(&mut self.counts[index(ZERO_PLACE)]);
                self.touch(others);
            }
            _ => self.touch(places),
        }
    }

    /// Remembers ascending places.
    #[inline]
    fn touch(&mut self, places: &[i16]) {
        if let (Some(first), Some(last)) = (places.first(), places.last()) {
            self.lowest = self.lowest.min(*first);
            self.highest = self.highest.max(*last);
            if self.touched.len() <= MOST_TOUCHED {
                self.touched.extend_from_slice(places);
            }
        }
    }

    /// Adds buckets that were taken before.
    pub(super) fn add_buckets(&mut self, buckets: &Buckets) {
        self.zeros = self.zeros.saturating_add(buckets.zeros);
        for (place, count) in buckets.places().iter().zip(buckets.counts()) {
            let sum = &mut self.counts[index(*place)];
            *sum = sum.saturating_add(*count);
        }
        self.touch(buckets.places());
    }

    /// The sketch of what was added, and begins anew.
    pub(super) fn take(&mut self, summary: Summary) -> Sketch {
        Sketch::from_parts(self.take_buckets(), summary)
    }

    /// The buckets of what was added, and begins anew.
    pub(super) fn take_buckets(&mut self) -> Buckets {
        let buckets = if self.touched.len() <= MOST_TOUCHED { self.take_touched() } else { self.take_range() };
        self.touched.clear();
        (self.zeros, self.lowest, self.highest) = (0, i16::MAX, i16::MIN);
        buckets
    }

    fn take_touched(&mut self) -> Buckets {
        self.touched.sort_unstable();
        self.touched.dedup();
        let mut buckets = Buckets::with_capacity(self.touched.len());
        buckets.zeros = self.zeros;
        for place in &self.touched {
            buckets.push(*place, std::mem::take(&mut self.counts[index(*place)]));
        }
        buckets
    }

    fn take_range(&mut self) -> Buckets {
        let range = index(self.lowest)..index(self.highest) + 1;
        let held = self.counts[range.clone()].iter().filter(|count| **count > 0).count();
        let mut buckets = Buckets::with_capacity(held);
        buckets.zeros = self.zeros;
        for (place, count) in (self.lowest..=self.highest).zip(&mut self.counts[range]) {
            if *count > 0 {
                buckets.push(place, std::mem::take(count));
            }
        }
        buckets
    }
}

#[cfg(test)]
mod tests {
    use goldwire_sketch::place_of;

    use super::*;

    #[test]
    fn few_values_and_many_make_the_sketch_that_inserting_makes() {
        let mut dense = Dense::default();
        for count in [1, 5, 300, 4_000, 2] {
            let values: Vec<f64> = (0..count).map(|value| f64::from(value) * 1.7).collect();
            values.iter().for_each(|value| dense.add(place_of(*value)));
            let expected: Sketch = values.iter().copied().collect();
            let max = f64::from(count - 1) * 1.7;
            assert_eq!(dense.take(Summary { sum: expected.sum(), min: 0.0, max }), expected);
        }
        assert!(dense.take(Summary { sum: 0.0, min: 0.0, max: 0.0 }).is_empty());
    }
}
