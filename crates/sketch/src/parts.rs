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

impl Sketch {
    /// A sketch of the values that were counted in `buckets`: places by [`place_of`], ascending, each once, with the
    /// number of its values. Empty where the buckets hold nothing, whatever the summary says.
    #[must_use]
    pub fn from_parts(buckets: impl IntoIterator<Item = (i16, u64)>, summary: Summary) -> Self {
        let mut sketch = Self::new();
        for (place, count) in buckets {
            if count == 0 {
                continue;
            }
            sketch.count = sketch.count.saturating_add(count);
            if place == ZERO_PLACE {
                sketch.zeros = sketch.zeros.saturating_add(count);
            } else {
                sketch.indexes.push(place);
                sketch.counts.push(count);
            }
        }
        if sketch.count > 0 {
            (sketch.sum, sketch.min, sketch.max) = (summary.sum, summary.min, summary.max);
            sketch.collapse();
        }
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
        let mut buckets = BTreeMap::<i16, u64>::new();
        for value in values {
            *buckets.entry(place_of(value)).or_default() += 1;
        }
        let direct: Sketch = values.into_iter().collect();
        let summary = Summary { sum: direct.sum(), min: 0.0, max: LARGEST };
        assert_eq!(Sketch::from_parts(buckets, summary), direct);
        assert_eq!(Sketch::from_parts([(3, 0)], summary), Sketch::new());
    }
}
