//! Groups of several nodes become groups of all.

use std::sync::Arc;

use goldwire_answer::groups::{Groups, StateColumn};
use goldwire_model::query::Query;
use rustc_hash::FxHashMap;

use crate::{residual::Residual, states, steps::Steps};

mod meetings;
mod names;
mod pairs;
mod plan;

use names::Names;
use pairs::{Decision, Pairs};
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
    /// What a reader must know.
    pub(crate) notes: Vec<String>,
}

/// A group in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cell {
    pub(crate) group: u32,
    /// Its number in the window; 0 where the query has no steps.
    pub(crate) step: u32,
}

/// Joins the parts: what two nodes saw is counted once, what a node could not decide is decided.
pub(crate) fn merge(query: &Query, plan: &Plan, parts: &[Part], steps: &Steps) -> Merged {
    let pairs = Pairs::of(plan, parts);
    let residual = Residual::of(query);
    let mut merging = Merging::new(plan, pairs.notes.clone());
    for (number, part) in parts.iter().enumerate() {
        for row in 0..part.rows {
            let decision = pairs.decision(number, row);
            if decision.is_dropped() {
                continue;
            }
            let Some(step) = steps.number_of(&part.groups, row) else { continue };
            merging.take(plan, part, row, step, &decision, residual.as_ref());
        }
    }
    merging.merged
}

struct Merging {
    merged: Merged,
    numbers: FxHashMap<Vec<Arc<str>>, u32>,
    rows: FxHashMap<Cell, usize>,
}

impl Merging {
    fn new(plan: &Plan, notes: Vec<String>) -> Self {
        let states = plan.states.iter().map(|state| states::zeros(state, 0)).collect();
        let merged = Merged { groups: Vec::new(), cells: Vec::new(), states, notes };
        Self { merged, numbers: FxHashMap::default(), rows: FxHashMap::default() }
    }

    fn take(
        &mut self,
        plan: &Plan,
        part: &Part,
        row: usize,
        step: u32,
        decision: &Decision<'_>,
        residual: Option<&Residual<'_>>,
    ) {
        let names = Names::of(part, row, decision);
        if names.were_unknown() && residual.is_some_and(|residual| !residual.keeps(&names)) {
            return;
        }
        let group = self.group(names.into_asked(plan.keys.len()));
        let place = self.place(Cell { group, step });
        for (number, column) in self.merged.states.iter_mut().enumerate() {
            if decision.keeps(number) {
                states::add(column, place, &part.groups.states[number], row);
            }
        }
    }

    fn group(&mut self, keys: Vec<Arc<str>>) -> u32 {
        if let Some(number) = self.numbers.get(&keys) {
            return *number;
        }
        // More groups than a u32 counts do not fit into memory.
        let number = u32::try_from(self.merged.groups.len()).unwrap_or(u32::MAX);
        self.merged.groups.push(keys.clone());
        self.numbers.insert(keys, number);
        number
    }

    fn place(&mut self, cell: Cell) -> usize {
        let next = self.merged.cells.len();
        let place = *self.rows.entry(cell).or_insert(next);
        if place == next {
            self.merged.cells.push(cell);
            self.merged.states.iter_mut().for_each(states::push_zero);
        }
        place
    }
}

/// Rows of a node's groups.
pub(crate) fn rows(groups: &Groups) -> usize {
    let keys = groups.keys.first().map(|key| key.values.len());
    let states = groups.states.first().and_then(states::len);
    keys.or(states).unwrap_or(groups.steps.len())
}
