//! Counts by time, for what is rare.

use std::collections::VecDeque;

use goldwire_model::time::Timestamp;

pub(crate) const NANOS: i64 = 1_000_000_000;
/// Spans kept. When there are more, neighbours become one: the counts stay, the time is told less exactly.
pub(crate) const MOST_SPANS: usize = 4096;

/// Counts from `first` to `last`, both whole seconds since the epoch and included.
#[derive(Clone, Copy, Debug)]
struct Span<const N: usize> {
    first: i64,
    last: i64,
    counts: [u64; N],
}

/// Makes one count of two.
type Combine = fn(u64, u64) -> u64;

/// Counts of `N` kinds in the order of time; no second without a count takes space.
#[derive(Debug)]
pub(crate) struct Spans<const N: usize> {
    spans: VecDeque<Span<N>>,
    combine: [Combine; N],
}

impl<const N: usize> Spans<N> {
    /// `combine` says of each kind what becomes of counts at the same time, and in the same window.
    pub(crate) fn new(combine: [Combine; N]) -> Self {
        Self { spans: VecDeque::new(), combine }
    }

    pub(crate) fn record(&mut self, kind: usize, time: Timestamp, count: u64) {
        let second = time.0.div_euclid(NANOS);
        let at = self.spans.partition_point(|span| span.last < second);
        if self.spans.get(at).is_none_or(|span| span.first > second) {
            self.spans.insert(at, Span { first: second, last: second, counts: [0; N] });
        }
        let known = &mut self.spans[at].counts[kind];
        *known = self.combine[kind](*known, count);
        if self.spans.len() > MOST_SPANS {
            self.join_neighbours();
        }
    }

    /// Joins the older half in pairs, so that recent counts keep their second.
    fn join_neighbours(&mut self) {
        let recent = self.spans.split_off(self.spans.len() / 2);
        let mut joined: VecDeque<Span<N>> = VecDeque::with_capacity(MOST_SPANS);
        for (place, span) in std::mem::take(&mut self.spans).into_iter().enumerate() {
            match joined.back_mut() {
                Some(before) if place % 2 == 1 => {
                    before.last = span.last;
                    before.counts = self.combined(before.counts, span.counts);
                }
                _ => joined.push_back(span),
            }
        }
        joined.extend(recent);
        self.spans = joined;
    }

    fn combined(&self, one: [u64; N], other: [u64; N]) -> [u64; N] {
        std::array::from_fn(|kind| self.combine[kind](one[kind], other[kind]))
    }

    /// The counts of spans that touch `[from, to)`, nanoseconds since the epoch.
    pub(crate) fn within(&self, from: i64, to: i64) -> [u64; N] {
        let touching = self.spans.iter().filter(|span| {
            span.last.saturating_add(1).saturating_mul(NANOS) > from && span.first.saturating_mul(NANOS) < to
        });
        touching.fold([0; N], |counts, span| self.combined(counts, span.counts))
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.spans.len()
    }
}
