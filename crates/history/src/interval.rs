//! The time that a report's counters are about, and how what they count is spread over it.
//!
//! Of an amount, as much lies before a moment as the interval's part before that moment is of the interval, rounded down. So
//! windows that adjoin add up to the amount exactly, however many there are and wherever they are cut.

/// A whole, in parts of it.
const WHOLE: u64 = 1 << SHIFT;
/// An interval of [`LONGEST`] shifted by so many bits fits a word.
const SHIFT: u32 = 24;
/// Intervals are at most so long, in nanoseconds.
pub(crate) const LONGEST: i64 = 120_000_000_000;

/// Nanoseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    since: i64,
    until: i64,
}

/// A part of an interval, from its beginning on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    from: u64,
    to: u64,
}

impl Interval {
    /// From `since` to `until`; what would be longer than [`LONGEST`] begins later.
    #[inline]
    pub(crate) fn new(since: i64, until: i64) -> Self {
        Self { since: since.clamp(until.saturating_sub(LONGEST), until), until }
    }

    pub(crate) const fn since(self) -> i64 {
        self.since
    }

    /// The share that lies in `[from, to)`. An interval without length is a moment.
    #[inline]
    pub(crate) fn share(self, from: i64, to: i64) -> Share {
        Share { from: self.before(from), to: self.before(to) }
    }

    /// The last moment that has a share of its own.
    pub(crate) const fn last(self) -> i64 {
        if self.since < self.until { self.until - 1 } else { self.until }
    }

    #[inline]
    fn before(self, time: i64) -> u64 {
        if time <= self.since {
            return 0;
        }
        if time >= self.until {
            return WHOLE;
        }
        // Both are positive, and no longer than `LONGEST`.
        ((time - self.since).unsigned_abs() << SHIFT) / (self.until - self.since).unsigned_abs()
    }
}

impl Share {
    /// What falls to the share.
    #[inline]
    pub(crate) fn of(self, amount: u64) -> u64 {
        before(amount, self.to) - before(amount, self.from)
    }

    pub(crate) const fn is_nothing(self) -> bool {
        self.from == self.to
    }
}

#[inline]
fn before(amount: u64, share: u64) -> u64 {
    if share == WHOLE {
        return amount;
    }
    // A part of a word is a word.
    ((u128::from(amount) * u128::from(share)) >> SHIFT) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn windows_that_adjoin_add_up(
            amount in any::<u64>(), length in 0..LONGEST, mut cuts in prop::collection::vec(-10..LONGEST + 10, 0..20),
        ) {
            let interval = Interval::new(0, length);
            cuts.sort_unstable();
            let bounds: Vec<i64> = std::iter::once(i64::MIN).chain(cuts).chain([i64::MAX]).collect();
            let parts = bounds.windows(2).map(|bounds| u128::from(interval.share(bounds[0], bounds[1]).of(amount)));
            prop_assert_eq!(parts.sum::<u128>(), u128::from(amount));
        }

        #[test]
        fn a_part_is_as_large_as_its_time(amount in 0..1_u64 << 40, length in 1..LONGEST, from in 0..LONGEST, to in 0..LONGEST) {
            let (from, to) = (from.min(to).min(length), from.max(to).min(length));
            let part = Interval::new(0, length).share(from, to).of(amount) as f64;
            let exact = amount as f64 * (to - from) as f64 / length as f64;
            prop_assert!((part - exact).abs() <= 1.0 + amount as f64 / WHOLE as f64, "{part} {exact}");
        }
    }

    #[test]
    fn what_has_no_length_is_at_its_moment() {
        let moment = Interval::new(7, 7);
        assert_eq!(moment.share(0, 7).of(5), 0);
        assert_eq!(moment.share(7, 8).of(5), 5);
        assert_eq!(moment.share(8, 9).of(5), 0);
    }

    #[test]
    fn an_interval_ends_before_its_last_moment() {
        let interval = Interval::new(0, 10);
        assert_eq!(interval.share(0, 10).of(7), 7);
        assert!(interval.share(10, 20).is_nothing());
    }

    #[test]
    fn intervals_are_bounded() {
        assert_eq!(Interval::new(i64::MIN, 5).since(), 5 - LONGEST);
        assert_eq!(Interval::new(9, 5).since(), 5);
    }
}
