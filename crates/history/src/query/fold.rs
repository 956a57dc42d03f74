//! Bounds the number of groups of an answer: the smallest are counted together, totals stay.

use std::cmp::Reverse;

use goldwire_answer::groups::StateColumn;
use rustc_hash::FxHashMap;

use super::{keys::OTHER_KEY, slots::Slots, space::Space, states::Filling};

/// Groups of an answer at most, pairs not counted.
const MOST_GROUPS: usize = 10_000;
/// Groups and pairs of an answer at most.
const MOST_PAIRED_GROUPS: usize = 50_000;

/// A group of the answer: ids of its keys, and of its pair.
pub(crate) type Group = (Vec<u32>, u32);

/// Groups and steps by slot, and the columns of their states.
pub(crate) struct Folded {
    pub(crate) groups: Vec<Group>,
    /// By slot: place among the groups, and the step.
    pub(crate) entries: Vec<(u32, u32)>,
    pub(crate) states: Vec<StateColumn>,
    /// Groups that are counted under another's name.
    pub(crate) folded: u64,
    /// Groups whose pairs were given up, so that another node's report of the same exchanges cannot be told.
    pub(crate) unpaired: u64,
}

/// Finishes the states, with no more groups than an answer may have.
pub(crate) fn fold(space: &Space, mut fillings: Vec<Filling>, asked: usize) -> Folded {
    fillings.iter_mut().for_each(|filling| filling.grow(space.slots.len()));
    let mut groups = Groups::of(space, &fillings);
    let unpaired = groups.fold(MOST_PAIRED_GROUPS, |group| group.1 = 0);
    let folded = if asked > 0 && groups.without_pairs() > MOST_GROUPS {
        groups.fold(MOST_GROUPS, |(keys, pair)| {
            keys[..asked].fill(OTHER_KEY);
            *pair = 0;
        })
    } else {
        0
    };
    let (entries, fillings) = if unpaired + folded > 0 {
        groups.rearrange(&space.slots, fillings)
    } else {
        let entries = &space.slots.entries;
        (entries.iter().map(|(combination, step)| (groups.of_combination[combination], *step)).collect(), fillings)
    };
    let slots = entries.len();
    let states = fillings.into_iter().map(|filling| filling.finish(slots)).collect();
    Folded { groups: groups.groups, entries, states, folded: folded as u64, unpaired: unpaired as u64 }
}

struct Groups {
    groups: Vec<Group>,
    weights: Vec<u64>,
    of_combination: FxHashMap<u32, u32>,
}

impl Groups {
    fn of(space: &Space, fillings: &[Filling]) -> Self {
        let mut groups = Self { groups: Vec::new(), weights: Vec::new(), of_combination: FxHashMap::default() };
        let mut by_content: FxHashMap<Group, u32> = FxHashMap::default();
        for (slot, (combination, _)) in space.slots.entries.iter().enumerate() {
            let place = *groups.of_combination.entry(*combination).or_insert_with(|| {
                // Combinations beyond the bound come out alike.
                *by_content.entry(space.decode(*combination)).or_insert_with_key(|group| {
                    groups.groups.push(group.clone());
                    groups.weights.push(0);
                    groups.groups.len() as u32 - 1
                })
            });
            let weight = fillings.iter().find_map(|filling| filling.count(slot)).unwrap_or(1);
            groups.weights[place as usize] = groups.weights[place as usize].saturating_add(weight);
        }
        groups
    }

    fn without_pairs(&self) -> usize {
        let distinct: std::collections::HashSet<&[u32]> = self.groups.iter().map(|(keys, _)| &keys[..]).collect();
        distinct.len()
    }

    /// Renames all but the `most` heaviest groups, and joins those of one name. Gives how many were renamed.
    fn fold(&mut self, most: usize, rename: impl Fn(&mut Group)) -> usize {
        if self.groups.len() <= most {
            return 0;
        }
        let mut order: Vec<u32> = (0..self.groups.len() as u32).collect();
        order.sort_by_key(|place| Reverse(self.weights[*place as usize]));
        for place in &order[most..] {
            rename(&mut self.groups[*place as usize]);
        }
        self.join_alike();
        order.len() - most
    }

    fn join_alike(&mut self) {
        let mut kept: FxHashMap<Group, u32> = FxHashMap::default();
        let (mut groups, mut weights, mut moved) = (Vec::new(), Vec::new(), Vec::new());
        for (group, weight) in std::mem::take(&mut self.groups).into_iter().zip(&self.weights) {
            let place = *kept.entry(group).or_insert_with_key(|group| {
                groups.push(group.clone());
                weights.push(0_u64);
                groups.len() as u32 - 1
            });
            weights[place as usize] = weights[place as usize].saturating_add(*weight);
            moved.push(place);
        }
        self.of_combination.values_mut().for_each(|place| *place = moved[*place as usize]);
        (self.groups, self.weights) = (groups, weights);
    }

    /// Slots of the joined groups, and the states moved there.
    fn rearrange(&self, slots: &Slots, fillings: Vec<Filling>) -> (Vec<(u32, u32)>, Vec<Filling>) {
        let mut joined = Slots::default();
        let entries = slots.entries.iter();
        let moved: Vec<u32> =
            entries.map(|(combination, step)| joined.slot(self.of_combination[combination], *step)).collect();
        let fillings = fillings.into_iter().map(|filling| filling.rearrange(&moved, joined.len())).collect();
        (joined.entries, fillings)
    }
}
