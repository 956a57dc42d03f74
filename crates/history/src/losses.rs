//! Events and bytes that a stage before history could not keep, by time.

use std::collections::VecDeque;

use goldwire_answer::coverage::{Loss, LossStage};
use goldwire_model::time::Timestamp;

const NANOS: i64 = 1_000_000_000;
/// Spans kept. When there are more, neighbours become one: the sum stays, the time is told less exactly.
const MOST_SPANS: usize = 4096;

const STAGES: [LossStage; 6] = [
    LossStage::KernelRing,
    LossStage::KernelMap,
    LossStage::Decoder,
    LossStage::Tracker,
    LossStage::Queue,
    LossStage::Budget,
];

/// Losses from `first` to `last`, both whole seconds since the epoch and included.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: i64,
    last: i64,
    lost: [Amount; STAGES.len()],
}

/// How much a stage lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

impl Amount {
    fn add(&mut self, more: Self) {
        self.events = self.events.saturating_add(more.events);
        self.bytes = self.bytes.saturating_add(more.bytes);
    }
}

/// Losses in the order of time; no second without loss takes space.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    spans: VecDeque<Span>,
}

impl Losses {
    pub(crate) fn record(&mut self, stage: LossStage, time: Timestamp, amount: Amount) {
        let second = time.0.div_euclid(NANOS);
        let at = self.spans.partition_point(|span| span.last < second);
        if self.spans.get(at).is_none_or(|span| span.first > second) {
            self.spans.insert(at, Span { first: second, last: second, lost: Default::default() });
        }
        self.spans[at].lost[place_of(stage)].add(amount);
        if self.spans.len() > MOST_SPANS {
            self.join_neighbours();
        }
    }

    /// Joins the older half in pairs, so that recent losses keep their second.
    fn join_neighbours(&mut self) {
        let recent = self.spans.split_off(self.spans.len() / 2);
        let mut joined: VecDeque<Span> = VecDeque::with_capacity(MOST_SPANS);
        for (place, span) in std::mem::take(&mut self.spans).into_iter().enumerate() {
            match joined.back_mut() {
                Some(before) if place % 2 == 1 => before.join(&span),
                _ => joined.push_back(span),
            }
        }
        joined.extend(recent);
        self.spans = joined;
    }

    /// What was lost in spans that touch `[from, to)`, nanoseconds since the epoch, by stage.
    pub(crate) fn within(&self, from: i64, to: i64) -> Vec<Loss> {
        let mut lost = [Amount::default(); STAGES.len()];
        for span in &self.spans {
            if span.last.saturating_add(1).saturating_mul(NANOS) > from && span.first.saturating_mul(NANOS) < to {
                lost.iter_mut().zip(span.lost).for_each(|(sum, more)| sum.add(more));
            }
        }
        let lost = STAGES.into_iter().zip(lost).filter(|(_, amount)| *amount != Amount::default());
        lost.map(|(stage, Amount { events, bytes })| Loss { stage, events, bytes }).collect()
    }
}

impl Span {
    fn join(&mut self, next: &Self) {
        self.last = next.last;
        self.lost.iter_mut().zip(next.lost).for_each(|(sum, more)| sum.add(more));
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
        assert!(losses.spans.len() <= MOST_SPANS);
        assert_eq!(losses.within(0, i64::MAX), vec![Loss { stage: LossStage::Queue, events: 20_000, bytes: 0 }]);
        assert_eq!(
            losses.within(19_999 * NANOS, i64::MAX),
            vec![Loss { stage: LossStage::Queue, events: 1, bytes: 0 }]
        );
    }
}
