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
mod names;
mod pairs;
mod plan;
mod undecided;

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
    /// By state and row, where anything: see [`Steps::surplus`].
    surplus: FxHashMap<(usize, usize), Surplus>,
}

impl Merged {
    pub(crate) fn new(groups: Vec<Vec<Arc<str>>>, cells: Vec<Cell>, states: Vec<StateColumn>) -> Self {
        Self { groups, cells, states, surplus: FxHashMap::default() }
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

/// Joins the parts: what two nodes saw is counted once, what a node could not decide is decided.
pub(crate) fn merge(query: &Query, plan: &Plan, parts: &[Part], steps: &Steps, joined: &mut Joined) -> Merged {
    let pairs = Pairs::of(plan, parts, joined);
    let residual = Residual::of(query);
    let mut merging = Merging::new(plan);
    for (number, part) in parts.iter().enumerate() {
        for row in 0..part.rows {
            let decision = pairs.decision(number, row);
            if decision.is_dropped() {
                continue;
            }
            let Some(step) = steps.number_of(&part.groups, row) else { continue };
            if let Some(place) = merging.take(plan, part, row, step, &decision, residual.as_ref()) {
                merging.take_surplus(plan, steps, (number, part, row), (place, step), &decision);
            }
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
    fn new(plan: &Plan) -> Self {
        let states = plan.states.iter().map(|state| states::zeros(state, 0)).collect();
        Self {
            merged: Merged::new(Vec::new(), Vec::new(), states),
            numbers: FxHashMap::default(),
            rows: FxHashMap::default(),
        }
    }

    fn take(
        &mut self,
        plan: &Plan,
        part: &Part,
        row: usize,
        step: u32,
        decision: &Decision<'_>,
        residual: Option<&Residual<'_>>,
    ) -> Option<usize> {
        let names = Names::of(part, row, decision);
        if names.were_unknown() && residual.is_some_and(|residual| !residual.keeps(&names)) {
            return None;
        }
        let group = self.group(names.into_asked(plan.keys.len()));
        let place = self.place(Cell { group, step });
        for (number, column) in self.merged.states.iter_mut().enumerate() {
            if decision.keeps(number) {
                states::add(column, place, &part.groups.states[number], row);
            }
        }
        Some(place)
    }

    /// Notes what rates have to add because the part's node knows less of the step than another.
    fn take_surplus(
        &mut self,
        plan: &Plan,
        steps: &Steps,
        (number, part, row): (usize, &Part, usize),
        (place, step): (usize, u32),
        decision: &Decision<'_>,
    ) {
        for (state, records) in plan.rated.iter().enumerate() {
            let Some(records) = records.filter(|_| decision.keeps(state)) else { continue };
            let count = states::count(&part.groups.states[state], row);
            let surplus = steps.surplus(number, records, step as usize, count);
            if !surplus.is_none() {
                *self.merged.surplus.entry((state, place)).or_default() += surplus;
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
