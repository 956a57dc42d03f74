//! Counts by logarithmic bucket, sparse: most series touch few buckets in a step.

use smallvec::SmallVec;

/// A bucket's place and how many values fell into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) place: i16,
    pub(crate) count: u32,
}

/// Sorted by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Buckets {
    buckets: SmallVec<[Bucket; 4]>,
    /// Where the last value went: the next one often goes there, too.
    last: usize,
}

impl Buckets {
    /// Counts `count` values in the bucket at `place`.
    #[inline]
    pub(crate) fn add(&mut self, place: i16, count: u32) {
        if let Some(bucket) = self.buckets.get_mut(self.last)
            && bucket.place == place
        {
            bucket.count = bucket.count.saturating_add(count);
            return;
        }
        match self.buckets.binary_search_by_key(&place, |bucket| bucket.place) {
            Ok(at) => {
                self.buckets[at].count = self.buckets[at].count.saturating_add(count);
                self.last = at;
            }
            Err(at) => {
                self.buckets.insert(at, Bucket { place, count });
                self.last = at;
            }
        }
    }

    /// Adds all of `other`, which is sorted by place.
    pub(crate) fn merge(&mut self, other: impl Iterator<Item = Bucket>) {
        for bucket in other {
            self.add(bucket.place, bucket.count);
        }
    }

    pub(crate) fn as_slice(&self) -> &[Bucket] {
        &self.buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_stay_sorted_and_add_up() {
        let mut buckets = Buckets::default();
        for place in [5, -3, 5, 9, -3, -3] {
            buckets.add(place, 1);
        }
        let mut twice = buckets.clone();
        twice.merge(buckets.as_slice().iter().copied());
        let expected = [(-3, 6), (5, 4), (9, 2)].map(|(place, count)| Bucket { place, count });
        assert_eq!(twice.as_slice(), expected);
    }
}
