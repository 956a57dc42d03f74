//! Traffic that is there and is not read, by time.

use goldwire_answer::coverage::{Unread, UnreadKind};
use goldwire_model::time::Timestamp;

use crate::spans::Spans;

const KINDS: [UnreadKind; 3] = [UnreadKind::CompressedMysql, UnreadKind::Http2Joined, UnreadKind::UnixSockets];

#[derive(Debug)]
pub(crate) struct UnreadTraffic {
    spans: Spans<{ KINDS.len() }>,
}

impl Default for UnreadTraffic {
    fn default() -> Self {
        Self { spans: Spans::new([u64::max, u64::saturating_add, u64::max]) }
    }
}

impl UnreadTraffic {
    pub(crate) fn record(&mut self, kind: UnreadKind, time: Timestamp, count: u64) {
        if let Some(place) = KINDS.iter().position(|known| *known == kind) {
            self.spans.record(place, time, count);
        }
    }

    /// What was there in `[from, to)`, nanoseconds since the epoch.
    pub(crate) fn within(&self, from: i64, to: i64) -> Vec<Unread> {
        let there = KINDS.into_iter().zip(self.spans.within(from, to)).filter(|(_, count)| *count > 0);
        there.map(|(kind, count)| Unread { kind, count }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::NANOS;

    #[test]
    fn unread_connections_count_by_the_most_and_exchanges_by_their_sum() {
        let mut unread = UnreadTraffic::default();
        for (second, count) in [(10, 3), (11, 5), (12, 4)] {
            for kind in KINDS {
                unread.record(kind, Timestamp(second * NANOS), count);
            }
        }
        let counts = |from, to| -> Vec<u64> {
            unread.within(from * NANOS, to * NANOS).iter().map(|unread| unread.count).collect()
        };
        assert_eq!(counts(10, 13), [5, 12, 5]);
        assert_eq!(counts(12, 13), [4, 4, 4]);
        assert_eq!(counts(13, 14), [0_u64; 0]);
    }
}
