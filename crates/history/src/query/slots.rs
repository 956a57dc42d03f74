//! Where the state of a group in a step is kept.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::growth::{lengthen, make_room};

/// Gives each group and step a slot, in the order of first need.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    /// Of slots, by what their entries are.
    index: HashTable<u32>,
    /// By combination of keys: the step and slot that it had last. Rows come almost in the order of time.
    last: Vec<(u32, u32)>,
    /// By slot: combination of keys, and step counted from the window's first.
    pub(crate) entries: Vec<(u32, u32)>,
}

impl Slots {
    /// The slot of a group in a step, where it has one.
    #[inline]
    pub(crate) fn find(&mut self, combination: u32, step: u32) -> Option<u32> {
        match self.last.get_mut(combination as usize) {
            Some(last) if last.0 == step => Some(last.1),
            Some(last) => {
                let (entry, entries) = ((combination, step), &self.entries);
                let slot = *self.index.find(hash_of(entry), |slot| entries[*slot as usize] == entry)?;
                *last = (step, slot);
                Some(slot)
            }
            None => None,
        }
    }

    /// True where the group has a slot in any step.
    pub(crate) fn has(&self, combination: u32) -> bool {
        self.last.get(combination as usize).is_some_and(|(step, _)| *step != u32::MAX)
    }

    /// A new slot for a group in a step that has none.
    pub(crate) fn add(&mut self, combination: u32, step: u32) -> u32 {
        let (at, slot) = (combination as usize, self.entries.len() as u32);
        if at >= self.last.len() {
            lengthen(&mut self.last, at + 1, (u32::MAX, 0));
        }
        let (entry, entries) = ((combination, step), &mut self.entries);
        make_room(entries, 1);
        entries.push(entry);
        self.index.insert_unique(hash_of(entry), slot, |slot| hash_of(entries[*slot as usize]));
        self.last[at] = (step, slot);
        slot
    }

    /// The slot of a group in a step, a new one where it has none.
    #[inline]
    pub(crate) fn slot(&mut self, combination: u32, step: u32) -> u32 {
        self.find(combination, step).unwrap_or_else(|| self.add(combination, step))
    }

    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Only what the slots are of: no more of them are looked for.
    pub(crate) fn forget_index(&mut self) {
        (self.index, self.last) = (HashTable::new(), Vec::new());
    }
}

fn hash_of(entry: (u32, u32)) -> u64 {
    FxBuildHasher.hash_one(entry)
}

/// The steps of a window; a query without steps has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    /// Start of the first step, nanoseconds since the epoch.
    pub(crate) first: i64,
    /// `None`: the whole window is one step.
    pub(crate) length: Option<i64>,
    pub(crate) count: u32,
}

impl Steps {
    /// Steps of `length` nanoseconds, aligned to the epoch, that touch `[from, to)`.
    pub(crate) fn over(from: i64, to: i64, length: Option<i64>) -> Self {
        let Some(length) = length else { return Self { first: from, length: None, count: 1 } };
        let first = from - from.rem_euclid(length);
        let count = u32::try_from((to - first).max(0).cast_unsigned().div_ceil(length.cast_unsigned()));
        Self { first, length: Some(length), count: count.unwrap_or(u32::MAX) }
    }

    /// The step of a moment, clamped to those of the window.
    pub(crate) fn index(&self, time: i64) -> u32 {
        let Some(length) = self.length else { return 0 };
        let steps = (time.saturating_sub(self.first)).div_euclid(length);
        u32::try_from(steps.max(0)).unwrap_or(u32::MAX).min(self.count)
    }

    /// From when to when a step goes, nanoseconds since the epoch.
    pub(crate) fn bounds(&self, step: u32) -> (i64, i64) {
        let Some(length) = self.length else { return (i64::MIN, i64::MAX) };
        let begin = self.first + length * i64::from(step);
        (begin, begin.saturating_add(length))
    }

    /// Start of a step in milliseconds since the epoch.
    pub(crate) fn millis(&self, step: u32) -> i64 {
        (self.first + self.length.unwrap_or_default() * i64::from(step)).div_euclid(1_000_000)
    }
}

/// Finds steps of times that come almost in order, without a division for each.
pub(crate) struct StepCursor {
    steps: Steps,
    current: u32,
    from: i64,
    to: i64,
}

impl StepCursor {
    pub(crate) const fn new(steps: Steps) -> Self {
        Self { steps, current: 0, from: i64::MAX, to: i64::MIN }
    }

    #[inline]
    pub(crate) fn index(&mut self, time: i64) -> u32 {
        let Some(length) = self.steps.length else { return 0 };
        if time < self.from || time >= self.to {
            self.current = self.steps.index(time);
            self.from = self.steps.first + length * i64::from(self.current);
            self.to = self.from + length;
        }
        self.current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_aligned_to_the_epoch() {
        let steps = Steps::over(25, 61, Some(10));
        assert_eq!((steps.first, steps.count), (20, 5));
        let mut cursor = StepCursor::new(steps);
        assert_eq!([25, 29, 30, 60, 31].map(|time| cursor.index(time)), [0, 0, 1, 4, 1]);
        assert_eq!(steps.index(1_000), 5);
    }

    #[test]
    fn a_slot_is_found_again() {
        let mut slots = Slots::default();
        assert_eq!([(3, 0), (3, 1), (0, 0), (3, 0)].map(|(group, step)| slots.slot(group, step)), [0, 1, 2, 0]);
        assert_eq!(slots.entries, [(3, 0), (3, 1), (0, 0)]);
    }
}
