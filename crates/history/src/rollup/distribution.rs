//! The spread of one measure in one step of one series.

use goldwire_sketch::place_of;

use super::buckets::{Bucket, Buckets};

/// Values are whole nanoseconds, so that sums are exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Distribution {
    pub(crate) count: u64,
    pub(crate) sum: u64,
    /// `u64::MAX` where there is no value.
    pub(crate) min: u64,
    pub(crate) max: u64,
    pub(crate) buckets: Buckets,
}

impl Default for Distribution {
    fn default() -> Self {
        Self { count: 0, sum: 0, min: u64::MAX, max: 0, buckets: Buckets::default() }
    }
}

impl Distribution {
    /// Adds a duration, whose bucket is told by its seconds.
    #[inline]
    pub(crate) fn add_nanoseconds(&mut self, value: u64) {
        self.add(value, place_of(seconds(value)));
    }

    #[inline]
    fn add(&mut self, value: u64, place: i16) {
        self.count += 1;
        self.sum = self.sum.saturating_add(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.buckets.add(place, 1);
    }

    /// Adds another distribution of the same measure, given in its parts.
    pub(crate) fn merge(&mut self, count: u64, sum: u64, range: (u64, u64), buckets: impl Iterator<Item = Bucket>) {
        self.count += count;
        self.sum = self.sum.saturating_add(sum);
        self.min = self.min.min(range.0);
        self.max = self.max.max(range.1);
        self.buckets.merge(buckets);
    }
}

/// Nanoseconds as the seconds of the wire.
#[inline]
pub(crate) fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}
