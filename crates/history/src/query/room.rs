//! What a query may still take, and whether it is to go on.

use crate::{
    allowance::Allowance,
    cancel::{Cancel, Cancelled},
};

/// Counts what groups take against the query's allowance.
#[derive(Debug)]
pub(crate) struct Room {
    allowance: Allowance,
    cancel: Cancel,
    /// Bytes of keys, combinations and slots, with the columns that slots will have.
    groups: usize,
    /// Bytes of what is kept beside: values and buckets behind quantiles.
    beside: usize,
    /// Bytes for groups and what is beside them at most: the rest is for folding and for the answer's making.
    bound: usize,
    /// Nothing more was to be had.
    is_full: bool,
    /// A group, or a step of one, was counted under `other`.
    has_refused_group: bool,
    /// A step of a group was counted under `other`.
    has_refused_slot: bool,
    /// A pair of ends was not told apart.
    has_refused_pair: bool,
    /// What is read now is what was asked for.
    is_asked: bool,
    /// No group is taken in that is not there already.
    is_frozen: bool,
}

impl Room {
    /// `share`: one part in so many of the allowance is for groups.
    pub(crate) fn new(allowance: Allowance, cancel: Cancel, share: usize) -> Self {
        let bound = allowance.most() / share;
        Self::empty(allowance, cancel, bound)
    }

    fn empty(allowance: Allowance, cancel: Cancel, bound: usize) -> Self {
        Self {
            allowance,
            cancel,
            groups: 0,
            beside: 0,
            bound,
            is_full: false,
            has_refused_group: false,
            has_refused_slot: false,
            has_refused_pair: false,
            is_asked: true,
            is_frozen: false,
        }
    }

    /// The same, with another allowance.
    pub(crate) fn with(self, allowance: Allowance) -> Self {
        Self { allowance, ..self }
    }

    /// True where the query may take so much in all.
    pub(crate) fn reach(&mut self, bytes: usize) -> bool {
        self.allowance.reach(bytes)
    }

    pub(crate) fn into_allowance(self) -> Allowance {
        self.allowance
    }

    pub(crate) fn check(&self) -> Result<(), Cancelled> {
        self.cancel.check()
    }

    /// Bytes for groups and what is beside them.
    pub(crate) const fn bound(&self) -> usize {
        self.bound
    }

    /// Bytes of an allowance for all that a query does.
    pub(crate) fn most(&self) -> usize {
        self.allowance.most()
    }

    /// Takes bytes for a new group, or for a part of it. False where there is no room.
    #[inline]
    pub(crate) fn take_for_group(&mut self, bytes: usize) -> bool {
        !self.is_frozen && self.take(bytes)
    }

    /// Says whether keys that were asked for are read, or such as serve the merge.
    pub(crate) fn set_asked(&mut self, is_asked: bool) {
        self.is_asked = is_asked;
    }

    /// Takes bytes for a key of the kind that is being read.
    #[inline]
    pub(crate) fn take_part(&mut self, bytes: usize) -> bool {
        if self.is_asked { self.take_for_group(bytes) } else { self.take(bytes) }
    }

    /// Takes bytes for what a group needs.
    #[inline]
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let wanted = self.groups + self.beside + bytes;
        if self.is_full || wanted > self.bound || !self.allowance.reach(wanted) {
            self.is_full = true;
            return false;
        }
        self.groups += bytes;
        true
    }

    /// Takes bytes for what must be there: the groups that hold what others had no room for. These are few.
    pub(crate) fn take_anyway(&mut self, bytes: usize) {
        self.groups += bytes;
    }

    /// Says how much is kept beside.
    pub(crate) fn set_beside(&mut self, bytes: usize) {
        self.beside = bytes;
        let wanted = self.groups + self.beside;
        if wanted > self.bound || !self.allowance.reach(wanted) {
            self.is_full = true;
        }
    }

    /// True where there was no room for something.
    pub(crate) const fn is_full(&self) -> bool {
        self.is_full
    }

    pub(crate) const fn beside(&self) -> usize {
        self.beside
    }

    /// Bytes of groups, and of what is kept beside.
    pub(crate) const fn used(&self) -> usize {
        self.groups + self.beside
    }

    /// True where a group, or a step of one, was counted under `other`.
    pub(crate) const fn has_refused_group(&self) -> bool {
        self.has_refused_group
    }

    /// True where a step of a group was counted under `other`: that group is not exact.
    pub(crate) const fn has_refused_slot(&self) -> bool {
        self.has_refused_slot
    }

    pub(crate) fn refuse_slot(&mut self) {
        (self.has_refused_group, self.has_refused_slot) = (true, true);
    }

    pub(crate) fn refuse_group(&mut self) {
        self.has_refused_group = true;
    }

    /// True where a pair of ends was not told apart.
    pub(crate) const fn has_refused_pair(&self) -> bool {
        self.has_refused_pair
    }

    pub(crate) fn refuse_pair(&mut self) {
        self.has_refused_pair = true;
    }

    pub(crate) const fn is_frozen(&self) -> bool {
        self.is_frozen
    }

    /// Takes no group any more that is not there.
    pub(crate) fn freeze(&mut self) {
        self.is_frozen = true;
    }

    /// What it was full of is smaller now.
    pub(crate) fn reopen(&mut self) {
        self.is_full = false;
    }

    /// The same room, empty, for groups made anew. What is left behind has none.
    pub(crate) fn hand_over(&mut self) -> Self {
        let nothing = self.allowance.nothing();
        let allowance = std::mem::replace(&mut self.allowance, nothing);
        Self::empty(allowance, self.cancel.clone(), self.bound)
    }
}
