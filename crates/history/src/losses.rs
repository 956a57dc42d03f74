//! Events and bytes that a stage before history could not keep, by time.

use goldwire_answer::coverage::{Loss, LossStage};
use goldwire_model::time::Timestamp;

use crate::spans::Spans;

const STAGES: [LossStage; 6] = [
    LossStage::KernelRing,
    LossStage::KernelMap,
    LossStage::Decoder,
    LossStage::Tracker,
    LossStage::Queue,
    LossStage::Budget,
];

/// How much a stage lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

/// Losses in the order of time: the events of all stages, then their bytes.
#[derive(Debug)]
pub(crate) struct Losses {
    spans: Spans<{ 2 * STAGES.len() }>,
}

impl Default for Losses {
    fn default() -> Self {
        Self { spans: Spans::new([u64::saturating_add; 2 * STAGES.len()]) }
    }
}

impl Losses {
    pub(crate) fn record(&mut self, stage: LossStage, time: Timestamp, amount: Amount) {
        let place = place_of(stage);
        for (kind, count) in [(place, amount.events), (STAGES.len() + place, amount.bytes)] {
            if count > 0 {
                self.spans.record(kind, time, count);
            }
        }
    }

    /// What was lost in spans that touch `[from, to)`, nanoseconds since the epoch, by stage.
    pub(crate) fn within(&self, from: i64, to: i64) -> Vec<Loss> {
        let counts = self.spans.within(from, to);
        let (events, bytes) = counts.split_at(STAGES.len());
        let lost = STAGES.into_iter().zip(events).zip(bytes);
        let lost = lost.map(|((stage, events), bytes)| Loss { stage, events: *events, bytes: *bytes });
        lost.filter(|loss| loss.events > 0 || loss.bytes > 0).collect()
    }
}

const fn place_of(stage: LossStage) -> usize {
    match stage {
        LossStage::KernelRing => 0,
        LossStage::KernelMap => 1,
        LossStage::Decoder => 2,
        LossStage::Tracker => 3,
        LossStage::Queue => 4,
        LossStage::Budget => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::{MOST_SPANS, NANOS};

    fn at(second: i64) -> Timestamp {
        Timestamp(second * NANOS + 5)
    }

    const fn events(events: u64) -> Amount {
        Amount { events, bytes: 0 }
    }

    #[test]
    fn losses_are_told_by_stage_within_the_window() {
        let mut losses = Losses::default();
        losses.record(LossStage::KernelRing, at(10), Amount { events: 3, bytes: 100 });
        losses.record(LossStage::KernelRing, at(10), events(4));
        losses.record(LossStage::Decoder, at(12), events(1));
        let expected = vec![Loss { stage: LossStage::KernelRing, events: 7, bytes: 100 }];
        assert_eq!(losses.within(10 * NANOS, 12 * NANOS), expected);
        assert_eq!(losses.within(13 * NANOS, 20 * NANOS), vec![]);
    }

    #[test]
    fn space_is_bounded_and_the_sum_stays() {
        let mut losses = Losses::default();
        for second in 0..20_000 {
            losses.record(LossStage::Queue, at(second), events(1));
        }
        assert!(losses.spans.count() <= MOST_SPANS);
        assert_eq!(losses.within(0, i64::MAX), vec![Loss { stage: LossStage::Queue, events: 20_000, bytes: 0 }]);
        assert_eq!(
            losses.within(19_999 * NANOS, i64::MAX),
            vec![Loss { stage: LossStage::Queue, events: 1, bytes: 0 }]
        );
    }
}
