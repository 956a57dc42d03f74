//! A sealed piece of a rollup tier: rows by step and series, in Arrow arrays.
//!
//! Rows add up: one step of one series may stand in several rows and in several blocks, and its value is their sum. So
//! late records need no change to what is sealed.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int16Array};

use super::{accumulator::StepRow, buckets::Bucket, distribution::Distribution, series::SeriesTable};
use crate::chunk::numbers::{Numbers, pack};

/// Rows of one table and one tier.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) table: SeriesTable,
    rows: usize,
    /// Starts of the earliest and of the latest step, nanoseconds since the epoch.
    pub(crate) first_step: i64,
    pub(crate) last_step: i64,
    /// Nanoseconds from `first_step`.
    steps: Option<ArrayRef>,
    series: Option<ArrayRef>,
    sums: Vec<Option<ArrayRef>>,
    distributions: Vec<PackedDistributions>,
    /// Distinct series that were counted under `other`, at least.
    pub(crate) folded: u64,
    bytes: usize,
}

#[derive(Debug)]
struct PackedDistributions {
    counts: Option<ArrayRef>,
    sums: Option<ArrayRef>,
    mins: Option<ArrayRef>,
    maxes: Option<ArrayRef>,
    /// Where the buckets of each row begin; one more than there are rows.
    offsets: Option<ArrayRef>,
    places: Int16Array,
    bucket_counts: Option<ArrayRef>,
}

/// One measure's distributions of a block, open for reading.
#[derive(Clone, Copy)]
pub(crate) struct Distributions<'a> {
    rows: usize,
    pub(crate) counts: Numbers<'a>,
    pub(crate) sums: Numbers<'a>,
    pub(crate) mins: Numbers<'a>,
    pub(crate) maxes: Numbers<'a>,
    offsets: Numbers<'a>,
    places: &'a [i16],
    bucket_counts: Numbers<'a>,
}

impl<'a> Distributions<'a> {
    /// Where the buckets of each row begin; one more than there are rows.
    pub(crate) fn offsets(&self) -> Vec<u32> {
        self.offsets.all(self.rows + 1).into_iter().map(|offset| offset as u32).collect()
    }

    /// The places in such a range of buckets.
    #[inline]
    pub(crate) fn places(&self, range: std::ops::Range<usize>) -> &'a [i16] {
        &self.places[range]
    }

    /// The buckets in a range that two neighbouring offsets give.
    #[inline]
    pub(crate) fn for_each_bucket(&self, range: std::ops::Range<usize>, mut each: impl FnMut(i16, u64)) {
        let places = &self.places[range.clone()];
        self.bucket_counts.for_each_in(range, |at, count| each(places[at], count));
    }

    /// The buckets of a row, in the order of their places.
    pub(crate) fn buckets(self, row: usize) -> impl Iterator<Item = Bucket> + use<'a> {
        let range = self.offsets.get(row) as usize..self.offsets.get(row + 1) as usize;
        range.map(move |at| Bucket { place: self.places[at], count: self.bucket_counts.get(at) as u32 })
    }
}

impl Block {
    /// Packs rows with their series' places in the table, sorted by step; `None` where there are none.
    pub(crate) fn seal<const S: usize, const D: usize>(
        table: SeriesTable,
        rows: &[(&StepRow<S, D>, u32)],
        folded: u64,
    ) -> Option<Self> {
        let (first, last) = (rows.first()?.0, rows.last()?.0);
        let first_step = first.step;
        let mut scratch = Vec::with_capacity(rows.len());
        let mut column = |value: &dyn Fn(&StepRow<S, D>) -> u64| {
            scratch.clear();
            scratch.extend(rows.iter().map(|(row, _)| value(row)));
            pack(&scratch)
        };
        let steps = column(&|row| row.step.abs_diff(first_step));
        let sums = (0..S).map(|at| column(&|row| row.sums[at])).collect();
        let series: Vec<u64> = rows.iter().map(|(_, series)| u64::from(*series)).collect();
        let distributions =
            (0..D).map(|at| PackedDistributions::pack(rows, |(row, _)| &row.distributions[at])).collect();
        let mut block = Self {
            rows: rows.len(),
            first_step,
            last_step: last.step,
            steps,
            series: pack(&series),
            sums,
            distributions,
            folded,
            bytes: 0,
            table,
        };
        block.bytes = block.count_bytes();
        Some(block)
    }

    pub(crate) const fn len(&self) -> usize {
        self.rows
    }

    /// Bytes that go when this block goes, without the endpoints, which blocks share.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    fn count_bytes(&self) -> usize {
        let own = [&self.steps, &self.series].into_iter().chain(&self.sums).flatten();
        let columns: usize = own.map(|array| array.get_array_memory_size()).sum();
        let distributions: usize = self.distributions.iter().map(PackedDistributions::bytes).sum();
        columns + distributions + self.table.bytes() + size_of::<Self>()
    }

    /// Starts of the rows' steps, nanoseconds since the epoch.
    pub(crate) fn steps(&self) -> Numbers<'_> {
        Numbers::open(self.steps.as_ref(), self.first_step.cast_unsigned())
    }

    /// Places of the rows' series in the table.
    pub(crate) fn series(&self) -> Numbers<'_> {
        Numbers::open(self.series.as_ref(), 0)
    }

    pub(crate) fn sums(&self, at: usize) -> Numbers<'_> {
        Numbers::open(self.sums.get(at).and_then(Option::as_ref), 0)
    }

    pub(crate) fn distributions(&self, at: usize) -> Option<Distributions<'_>> {
        let packed = self.distributions.get(at)?;
        Some(Distributions {
            rows: self.rows,
            counts: Numbers::open(packed.counts.as_ref(), 0),
            sums: Numbers::open(packed.sums.as_ref(), 0),
            mins: Numbers::open(packed.mins.as_ref(), 0),
            maxes: Numbers::open(packed.maxes.as_ref(), 0),
            offsets: Numbers::open(packed.offsets.as_ref(), 0),
            places: packed.places.values(),
            bucket_counts: Numbers::open(packed.bucket_counts.as_ref(), 0),
        })
    }

    /// True where a row may lie in `[from, to)`.
    pub(crate) const fn overlaps(&self, from: i64, to: i64) -> bool {
        self.last_step >= from && self.first_step < to
    }
}

impl PackedDistributions {
    fn pack<R>(rows: &[R], distribution: impl Fn(&R) -> &Distribution) -> Self {
        let column = |value: &dyn Fn(&Distribution) -> u64| {
            pack(&rows.iter().map(|row| value(distribution(row))).collect::<Vec<_>>())
        };
        let (mut offsets, mut places, mut counts) = (vec![0], Vec::new(), Vec::new());
        for row in rows {
            for bucket in distribution(row).buckets.as_slice() {
                places.push(bucket.place);
                counts.push(u64::from(bucket.count));
            }
            offsets.push(places.len() as u64);
        }
        places.shrink_to_fit();
        Self {
            counts: column(&|spread| spread.count),
            sums: column(&|spread| spread.sum),
            mins: column(&|spread| spread.min),
            maxes: column(&|spread| spread.max),
            offsets: pack(&offsets),
            places: Int16Array::from(places),
            bucket_counts: pack(&counts),
        }
    }

    fn bytes(&self) -> usize {
        let columns = [&self.counts, &self.sums, &self.mins, &self.maxes, &self.offsets, &self.bucket_counts];
        let packed: usize = columns.into_iter().flatten().map(|array| array.get_array_memory_size()).sum();
        packed + self.places.get_array_memory_size()
    }
}

/// Blocks are shared between the tier and its readers.
pub(crate) type SharedBlock = Arc<Block>;
