//! Counts by logarithmic bucket.

use std::cmp::Ordering;

use crate::{
    bucket::{LARGEST, SMALLEST, index_of, lower_bound, middle_of, upper_bound},
    rank::rank,
};

/// The most buckets that a sketch keeps: 17 decades without a gap. Where more are needed, the lowest are collapsed
/// into one, so that only quantiles that fall among the collapsed values lose their error bound (they come out too
/// high); the upper ones, which people ask for, keep it.
pub const MAX_BUCKETS: usize = 2_048;

/// Counts of values by logarithmic bucket, with their exact count, sum, smallest and largest.
///
/// Values below [`SMALLEST`], negative ones too, are counted as zero; values above [`LARGEST`] as if they were it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// How many values count as zero.
    pub(crate) zeros: u64,
    /// Ascending. Apart from the counts, so that a search touches few cache lines.
    pub(crate) indexes: Vec<i16>,
    /// Of the bucket at the same place in `indexes`; none is 0.
    pub(crate) counts: Vec<u64>,
    pub(crate) count: u64,
    pub(crate) sum: f64,
    /// Infinite while there are no values.
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// Values within `(lower, upper]`; the bucket of the zeros has both bounds 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Excluded.
    pub lower: f64,
    /// Included.
    pub upper: f64,
    /// How many values it holds.
    pub count: u64,
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            zeros: 0,
            indexes: Vec::new(),
            counts: Vec::new(),
            count: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl Sketch {
    /// Without values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a value. What is no number is left out.
    pub fn insert(&mut self, value: f64) {
        self.insert_n(value, 1);
    }

    /// Counts a value `times` times.
    pub fn insert_n(&mut self, value: f64, times: u64) {
        if value.is_nan() || times == 0 {
            return;
        }
        let value = value.clamp(-LARGEST, LARGEST);
        self.note(value, times);
        if value < SMALLEST {
            self.zeros = self.zeros.saturating_add(times);
            return;
        }
        let index = index_of(value);
        match self.indexes.binary_search(&index) {
            Ok(place) => self.counts[place] = self.counts[place].saturating_add(times),
            Err(place) => {
                self.indexes.insert(place, index);
                self.counts.insert(place, times);
                self.collapse();
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a sum of more than 2^53 values need not be exact")]
    fn note(&mut self, value: f64, times: u64) {
        self.count = self.count.saturating_add(times);
        self.sum += value * times as f64;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Adds all that the other has counted, as if its values had been inserted here.
    pub fn merge(&mut self, other: &Self) {
        self.zeros = self.zeros.saturating_add(other.zeros);
        self.count = self.count.saturating_add(other.count);
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.merge_buckets(other);
        self.collapse();
    }

    fn merge_buckets(&mut self, other: &Self) {
        if other.indexes.is_empty() {
            return;
        }
        let most = self.indexes.len() + other.indexes.len();
        let (mut indexes, mut counts) = (Vec::with_capacity(most), Vec::with_capacity(most));
        let mut mine = self.indexes.iter().copied().zip(self.counts.iter().copied()).peekable();
        let mut theirs = other.indexes.iter().copied().zip(other.counts.iter().copied()).peekable();
        while let Some((index, count)) = next_of_both(&mut mine, &mut theirs) {
            indexes.push(index);
            counts.push(count);
        }
        self.indexes = indexes;
        self.counts = counts;
    }

    /// Keeps to [`MAX_BUCKETS`] by adding the lowest buckets to the lowest that stays.
    pub(crate) fn collapse(&mut self) {
        let excess = self.indexes.len().saturating_sub(MAX_BUCKETS);
        if excess == 0 {
            return;
        }
        let collapsed = self.counts.drain(..excess).fold(0_u64, u64::saturating_add);
        self.indexes.drain(..excess);
        if let Some(lowest) = self.counts.first_mut() {
            *lowest = lowest.saturating_add(collapsed);
        }
    }

    /// The value of nearest rank at `q` (0 to 1), within [`RELATIVE_ERROR`](crate::RELATIVE_ERROR). `None` where there
    /// are no values or `q` is no number from 0 to 1.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let rank = rank(q, self.count)?;
        let last = self.count - 1;
        Some(match rank {
            0 => self.min,
            rank if rank == last => self.max,
            rank => self.at_rank(rank).clamp(self.min, self.max),
        })
    }

    fn at_rank(&self, rank: u64) -> f64 {
        let mut below = self.zeros;
        if rank < below {
            return 0.0;
        }
        for (index, count) in self.indexes.iter().zip(&self.counts) {
            below = below.saturating_add(*count);
            if rank < below {
                return middle_of(*index);
            }
        }
        self.max
    }

    /// How many values were counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// True before the first value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Sum of the values, exact but for floating point.
    #[must_use]
    pub const fn sum(&self) -> f64 {
        self.sum
    }

    /// The smallest value, exact.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        (!self.is_empty()).then_some(self.min)
    }

    /// The largest value, exact.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (!self.is_empty()).then_some(self.max)
    }

    /// The buckets that hold values, ascending; the zeros first.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        let zeros = (self.zeros > 0).then_some(Bucket { lower: 0.0, upper: 0.0, count: self.zeros });
        let others = self.indexes.iter().zip(&self.counts).map(|(index, count)| Bucket {
            lower: lower_bound(*index),
            upper: upper_bound(*index),
            count: *count,
        });
        zeros.into_iter().chain(others)
    }

    /// Bytes that it holds on the heap.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        self.indexes.capacity() * size_of::<i16>() + self.counts.capacity() * size_of::<u64>()
    }
}

type Buckets<'a, I> = &'a mut std::iter::Peekable<I>;

/// The lower of two ascending lists' next buckets; both together where they are the same bucket.
fn next_of_both(
    mine: Buckets<'_, impl Iterator<Item = (i16, u64)>>,
    theirs: Buckets<'_, impl Iterator<Item = (i16, u64)>>,
) -> Option<(i16, u64)> {
    let order = match (mine.peek(), theirs.peek()) {
        (Some((a, _)), Some((b, _))) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, _) => Ordering::Greater,
    };
    match order {
        Ordering::Less => mine.next(),
        Ordering::Greater => theirs.next(),
        Ordering::Equal => {
            let (index, count) = mine.next()?;
            theirs.next().map(|(_, more)| (index, count.saturating_add(more)))
        }
    }
}

impl Extend<f64> for Sketch {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        for value in values {
            self.insert(value);
        }
    }
}

impl FromIterator<f64> for Sketch {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut sketch = Self::new();
        sketch.extend(values);
        sketch
    }
}
