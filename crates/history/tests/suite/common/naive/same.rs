//! Whether an answer is what the model gives.

use std::collections::{BTreeMap, BTreeSet};

use goldwire_answer::{
    groups::{Groups, Quantiles, StateColumn},
    plan::{self, Merging, State},
};
use goldwire_model::query::Query;

use super::{Key, Values};

/// Compares an answer with the model; quantiles of sketches within one percent.
pub(crate) fn assert_same(query: &Query, groups: &Groups, expected: &BTreeMap<Key, Vec<Values>>) {
    let states = plan::states(&query.kind);
    let rows = groups.states.first().map_or(0, column_len);
    let nothing = vec![Values::default(); states.len()];
    let mut seen = BTreeSet::new();
    for row in 0..rows {
        let keys = groups.keys.iter().map(|column| column.values[row].as_ref().map(ToString::to_string)).collect();
        let step = groups.steps.get(row).copied().unwrap_or_default();
        let key = (step, keys, groups.pairs.get(row).and_then(|pair| pair.as_deref().cloned()));
        let values = expected.get(&key).unwrap_or(&nothing);
        for ((state, column), values) in states.iter().zip(&groups.states).zip(values) {
            assert_state(state, column, row, values, &key);
        }
        assert!(seen.insert(key.clone()), "twice: {key:?}");
    }
    for (key, values) in expected.iter().filter(|(key, _)| !seen.contains(*key)) {
        let is_nothing = values.iter().all(|values| values.values.iter().all(|value| *value == 0.0));
        assert!(is_nothing, "missing: {key:?} {values:?}");
    }
}

fn column_len(column: &StateColumn) -> usize {
    match column {
        StateColumn::Count(values) => values.len(),
        StateColumn::Sum(values) | StateColumn::Min(values) | StateColumn::Max(values) => values.len(),
        StateColumn::Average { sums, .. } => sums.len(),
        StateColumn::Quantiles(values) => values.len(),
    }
}

fn assert_state(state: &State, column: &StateColumn, row: usize, values: &Values, key: &Key) {
    let sum: f64 = values.values.iter().sum();
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1e-9);
    let (least, most) = (
        values.values.iter().copied().fold(f64::NAN, f64::min),
        values.values.iter().copied().fold(f64::NAN, f64::max),
    );
    let same = match (state.merging, column) {
        (Merging::Count, StateColumn::Count(counts)) => counts[row] as f64 == sum,
        (Merging::Sum, StateColumn::Sum(sums)) => near(sums[row], sum),
        (Merging::Min, StateColumn::Min(column)) => same_or_both_nan(column[row], least),
        (Merging::Max, StateColumn::Max(column)) => same_or_both_nan(column[row], most),
        (Merging::Average, StateColumn::Average { sums, counts }) => {
            near(sums[row], sum) && counts[row] == values.count
        }
        (Merging::Quantiles, StateColumn::Quantiles(column)) => same_quantiles(&column[row], &values.values),
        _ => false,
    };
    assert!(same, "{state:?} of {key:?}: {column:?} at {row}, expected {values:?}");
}

fn same_or_both_nan(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn same_quantiles(got: &Quantiles, values: &[f64]) -> bool {
    let mut values = values.to_vec();
    match got {
        Quantiles::Exact(got) => {
            let mut got = got.clone();
            got.sort_by(f64::total_cmp);
            values.sort_by(f64::total_cmp);
            got == values
        }
        Quantiles::Sketch(sketch) => {
            sketch.count() == values.len() as u64
                && [0.0, 0.1, 0.5, 0.95, 0.99, 1.0].into_iter().all(|q| {
                    match (sketch.quantile(q), goldwire_sketch::quantile_of(&mut values, q)) {
                        (Some(got), Some(exact)) => (got - exact).abs() <= exact.abs() * 0.010_001 + 1e-9,
                        (got, exact) => got == exact,
                    }
                })
        }
    }
}
