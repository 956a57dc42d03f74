//! Counters of reports, spread over the steps that the reports are about.

use super::{
    plan::Span,
    slots::Steps,
    space::Space,
    states::Filling,
    take::{Given, RawTake},
};
use crate::{
    chunk::{
        numbers::{ABSENT, Numbers},
        sealed::{Chunk, Slot},
    },
    interval::{Interval, Share},
};

/// Shares that are held at once, about.
const MOST_AT_ONCE: usize = 1 << 16;

/// Rows by step: a row stands here once for each step that it has a share of.
#[derive(Default)]
pub(crate) struct Shares {
    rows: Vec<u32>,
    slots: Vec<u32>,
    shares: Vec<Share>,
}

impl Shares {
    /// Of rows with their combinations of keys, from a place on: of as many as are held at once. Also gives the place of the
    /// first row that is left.
    pub(crate) fn of(
        chunk: &Chunk,
        (rows, combinations): (&[u32], &[u32]),
        from: usize,
        span: Span,
        space: &mut Space,
    ) -> (Self, usize) {
        let (times, covers) = (chunk.numbers(Slot::Time), chunk.numbers(Slot::Covers));
        let mut shares = Self::default();
        let mut next = from;
        while next < rows.len() && shares.rows.len() < MOST_AT_ONCE {
            let (row, combination) = (&rows[next], &combinations[next]);
            next += 1;
            let interval = interval_of(times, covers, *row as usize);
            for_each_step(interval, span, space.steps, |step, share| {
                shares.rows.push(*row);
                shares.slots.push(space.slot(*combination, step));
                shares.shares.push(share);
            });
        }
        (shares, next)
    }

    /// Adds what a state takes of these rows.
    pub(crate) fn fill(&self, chunk: &Chunk, take: RawTake, filling: &mut Filling) {
        match take.given {
            Given::Column(slot) => self.add(chunk.numbers(slot), take.unit, filling),
            Given::Both(first, second) => {
                self.add(chunk.numbers(first), take.unit, filling);
                self.add(chunk.numbers(second), take.unit, filling);
            }
            Given::One | Given::Gauge | Given::NetworkTime => {}
        }
    }

    fn add(&self, column: Numbers<'_>, unit: f64, filling: &mut Filling) {
        let (mut slots, mut values) = (Vec::with_capacity(self.rows.len()), Vec::with_capacity(self.rows.len()));
        column.for_each(&self.rows, |place, amount| {
            slots.push(self.slots[place]);
            values.push(self.shares[place].of(amount));
        });
        filling.take(&slots, &values, unit);
    }
}

/// The time that a row is about.
pub(crate) fn interval_of(times: Numbers<'_>, covers: Numbers<'_>, row: usize) -> Interval {
    let time = times.get(row).cast_signed();
    match covers.get(row) {
        ABSENT => Interval::new(time, time),
        length => Interval::new(time.saturating_sub_unsigned(length), time),
    }
}

/// Calls `each` with every step of the window that an interval has a share of.
fn for_each_step(interval: Interval, span: Span, steps: Steps, mut each: impl FnMut(u32, Share)) {
    let (from, to) = (interval.since().max(span.from), interval.last().min(span.to.saturating_sub(1)));
    if from > to {
        return;
    }
    for step in steps.index(from)..=steps.index(to) {
        let (begin, end) = steps.bounds(step);
        let share = interval.share(begin.max(span.from), end.min(span.to));
        if !share.is_nothing() {
            each(step, share);
        }
    }
}
