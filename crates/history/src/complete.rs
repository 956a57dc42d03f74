//! Up to when records are complete.

use goldwire_answer::coverage::Records;

/// Nothing that happened before these moments is still to come, nanoseconds since the epoch; `None` where nobody said so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Complete {
    /// Of what is told as it happens.
    events: Option<i64>,
    /// Of what is counted, and read from time to time.
    counters: Option<i64>,
}

impl Complete {
    /// Both only ever grow: what was complete stays so.
    pub(crate) fn advance(&mut self, events: i64, counters: i64) {
        self.events = self.events.max(Some(events));
        self.counters = self.counters.max(Some(counters));
    }

    /// Of the records of a table, in whole milliseconds, as answers say it.
    pub(crate) fn of(self, source: Records) -> Option<i64> {
        const MILLISECOND: i64 = 1_000_000;
        let until = match source {
            Records::Requests | Records::Processes => self.events,
            Records::Flows | Records::Drops | Records::Saturation => self.counters,
        };
        until.map(|until| until - until.rem_euclid(MILLISECOND))
    }

    /// The beginning of a report's interval: nothing is added any more to a time that is complete.
    pub(crate) fn begin(self, since: i64) -> i64 {
        self.counters.map_or(since, |counters| counters.max(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_complete_stays_so() {
        let mut complete = Complete::default();
        assert_eq!(complete.of(Records::Flows), None);
        assert_eq!(complete.begin(5), 5);
        complete.advance(9_999_999, 5_000_001);
        complete.advance(4_000_000, 6_000_000);
        assert_eq!((complete.of(Records::Requests), complete.of(Records::Drops)), (Some(9_000_000), Some(6_000_000)));
        assert_eq!(complete.begin(5), 6_000_000);
    }
}
