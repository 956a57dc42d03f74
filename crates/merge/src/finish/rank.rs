//! Which groups are shown, and which become `other`.

use std::sync::Arc;

use crate::{
    groups::{Merged, OTHER},
    states::{self, Weight},
};

/// Where each group goes.
pub(crate) struct Slots {
    /// By the group's number.
    pub(crate) of_group: Vec<usize>,
    /// Numbers of the groups that are shown, heaviest first; slots begin with these.
    pub(crate) shown: Vec<usize>,
    /// The slot behind the shown ones takes what is left, where anything is.
    pub(crate) has_other: bool,
}

impl Slots {
    /// How many slots there are.
    pub(crate) fn count(&self) -> usize {
        self.shown.len() + usize::from(self.has_other)
    }

    /// The heaviest groups by one column, `limit` of them; equal ones by name. A group that a node has already made of
    /// what did not fit there is among the others, however heavy.
    pub(crate) fn heaviest(merged: &Merged, by: usize, limit: usize) -> Self {
        let mut weights = vec![Weight::default(); merged.groups.len()];
        for (row, cell) in merged.cells.iter().enumerate() {
            weights[cell.group as usize] += states::weight(&merged.states[by], row);
        }
        let (folded, mut shown): (Vec<usize>, Vec<usize>) =
            (0..merged.groups.len()).partition(|group| is_other(&merged.groups[*group]));
        shown.sort_by(|a, b| weights[*b].compare(weights[*a]).then_with(|| merged.groups[*a].cmp(&merged.groups[*b])));
        let has_other = shown.len() > limit || !folded.is_empty();
        shown.truncate(limit);
        Self::of(merged.groups.len(), shown, has_other)
    }

    fn of(groups: usize, shown: Vec<usize>, has_other: bool) -> Self {
        let mut of_group = vec![shown.len(); groups];
        for (slot, group) in shown.iter().enumerate() {
            of_group[*group] = slot;
        }
        Self { of_group, shown, has_other }
    }
}

/// Every key is `other`.
pub(super) fn is_other(keys: &[Arc<str>]) -> bool {
    !keys.is_empty() && keys.iter().all(|key| &**key == OTHER)
}
