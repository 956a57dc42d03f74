//! Groups and their states while a query runs, within its memory.
//!
//! Where memory does not hold all groups, a first pass finds the largest: whenever there is no room, the smaller groups are
//! counted under `other`, and may come back. A second pass counts these largest groups and everything else under `other`,
//! so that what is shown is exact, whichever groups it is shown of. Pairs of ends, by which the merge finds what two nodes
//! saw, have the room that groups leave.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{plan::Plan, room::Room, space::Space, states::Filling};
use crate::cancel::Cancelled;

/// Groups that are kept for the second pass.
const MOST_KEPT: usize = 50_000;

/// A query's groups, and a column of state for each that the plan has.
pub(crate) struct GroupTable<'p, 'q> {
    plan: &'p Plan<'q>,
    pub(crate) space: Space,
    pub(crate) fillings: Vec<Filling>,
    /// Groups that were told apart at once, at most.
    most_groups: usize,
    /// Something was given up: pairs, or groups.
    was_short: bool,
}

/// The keys of a group that were asked for, how much they count, and what they take.
struct Ranked {
    asked: u32,
    weight: f64,
    bytes: usize,
}

impl<'p, 'q> GroupTable<'p, 'q> {
    pub(crate) fn new(plan: &'p Plan<'q>, room: Room) -> Self {
        Self::of(plan, Space::new(plan, room))
    }

    fn of(plan: &'p Plan<'q>, space: Space) -> Self {
        let fillings = plan.states.iter().map(|state| Filling::new(state, plan.exact)).collect();
        Self { plan, space, fillings, most_groups: 0, was_short: false }
    }

    /// To be called after each chunk or block: makes room where there is little.
    pub(crate) fn after_part(&mut self) -> Result<(), Cancelled> {
        self.space.room.check()?;
        self.count_beside();
        if self.space.room.is_full() {
            self.make_room();
        }
        Ok(())
    }

    fn count_beside(&mut self) {
        let beside = self.fillings.iter().map(Filling::beside).sum();
        self.space.room.set_beside(beside);
    }

    /// Gives up what is worth least: values behind quantiles become buckets, then pairs go, then the smaller groups. Once
    /// groups are chosen, they stay.
    fn make_room(&mut self) {
        let slots = self.space.slots.len();
        let bound = self.space.room.bound();
        if self.space.room.beside() > bound / 4 {
            self.fillings.iter_mut().for_each(|filling| filling.compact(slots));
        }
        self.reopen();
        if self.space.room.is_frozen() {
            if self.space.room.used() > bound {
                self.space.room.refuse_slot();
            }
            return;
        }
        if self.space.room.used() <= bound / 2 {
            return;
        }
        if self.space.uses_pairs() {
            let space = Space::new(self.plan, self.space.room.hand_over()).without_pairs();
            self.move_to(space, None);
        }
        if self.space.room.used() > bound / 2 {
            let kept = self.largest(bound / 2);
            self.most_groups = self.most_groups.max(self.ranked().len());
            let space = Space::new(self.plan, self.space.room.hand_over()).without_pairs();
            self.move_to(space, Some(&kept));
        }
        self.reopen();
    }

    fn reopen(&mut self) {
        self.space.room.reopen();
        self.count_beside();
    }

    /// True where something was given up.
    pub(crate) fn is_short(&self) -> bool {
        self.was_short || self.space.room.has_refused_group() || self.space.room.has_refused_pair()
    }

    /// Groups that were told apart at once, at most.
    pub(crate) fn most_groups(&self) -> usize {
        self.most_groups.max(self.ranked().len())
    }

    /// The groups that count most, as many as `bytes` hold, by the keys that were asked for.
    pub(crate) fn largest(&self, bytes: usize) -> Vec<u32> {
        let mut ranked = self.ranked();
        ranked.sort_unstable_by(|a, b| b.weight.total_cmp(&a.weight).then(a.asked.cmp(&b.asked)));
        let mut left = bytes;
        let fits = |group: &Ranked| {
            left = left.saturating_sub(group.bytes);
            left > 0
        };
        ranked.into_iter().take(MOST_KEPT).take_while(fits).map(|group| group.asked).collect()
    }

    fn ranked(&self) -> Vec<Ranked> {
        let slots = self.space.slots.len();
        let combinations = &self.space.combinations;
        let by = self.plan.rank.and_then(|rank| self.fillings.get(rank));
        let weights = by.map_or_else(|| vec![1.0; slots], |filling| filling.weights(slots));
        let is_extreme = by.is_some_and(Filling::is_extreme);
        let of_slot = self.space.slot_bytes() + self.space.room.beside() / slots.max(1);
        let mut groups: FxHashMap<u32, Ranked> = FxHashMap::default();
        let mut seen = FxHashSet::default();
        for ((combination, _), weight) in self.space.slots.entries.iter().zip(weights) {
            let asked = combinations.asked(*combination);
            let group = groups.entry(asked).or_insert(Ranked { asked, weight: 0.0, bytes: 0 });
            group.weight = if is_extreme { group.weight.max(weight) } else { group.weight + weight };
            group.bytes += of_slot;
            if seen.insert(*combination) {
                group.bytes += self.space.group_bytes(*combination);
            }
        }
        groups.into_values().filter(|group| !combinations.is_other(group.asked)).collect()
    }

    /// Moves all to an empty space. Groups that are not `kept` are counted under `other` there.
    fn move_to(&mut self, mut space: Space, kept: Option<&[u32]>) {
        self.was_short = true;
        let kept: Option<FxHashSet<u32>> = kept.map(|kept| kept.iter().copied().collect());
        let entries = std::mem::take(&mut self.space.slots.entries);
        let from = &self.space;
        let mut adopted: FxHashMap<u32, u32> = FxHashMap::default();
        let mut moved = Vec::with_capacity(entries.len());
        for (combination, step) in entries {
            let group = *adopted.entry(combination).or_insert_with(|| {
                let is_kept = |kept: &FxHashSet<u32>| kept.contains(&from.combinations.asked(combination));
                if kept.as_ref().is_none_or(is_kept) {
                    space.adopt(from, combination)
                } else {
                    // All spaces of a query begin with the same groups for what has no room.
                    from.combinations.other(combination)
                }
            });
            moved.push(space.slot(group, step));
        }
        let (fillings, slots) = (std::mem::take(&mut self.fillings), space.slots.len());
        let rearranged = fillings.into_iter().map(|mut filling| {
            filling.grow(moved.len());
            filling.rearrange(&moved, slots)
        });
        self.fillings = rearranged.collect();
        self.space = space;
        self.count_beside();
    }

    /// An empty table with these groups, which takes no others.
    pub(crate) fn only(mut self, kept: &[u32], with_pairs: bool) -> Self {
        self.fillings.clear();
        let space = Space::new(self.plan, self.space.room.hand_over());
        let mut table = Self::of(self.plan, if with_pairs { space } else { space.without_pairs() });
        let kept: FxHashSet<u32> = kept.iter().copied().collect();
        let from = &self.space;
        let combinations: FxHashSet<u32> = from.slots.entries.iter().map(|(combination, _)| *combination).collect();
        for combination in combinations.into_iter().filter(|one| kept.contains(&from.combinations.asked(*one))) {
            table.space.adopt(from, combination);
        }
        table.space.room.freeze();
        table.most_groups = self.most_groups;
        table
    }
}
