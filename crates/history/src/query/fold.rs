//! Bounds the number of groups of an answer: the smallest are counted together, totals stay.

use goldwire_answer::groups::StateColumn;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{plan::Plan, slots::Slots, space::Space, states::Filling};

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
pub(crate) fn fold(plan: &Plan<'_>, space: &Space, mut fillings: Vec<Filling>) -> Folded {
    let asked = plan.asked;
    fillings.iter_mut().for_each(|filling| filling.grow(space.slots.len()));
    let mut groups = Groups::of(space, plan.rank.and_then(|rank| fillings.get(rank)));
    let unpaired = if plan.deduplicate { groups.fold(MOST_PAIRED_GROUPS, |group| group.1 = 0) } else { 0 };
    let folded =
        if asked > 0 { groups.fold_keys(plan.most_groups, asked, |keys| space.combinations.fold(keys)) } else { 0 };
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
    weights: Vec<f64>,
    of_combination: FxHashMap<u32, u32>,
}

impl Groups {
    fn of(space: &Space, by: Option<&Filling>) -> Self {
        let mut groups = Self { groups: Vec::new(), weights: Vec::new(), of_combination: FxHashMap::default() };
        let slots = space.slots.len();
        let weights = by.map_or_else(|| vec![1.0; slots], |filling| filling.weights(slots));
        let is_extreme = by.is_some_and(Filling::is_extreme);
        for ((combination, _), weight) in space.slots.entries.iter().zip(weights) {
            let place = *groups.of_combination.entry(*combination).or_insert_with(|| {
                groups.groups.push(space.decode(*combination));
                groups.weights.push(0.0);
                groups.groups.len() as u32 - 1
            });
            let total = &mut groups.weights[place as usize];
            *total = if is_extreme { total.max(weight) } else { *total + weight };
        }
        groups
    }

    /// Renames all but the groups of the `most` heaviest keys that were asked for, and joins those of one name. Gives how many
    /// keys were renamed.
    fn fold_keys(&mut self, most: usize, asked: usize, rename: impl Fn(&mut [u32])) -> usize {
        let mut weights: FxHashMap<&[u32], f64> = FxHashMap::default();
        for ((keys, _), weight) in self.groups.iter().zip(&self.weights) {
            *weights.entry(&keys[..asked]).or_default() += weight;
        }
        if weights.len() <= most {
            return 0;
        }
        let mut order: Vec<(&[u32], f64)> = weights.into_iter().collect();
        order.sort_by(|(a, heavy), (b, light)| light.total_cmp(heavy).then(a.cmp(b)));
        let renamed = order.len() - most;
        let kept: FxHashSet<Vec<u32>> = order[..most].iter().map(|(keys, _)| keys.to_vec()).collect();
        for (keys, _) in &mut self.groups {
            if !kept.contains(&keys[..asked]) {
                rename(keys);
            }
        }
        self.join_alike();
        renamed
    }

    /// Renames all but the `most` heaviest groups, and joins those of one name. Gives how many were renamed.
    fn fold(&mut self, most: usize, rename: impl Fn(&mut Group)) -> usize {
        if self.groups.len() <= most {
            return 0;
        }
        let mut order: Vec<u32> = (0..self.groups.len() as u32).collect();
        order.sort_by(|a, b| self.weights[*b as usize].total_cmp(&self.weights[*a as usize]));
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
                weights.push(0.0);
                groups.len() as u32 - 1
            });
            weights[place as usize] += *weight;
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
