//! Series: one a signal and group, one value a step.

use std::sync::Arc;

use goldwire_answer::{groups::StateColumn, plan::of_signal, table::Series};
use goldwire_model::{
    field::Field,
    signal::{Recipe, Signal},
};
use rustc_hash::FxHashMap;

use super::{places, rank::Slots};
use crate::{
    coverage::Joined,
    groups::{Merged, OTHER, Plan},
    limits::POINTS,
    quantiles, states,
    steps::{Steps, Surplus},
};

/// The `limit` heaviest groups by the first signal, then all others as one.
pub(crate) fn series(
    signals: &[Signal],
    group_by: &[Field],
    limit: usize,
    plan: &Plan,
    merged: &Merged,
    steps: &Steps,
    joined: &mut Joined,
) -> Vec<Series> {
    let limit = within_points(signals.len(), limit, merged, steps, joined);
    // A ratio's groups are ranked by what it is a share of: the last of its states.
    let by = signals.first().and_then(|signal| places(plan, &of_signal(*signal)).last().copied()).unwrap_or(0);
    let slots = if group_by.is_empty() { only(merged) } else { Slots::heaviest(merged, by, limit) };
    let grid = Grid::new(plan, merged, &slots, steps);
    let times = steps.starts();
    let mut series = Vec::with_capacity(signals.len() * slots.count());
    for signal in signals {
        let places = places(plan, &of_signal(*signal));
        for slot in 0..slots.count() {
            let values = (0..times.len()).map(|step| grid.value(*signal, &places, slot, step, steps)).collect();
            let labels = labels(group_by, merged, slots.shown.get(slot));
            series.push(Series { signal: *signal, labels, times: times.clone(), values });
        }
    }
    series
}

/// As many series as the points of an answer allow.
fn within_points(signals: usize, limit: usize, merged: &Merged, steps: &Steps, joined: &mut Joined) -> usize {
    let most = (POINTS / (signals * steps.count()).max(1)).saturating_sub(1).max(1);
    if limit.min(merged.groups.len()) > most {
        let steps = steps.count();
        joined.note(format!(
            "{most} series a signal are shown, for {signals} signals of {steps} steps have no more of them than \
             {POINTS} points; the others are one series, `{OTHER}`"
        ));
    }
    limit.min(most)
}

/// Without groups there is one series, even where nothing happened.
fn only(merged: &Merged) -> Slots {
    Slots { of_group: vec![0; merged.groups.len()], shown: vec![0], has_other: false }
}

fn labels(group_by: &[Field], merged: &Merged, group: Option<&usize>) -> Vec<(Field, Arc<str>)> {
    let value = |number: usize| match group.and_then(|group| merged.groups.get(*group)) {
        Some(keys) => keys.get(number).cloned().unwrap_or_default(),
        None => OTHER.into(),
    };
    group_by.iter().enumerate().map(|(number, field)| (field.clone(), value(number))).collect()
}

/// States by slot and step.
struct Grid {
    steps: usize,
    states: Vec<StateColumn>,
    /// By state and place: see [`Merged::surplus`].
    surplus: FxHashMap<(usize, usize), Surplus>,
}

impl Grid {
    fn new(plan: &Plan, merged: &Merged, slots: &Slots, steps: &Steps) -> Self {
        let rows = slots.count() * steps.count();
        let mut grid = Self {
            steps: steps.count(),
            states: plan.states.iter().map(|state| states::zeros(state, rows)).collect(),
            surplus: FxHashMap::default(),
        };
        for (row, cell) in merged.cells.iter().enumerate() {
            let place = grid.place(slots.of_group[cell.group as usize], cell.step as usize);
            for (into, from) in grid.states.iter_mut().zip(&merged.states) {
                states::add(into, place, from, row);
            }
        }
        for (state, row, surplus) in merged.surpluses() {
            let cell = merged.cells[row];
            let place = grid.place(slots.of_group[cell.group as usize], cell.step as usize);
            *grid.surplus.entry((state, place)).or_default() += surplus;
        }
        grid
    }

    const fn place(&self, slot: usize, step: usize) -> usize {
        slot * self.steps + step
    }

    /// `None` where nothing was observed, or there is nothing to say.
    fn value(&self, signal: Signal, places: &[usize], slot: usize, step: usize, steps: &Steps) -> Option<f64> {
        let seconds = steps.observed_seconds(signal.recipe().numerator().into(), step)?;
        let place = self.place(slot, step);
        let state = |number: usize| places.get(number).map(|state| &self.states[*state]);
        match signal.recipe() {
            Recipe::Rate(_) => {
                let surplus = places
                    .first()
                    .and_then(|state| self.surplus.get(&(*state, place)))
                    .copied()
                    .unwrap_or_default()
                    .value();
                Some((total(state(0)?, place) + surplus) / seconds)
            }
            Recipe::Gauge(_) => Some(total(state(0)?, place)),
            Recipe::Ratio(..) => {
                let whole = total(state(1)?, place);
                (whole > 0.0).then(|| state(0).map(|part| total(part, place) / whole))?
            }
            Recipe::Quantile(_, quantile) => match state(0)? {
                StateColumn::Quantiles(values) => quantiles::quantile(&values[place], quantile),
                _ => None,
            },
            Recipe::Average(_) => match state(0)? {
                StateColumn::Average { sums, counts } if counts[place] > 0 => Some(sums[place] / counts[place] as f64),
                _ => None,
            },
            Recipe::Max(_) => match state(0)? {
                StateColumn::Max(values) => Some(values[place]).filter(|value| !value.is_nan()),
                _ => None,
            },
        }
    }
}

fn total(column: &StateColumn, place: usize) -> f64 {
    match column {
        StateColumn::Count(values) => values[place] as f64,
        StateColumn::Sum(values) => values[place],
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use goldwire_model::query::Query;

    use super::*;

    /// Series that are shown of so many groups over 2,500 steps, and what is said of it.
    fn shown(groups: usize) -> (usize, Vec<String>) {
        let text = r#"{"queryType":"signals","signals":["request_rate"],"groupBy":["url.path"],"limit":1000,"step":"1s","from":0,"to":2500000}"#;
        let query = Query::from_json(text).expect("a query");
        let mut joined = Joined::new(crate::Asked::default());
        let steps = Steps::of(&query, &joined).expect("a window");
        let groups = (0..groups).map(|number| vec![Arc::from(format!("/{number}"))]).collect();
        let merged = Merged::new(groups, Vec::new(), Vec::new());
        let shown = within_points(1, 1_000, &merged, &steps, &mut joined);
        (shown, joined.finish().notes)
    }

    #[test]
    fn series_at_the_bound_of_points_are_shown_and_beyond_it_the_rest_is_one() {
        let most = POINTS / 2_500 - 1;
        assert_eq!(shown(most), (most, vec![]));
        for groups in [most + 1, 1_000 * most] {
            let (shown, notes) = shown(groups);
            assert_eq!(shown, most);
            assert!(notes[0].starts_with("499 series a signal are shown"), "{notes:?}");
        }
    }
}
