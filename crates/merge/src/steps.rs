//! The steps of a window, and how much of each was observed.

use goldwire_answer::{
    coverage::{NodeCoverage, Records},
    groups::Groups,
};
use goldwire_model::query::{Query, QueryKind, Window, nice_step};

use crate::{asked::MergeError, coverage::Joined};

/// Where a query names no step, it gets about so many.
const MOST_STEPS: u32 = 120;

/// Steps aligned to the epoch, from the one that holds `from` to the one before `to`.
pub(crate) struct Steps {
    window: Window,
    /// Milliseconds; the whole window where the query has no steps.
    step: i64,
    has_steps: bool,
    /// By part and kind of records.
    parts: Vec<[Reach; Records::ALL.len()]>,
    /// By kind of records.
    all: [AllReaches; Records::ALL.len()],
}

/// A time that one node knows of, milliseconds since the epoch.
#[derive(Clone, Copy)]
struct Reach {
    since: i64,
    until: i64,
}

/// The times of all nodes that answered.
#[derive(Clone, Copy)]
struct AllReaches {
    /// From the first to the last moment that any node knows.
    any: Reach,
    /// Every node knows all before it.
    complete_until: i64,
}

/// In parts of one: whole numbers, so that their sum does not hang on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Surplus(u64);

const SURPLUS_UNITS: u128 = 1 << 16;

impl Surplus {
    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn value(self) -> f64 {
        self.0 as f64 / SURPLUS_UNITS as f64
    }
}

impl std::ops::AddAssign for Surplus {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl Reach {
    /// Without steps all counts that has come, up to now. What a node does not say is complete up to now.
    fn of(node: &NodeCoverage, records: Records, now: i64, has_steps: bool) -> Self {
        let covered = node.covered.iter().find(|covered| covered.records == records);
        let since = covered.map_or_else(|| node.oldest.unwrap_or(0).max(node.recording_since), |covered| covered.since);
        let until = covered.and_then(|covered| covered.until).filter(|_| has_steps);
        Self { since, until: until.unwrap_or(now) }
    }
}

impl AllReaches {
    fn of(parts: &[[Reach; Records::ALL.len()]], records: Records) -> Self {
        let none = Self { any: Reach { since: i64::MAX, until: i64::MIN }, complete_until: i64::MAX };
        parts.iter().map(|part| part[records as usize]).fold(none, |all, Reach { since, until }| Self {
            any: Reach { since: all.any.since.min(since), until: all.any.until.max(until) },
            complete_until: all.complete_until.min(until),
        })
    }
}

impl Steps {
    pub(crate) fn of(query: &Query, joined: &Joined) -> Result<Self, MergeError> {
        let window = query.window.ok_or(MergeError::NoWindow)?;
        let step = match &query.kind {
            QueryKind::Signals { step_millis, .. } | QueryKind::Heatmap { step_millis, .. } => {
                Some(step_millis.unwrap_or_else(|| nice_step(window, MOST_STEPS)).max(1))
            }
            _ => None,
        };
        let reaches = |node| Records::ALL.map(|records| Reach::of(node, records, joined.now(), step.is_some()));
        let parts: Vec<_> = joined.nodes().iter().map(reaches).collect();
        Ok(Self {
            window,
            step: step.unwrap_or_else(|| (window.to - window.from).max(1)),
            has_steps: step.is_some(),
            all: Records::ALL.map(|records| AllReaches::of(&parts, records)),
            parts,
        })
    }

    /// Milliseconds.
    pub(crate) const fn step(&self) -> i64 {
        self.step
    }

    /// Start of the first step, which may lie before the window.
    const fn first(&self) -> i64 {
        if self.has_steps { self.window.from.div_euclid(self.step) * self.step } else { self.window.from }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        if self.window.to <= self.window.from {
            return 0;
        }
        let steps = (self.window.to - self.first() - 1).div_euclid(self.step) + 1;
        usize::try_from(steps).unwrap_or(0)
    }

    /// Their starts, milliseconds since the epoch.
    pub(crate) fn starts(&self) -> Vec<i64> {
        (0..self.count() as i64).map(|number| self.first() + number * self.step).collect()
    }

    /// The number of a row's step; `None` where it is not in the window.
    pub(crate) fn number_of(&self, groups: &Groups, row: usize) -> Option<u32> {
        if !self.has_steps {
            return Some(0);
        }
        let number = (groups.steps[row] - self.first()).div_euclid(self.step);
        u32::try_from(number).ok().filter(|number| (*number as usize) < self.count())
    }

    /// Seconds of the step that lie in the window and that any node knows; `None` where the step is not shown.
    ///
    /// A step is shown once it is finished: no node that answered will learn anything of it any more. Where the first one
    /// is not finished, the window has nothing else to show, so what is known of it is shown.
    pub(crate) fn observed_seconds(&self, records: Records, number: usize) -> Option<f64> {
        let observed = self.observed(records, number);
        let is_shown = observed > 0 && (number == 0 || self.is_finished(records, number));
        is_shown.then(|| observed as f64 / 1e3)
    }

    /// What is to be added to a part's count in a step, for a rate over all that was observed of the step: a node's rate is
    /// that of the time which it knows, and rates of nodes add up.
    pub(crate) fn surplus(&self, part: usize, records: Records, number: usize, count: u64) -> Surplus {
        let known = self.overlap(self.parts[part][records as usize], number);
        if known <= 0 {
            return Surplus::default();
        }
        let unknown = self.observed(records, number) - known;
        if unknown <= 0 {
            return Surplus::default();
        }
        let share =
            u128::from(count) * u128::from(unknown.unsigned_abs()) * SURPLUS_UNITS / u128::from(known.unsigned_abs());
        Surplus(u64::try_from(share).unwrap_or(u64::MAX))
    }

    /// The whole of the step, also where the window ends within: of a window that goes on, that part would change.
    fn is_finished(&self, records: Records, number: usize) -> bool {
        self.first() + (number as i64 + 1) * self.step <= self.all[records as usize].complete_until
    }

    fn observed(&self, records: Records, number: usize) -> i64 {
        self.overlap(self.all[records as usize].any, number)
    }

    /// Milliseconds of the step that lie in the window and in a reach.
    fn overlap(&self, reach: Reach, number: usize) -> i64 {
        let Reach { since, until } = self.within(number);
        until.min(reach.until).saturating_sub(since.max(reach.since))
    }

    /// The part of the step that lies in the window.
    fn within(&self, number: usize) -> Reach {
        let start = self.first() + number as i64 * self.step;
        Reach { since: start.max(self.window.from), until: (start + self.step).min(self.window.to) }
    }
}
