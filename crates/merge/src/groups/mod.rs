//! Groups of several nodes become groups of all.

use std::sync::Arc;

use goldwire_answer::groups::{Groups, StateColumn};
use goldwire_model::query::Query;
use rustc_hash::FxHashMap;

use crate::{
    coverage::Joined,
    residual::Residual,
    states,
    steps::{Steps, Surplus},
};

mod doubts;
mod meetings;
mod merging;
mod names;
mod pairs;
mod plan;
mod undecided;

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

/// Joins the parts: what two nodes saw is counted once, what a node could not decide is decided. Where there are too many
/// groups, a first pass finds about the heaviest, and a second counts these and all else under [`OTHER`].
pub(crate) fn merge(query: &Query, plan: &Plan, parts: &[Part], steps: &Steps, joined: &mut Joined) -> Merged {
    let pairs = Pairs::of(plan, parts, joined);
    let residual = Residual::of(query);
    let pass = |merging: &mut Merging<'_>| {
        for (number, part) in parts.iter().enumerate() {
            for row in 0..part.rows {
                let decision = pairs.decision(number, row);
                if decision.is_dropped() {
                    continue;
                }
                let Some(step) = steps.number_of(&part.groups, row) else { continue };
                if let Some(place) = merging.take(part, row, step, &decision, residual.as_ref()) {
                    merging.take_surplus(steps, (number, part, row), (place, step), &decision);
                    merging.keep_to_bounds();
                }
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
