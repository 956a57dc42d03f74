//! The steps of a window, and how much of each was observed.

use goldwire_answer::groups::Groups;
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
    /// Nothing after it has happened yet, milliseconds since the epoch.
    now: i64,
    /// Nothing before it was seen by any node, milliseconds since the epoch.
    first_seen: i64,
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
        let nodes = joined.nodes().iter();
        let first_seen = nodes.map(|node| node.oldest.unwrap_or(0).max(node.recording_since)).min();
        Ok(Self {
            window,
            step: step.unwrap_or_else(|| (window.to - window.from).max(1)),
            has_steps: step.is_some(),
            now: joined.now(),
            first_seen: first_seen.unwrap_or(i64::MAX),
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

    /// Seconds of the step that lie in the window and are past; `None` where nothing of it was observed. Nor has a step that
    /// has only just begun: flows are reported once a second, and one report over an instant would show as a peak.
    pub(crate) fn observed_seconds(&self, number: usize) -> Option<f64> {
        let start = self.first() + number as i64 * self.step;
        let end = start + self.step;
        if end <= self.first_seen {
            return None;
        }
        let observed = end.min(self.window.to).min(self.now) - start.max(self.window.from);
        let has_just_begun = end.min(self.window.to) > self.now && 2 * (self.now - start) < self.step;
        (observed > 0 && !has_just_begun).then(|| observed as f64 / 1e3)
    }

    /// Seconds of the window that are past.
    pub(crate) fn window_seconds(&self) -> f64 {
        (self.window.to.min(self.now) - self.window.from).max(1) as f64 / 1e3
    }
}
