//! Heatmap: how often values fell into each bucket of each step.

use goldwire_answer::{groups::StateColumn, table::Heatmap};
use goldwire_model::signal::Signal;

use crate::{groups::Merged, quantiles, steps::Steps};

/// About how many buckets are worth looking at.
const MOST_BUCKETS: usize = 40;

/// Buckets in a decade to choose from, finest first. Bounds lie on a fixed grid, so that they stay where they are when
/// new values come.
const PER_DECADE: [u32; 6] = [20, 10, 5, 3, 2, 1];

pub(crate) fn heatmap(signal: Signal, merged: &Merged, steps: &Steps) -> Heatmap {
    let records = signal.recipe().numerator().into();
    let cells: Vec<(usize, Vec<(f64, u64)>)> = match merged.states.first() {
        Some(StateColumn::Quantiles(values)) => merged
            .cells
            .iter()
            .zip(values)
            .filter(|(cell, _)| steps.observed_seconds(records, cell.step as usize).is_some())
            .map(|(cell, value)| (cell.step as usize, quantiles::spread(value)))
            .collect(),
        _ => Vec::new(),
    };
    let upper_bounds = bounds(cells.iter().flat_map(|(_, spread)| spread.iter().map(|(value, _)| *value)));
    let mut counts = vec![vec![0_u64; upper_bounds.len()]; steps.count()];
    for (step, spread) in cells {
        for (value, count) in spread {
            let bucket = upper_bounds.partition_point(|bound| *bound < value);
            // The last bound is above every value.
            if let Some(cell) = counts[step].get_mut(bucket) {
                *cell += count;
            }
        }
    }
    Heatmap { signal, times: steps.starts(), step_millis: steps.step(), upper_bounds, counts }
}

/// Upper bounds that hold all values, evenly spaced on a logarithmic scale. Values of zero fall into the first bucket.
fn bounds(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
    let mut any = false;
    for value in values {
        any = true;
        most = most.max(value);
        if value > 0.0 {
            least = least.min(value);
        }
    }
    if !any {
        return Vec::new();
    }
    if most <= 0.0 {
        return vec![1.0];
    }
    PER_DECADE
        .iter()
        .map(|per_decade| grid(least, most, *per_decade))
        .find(|bounds| bounds.len() <= MOST_BUCKETS)
        .unwrap_or_else(|| grid(least, most, 1))
}

fn grid(least: f64, most: f64, per_decade: u32) -> Vec<f64> {
    let per_decade = f64::from(per_decade);
    let bound = |number: i64| 10_f64.powf(number as f64 / per_decade);
    let mut first = (least.log10() * per_decade).ceil() as i64;
    let mut last = (most.log10() * per_decade).ceil() as i64;
    // Rounding must not leave the least or the most value outside.
    while bound(first - 1) >= least {
        first -= 1;
    }
    while bound(last) < most {
        last += 1;
    }
    (first..=last).map(bound).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_all_values_and_are_few() {
        for values in [vec![0.001, 0.0012], vec![1e-6, 1e3], vec![0.0, 5.0], vec![0.0], vec![1.0], vec![1e-9, 1e15]] {
            let bounds = bounds(values.iter().copied());
            assert!((1..=MOST_BUCKETS).contains(&bounds.len()), "{values:?}: {bounds:?}");
            assert!(values.iter().all(|value| value <= bounds.last().unwrap()), "{values:?}: {bounds:?}");
            assert!(bounds.is_sorted());
        }
        assert!(bounds(std::iter::empty()).is_empty());
    }

    #[test]
    fn bounds_stay_where_they_are_when_the_range_grows() {
        let narrow = grid(0.011, 0.09, 5);
        let wide = grid(0.001, 0.9, 5);
        assert!(narrow.iter().all(|bound| wide.iter().any(|other| (other - bound).abs() < 1e-12)));
    }
}
