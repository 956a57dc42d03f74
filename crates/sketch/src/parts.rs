//! A sketch from its parts, for stores that keep buckets in columns of their own.

use crate::{
    bucket::{LARGEST, SMALLEST, index_of},
    sketch::Sketch,
};

/// The place of all values that count as zero.
pub const ZERO_PLACE: i16 = i16::MIN;

/// The place of the bucket that counts `value`. Places ascend with values, and stay the same for good. What is no
/// number counts as zero here.
#[must_use]
#[inline]
pub fn place_of(value: f64) -> i16 {
    if value >= SMALLEST { index_of(value.min(LARGEST)) } else { ZERO_PLACE }
}

/// What a sketch knows of its values beside the buckets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Sum of the values.
    pub sum: f64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
}

/// Buckets of a sketch to be: places by [`place_of`], ascending, each once.
#[derive(Clone, Debug, Default)]
pub struct Buckets {
    /// How many values count as zero.
    pub zeros: u64,
    places: Vec<i16>,
    counts: Vec<u64>,
}

impl Buckets {
    /// Without values, with room for this many buckets.
    #[must_use]
    #[inline]
    pub fn with_capacity(buckets: usize) -> Self {
        Self { zeros: 0, places: Vec::with_capacity(buckets), counts: Vec::with_capacity(buckets) }
    }

    /// Adds a bucket above all others. A bucket without values, or one that is not above, is left out.
    #[inline]
    pub fn push(&mut self, place: i16, count: u64) {
        let is_above = self.places.last().is_none_or(|last| *last < place);
        if is_above && count > 0 && place != ZERO_PLACE {
            self.places.push(place);
            self.counts.push(count);
        }
    }

    /// Places, ascending.
    #[must_use]
    pub fn places(&self) -> &[i16] {
        &self.places
    }

    /// The count of each place.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().copied().fold(self.zeros, u64::saturating_add)
    }
}

impl Sketch {
    /// A sketch of the values that were counted in `buckets`. Empty where these hold nothing, whatever the summary says.
    #[must_use]
    pub fn from_parts(buckets: Buckets, summary: Summary) -> Self {
        let counted = buckets.count();
        if counted == 0 {
            return Self::new();
        }
        let mut sketch = Self {
            zeros: buckets.zeros,
            indexes: buckets.places,
            counts: buckets.counts,
            count: counted,
            sum: summary.sum,
            min: summary.min,
            max: summary.max,
        };
        sketch.collapse();
        sketch
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_parts_of_a_sketch_make_the_same_sketch() {
        let values = [0.0, 1e-12, 0.004, 0.0041, 0.2, 3.0, 3.0, 1e19];
        let mut counts = BTreeMap::<i16, u64>::new();
        for value in values {
            *counts.entry(place_of(value)).or_default() += 1;
        }
        let mut buckets = Buckets { zeros: counts[&ZERO_PLACE], ..Buckets::default() };
        counts.iter().for_each(|(place, count)| buckets.push(*place, *count));
        let direct: Sketch = values.into_iter().collect();
        let summary = Summary { sum: direct.sum(), min: 0.0, max: LARGEST };
        assert_eq!(Sketch::from_parts(buckets, summary), direct);
        assert_eq!(Sketch::from_parts(Buckets::default(), summary), Sketch::new());
    }
}
