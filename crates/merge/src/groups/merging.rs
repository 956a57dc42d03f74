//! Groups while they are joined, with a bound on how many there are.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Cell, Merged, OTHER, Part, Plan, names::Names, pairs::Decision};
use crate::{
    limits::{CELLS, GROUPS},
    residual::Residual,
    states::{self, Weight},
    steps::Steps,
};

/// How many groups there may be, and groups by step.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    groups: usize,
    cells: usize,
}

impl Bounds {
    pub(super) const DEFAULT: Self = Self { groups: GROUPS, cells: CELLS };

    const fn hold(self, merged: &Merged) -> bool {
        merged.groups.len() <= self.groups && merged.cells.len() <= self.cells
    }
}

pub(super) struct Merging<'p> {
    plan: &'p Plan,
    bounds: Bounds,
    pub(super) merged: Merged,
    numbers: FxHashMap<Vec<Arc<str>>, u32>,
    rows: FxHashMap<Cell, usize>,
    /// No group is told apart that is not there already.
    is_frozen: bool,
    /// Groups at once at most, once they were too many.
    pub(super) most_groups: usize,
}

impl<'p> Merging<'p> {
    pub(super) fn new(plan: &'p Plan, bounds: Bounds) -> Self {
        let states = plan.states.iter().map(|state| states::zeros(state, 0)).collect();
        let merged = Merged::new(Vec::new(), Vec::new(), states);
        Self {
            plan,
            bounds,
            merged,
            numbers: FxHashMap::default(),
            rows: FxHashMap::default(),
            is_frozen: false,
            most_groups: 0,
        }
    }

    /// Without a row, for the heaviest groups of this one alone.
    pub(super) fn only_heaviest(mut self) -> Self {
        let kept = self.heaviest();
        let mut only = Self::new(self.plan, self.bounds);
        only.merged.folded = self.most_groups.max(self.merged.groups.len()).saturating_sub(kept.len()).max(1);
        for group in kept {
            only.group(std::mem::take(&mut self.merged.groups[group]));
        }
        only.is_frozen = true;
        only
    }

    /// The heaviest groups that take half of the room at most.
    fn heaviest(&self) -> Vec<usize> {
        let mut weights = vec![(Weight::default(), 0_usize); self.merged.groups.len()];
        for (row, cell) in self.merged.cells.iter().enumerate() {
            let (weight, cells) = &mut weights[cell.group as usize];
            if let Some(by) = self.plan.rank.and_then(|rank| self.merged.states.get(rank)) {
                *weight += states::weight(by, row);
            }
            *cells += 1;
        }
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by(|a, b| weights[*b].0.compare(weights[*a].0).then(a.cmp(b)));
        let mut left = self.bounds.cells / 2;
        order.truncate(self.bounds.groups / 2);
        let fits = |group: &usize| {
            left = left.saturating_sub(weights[*group].1);
            left > 0
        };
        order.into_iter().take_while(fits).collect()
    }

    /// Counts the lighter groups under [`OTHER`], so that there is room for others.
    fn make_room(&mut self) {
        let most_groups = self.most_groups.max(self.merged.groups.len());
        let mut kept = Self::new(self.plan, self.bounds);
        let mut numbers = vec![None; self.merged.groups.len()];
        for group in self.heaviest() {
            numbers[group] = Some(kept.group(self.merged.groups[group].clone()));
        }
        let other = kept.other();
        let mut places = Vec::with_capacity(self.merged.cells.len());
        for (row, cell) in self.merged.cells.iter().enumerate() {
            let group = numbers[cell.group as usize].unwrap_or(other);
            let place = kept.place(Cell { group, step: cell.step });
            for (into, from) in kept.merged.states.iter_mut().zip(&self.merged.states) {
                states::add(into, place, from, row);
            }
            places.push(place);
        }
        for (state, row, surplus) in self.merged.surpluses() {
            *kept.merged.surplus.entry((state, places[row])).or_default() += surplus;
        }
        kept.most_groups = most_groups;
        *self = kept;
    }

    fn other(&mut self) -> u32 {
        let keys = vec![Arc::from(OTHER); self.plan.keys.len()];
        let is_frozen = std::mem::replace(&mut self.is_frozen, false);
        let other = self.group(keys);
        self.is_frozen = is_frozen;
        other
    }

    /// Takes the rows of a part.
    pub(super) fn take_part<'d>(
        &mut self,
        part: &Part,
        steps: &Steps,
        residual: Option<&Residual<'_>>,
        decision: impl Fn(usize) -> Decision<'d>,
    ) {
        for row in 0..part.rows {
            let decision = decision(row);
            if decision.is_dropped() {
                continue;
            }
            let Some(step) = steps.number_of(&part.groups, row) else { continue };
            if let Some(place) = self.take(part, row, step, &decision, residual) {
                self.take_surplus(steps, (part, row), (place, step), &decision);
                self.keep_to_bounds();
            }
        }
    }

    /// The row's place; `None` where the query does not want it.
    fn take(
        &mut self,
        part: &Part,
        row: usize,
        step: u32,
        decision: &Decision<'_>,
        residual: Option<&Residual<'_>>,
    ) -> Option<usize> {
        let names = Names::of(part, row, decision);
        if residual.is_some_and(|residual| !residual.keeps(&names, &names.known())) {
            return None;
        }
        if self.plan.known_only && !names.is_known(0) {
            return None;
        }
        let group = self.group(names.into_asked(self.plan.keys.len()));
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
        steps: &Steps,
        (part, row): (&Part, usize),
        (place, step): (usize, u32),
        decision: &Decision<'_>,
    ) {
        for (state, records) in self.plan.rated.iter().enumerate() {
            let Some(records) = records.filter(|_| decision.keeps(state)) else { continue };
            let count = states::count(&part.groups.states[state], row);
            let surplus = steps.surplus(part.node, records, step as usize, count);
            if !surplus.is_none() {
                *self.merged.surplus.entry((state, place)).or_default() += surplus;
            }
        }
    }

    /// Makes room where there are too many groups. Places change by that.
    fn keep_to_bounds(&mut self) {
        if !self.is_frozen && !self.bounds.hold(&self.merged) {
            self.make_room();
        }
    }

    fn group(&mut self, keys: Vec<Arc<str>>) -> u32 {
        if let Some(number) = self.numbers.get(&keys) {
            return *number;
        }
        if self.is_frozen {
            return self.other();
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

#[cfg(test)]
mod tests {
    use goldwire_answer::groups::{Groups, KeyColumn, StateColumn};
    use goldwire_model::{field::Field, query::Query};

    use super::{
        super::{Answered, merge},
        *,
    };
    use crate::coverage::Joined;

    /// One row a group: the first ten groups come again and again, all others once.
    fn part(groups: u64) -> Part {
        let names = (0..groups).map(|number| if number % 2 == 0 { number / 2 % 10 } else { 100 + number });
        let keys = KeyColumn {
            field: Field::UrlPath,
            values: names.map(|name| Some(Arc::from(format!("/{name}")))).collect(),
        };
        let states = vec![StateColumn::Count(vec![1; groups as usize])];
        Part { node: 0, groups: Groups { keys: vec![keys], states, ..Groups::default() }, rows: groups as usize }
    }

    fn merged(groups: u64) -> Merged {
        let text = r#"{"queryType":"table","table":"requests","groupBy":["url.path"],"aggregates":["count()"],"from":0,"to":1000}"#;
        let query = Query::from_json(text).expect("a query");
        let mut joined = Joined::new(crate::Asked::default());
        let steps = Steps::of(&query, &joined).expect("a window");
        let (terms, _) = crate::terms::terms(&query.filter, &query.enforced);
        let answered = [Answered { term: &terms[0], parts: &[part(groups)] }];
        merge(&answered, &Plan::new(&query.kind), &steps, &mut joined)
    }

    #[test]
    fn groups_at_the_bound_are_told_apart_and_beyond_the_heaviest_are_exactly() {
        let distinct = |rows: u64| 10 + rows / 2;
        let at = 2 * (GROUPS as u64 - 10);
        assert_eq!((merged(at).folded, merged(at).groups.len()), (0, GROUPS));
        for rows in [at + 2, 10 * at] {
            let merged = merged(rows);
            let StateColumn::Count(counts) = &merged.states[0] else { panic!("no counts") };
            assert_eq!(counts.iter().sum::<u64>(), rows);
            assert!(merged.groups.len() <= GROUPS / 2 + 1);
            assert!(merged.folded > 0 && merged.folded as u64 <= distinct(rows));
            for hot in 0..10 {
                let group = merged.groups.iter().position(|keys| *keys[0] == *format!("/{hot}")).expect("a hot one");
                let of_group = merged.cells.iter().zip(counts).filter(|(cell, _)| cell.group as usize == group);
                let sent = (0..rows).filter(|number| number % 2 == 0 && number / 2 % 10 == hot).count() as u64;
                assert_eq!(of_group.map(|(_, count)| count).sum::<u64>(), sent, "{hot}");
            }
        }
    }
}
