//! Groups of several nodes become groups of all.

use std::sync::Arc;

use goldwire_answer::groups::{Groups, StateColumn};
use rustc_hash::FxHashMap;

use crate::{
    coverage::Joined,
    residual::Residual,
    states,
    steps::{Steps, Surplus},
    terms::Term,
};

mod doubts;
mod meetings;
mod merging;
mod names;
mod pairs;
mod plan;
mod undecided;

use doubts::Doubts;
use merging::{Bounds, Merging};
use pairs::Pairs;
pub(crate) use plan::{Part, Plan};

/// What history calls a group that holds what did not fit.
pub(crate) const OTHER: &str = "other";

/// Groups by their asked keys and step, each once.
#[derive(Debug)]
pub(crate) struct Merged {
    /// Values of the asked keys, by the group's number.
    pub(crate) groups: Vec<Vec<Arc<str>>>,
    /// What each row of the states is of.
    pub(crate) cells: Vec<Cell>,
    /// In the order of the plan.
    pub(crate) states: Vec<StateColumn>,
    /// Groups that are counted under [`OTHER`] for want of room, at least.
    pub(crate) folded: usize,
    /// By state and row, where anything: see [`Steps::surplus`].
    surplus: FxHashMap<(usize, usize), Surplus>,
}

impl Merged {
    pub(crate) fn new(groups: Vec<Vec<Arc<str>>>, cells: Vec<Cell>, states: Vec<StateColumn>) -> Self {
        Self { groups, cells, states, folded: 0, surplus: FxHashMap::default() }
    }

    /// What a rate has to add to the count of a state in a row, for what nodes know of a part of the time only.
    pub(crate) fn surplus(&self, state: usize, row: usize) -> Surplus {
        self.surplus.get(&(state, row)).copied().unwrap_or_default()
    }

    /// All of these, with state and row.
    pub(crate) fn surpluses(&self) -> impl Iterator<Item = (usize, usize, Surplus)> {
        self.surplus.iter().map(|((state, row), surplus)| (*state, *row, *surplus))
    }
}

/// A group in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cell {
    pub(crate) group: u32,
    /// Its number in the window; 0 where the query has no steps.
    pub(crate) step: u32,
}

/// What nodes answered to one term of the filter.
pub(crate) struct Answered<'a> {
    pub(crate) term: &'a Term,
    pub(crate) parts: &'a [Part],
}

/// Joins the parts of all terms: what two nodes saw is counted once, what a node could not decide is decided. Where there
/// are too many groups, a first pass finds about the heaviest, and a second counts these and all else under [`OTHER`].
pub(crate) fn merge(answered: &[Answered<'_>], plan: &Plan, steps: &Steps, joined: &mut Joined) -> Merged {
    let mut doubts = Doubts::default();
    let mut decided = Vec::with_capacity(answered.len());
    for answered in answered {
        let residual = Residual::of(answered.term);
        let pairs = Pairs::of(plan, answered.parts, residual.as_ref());
        doubts.add(&pairs.doubts);
        decided.push((residual, pairs));
    }
    doubts.sentences().for_each(|sentence| joined.note(sentence));
    let pass = |merging: &mut Merging<'_>| {
        for (answered, (residual, pairs)) in answered.iter().zip(&decided) {
            for (number, part) in answered.parts.iter().enumerate() {
                merging.take_part(part, steps, residual.as_ref(), |row| pairs.decision(number, row));
            }
        }
    };
    let mut merging = Merging::new(plan, Bounds::DEFAULT);
    pass(&mut merging);
    if merging.most_groups > 0 {
        merging = merging.only_heaviest();
        pass(&mut merging);
        joined.note(format!(
            "the nodes answered {} or more groups than are joined: about the largest are shown, exactly, and the others are \
             counted under `{OTHER}`",
            merging.merged.folded
        ));
    }
    merging.merged
}

/// Rows of a node's groups.
pub(crate) fn rows(groups: &Groups) -> usize {
    let keys = groups.keys.first().map(|key| key.values.len());
    let states = groups.states.first().and_then(states::len);
    keys.or(states).unwrap_or(groups.steps.len())
}
