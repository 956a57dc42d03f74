//! Quantiles: all values while they are at hand, else a sketch of them.

use goldwire_answer::groups::Quantiles;
use goldwire_sketch::{Sketch, quantile_of};

/// Adds the other's values.
pub(crate) fn add(into: &mut Quantiles, other: &Quantiles) {
    match (&mut *into, other) {
        (Quantiles::Exact(values), Quantiles::Exact(more)) => values.extend_from_slice(more),
        (Quantiles::Sketch(sketch), Quantiles::Sketch(more)) => sketch.merge(more),
        (Quantiles::Sketch(sketch), Quantiles::Exact(more)) => sketch.extend(more.iter().copied()),
        (Quantiles::Exact(values), Quantiles::Sketch(more)) => {
            let mut sketch = more.clone();
            sketch.extend(values.iter().copied());
            *into = Quantiles::Sketch(sketch);
        }
    }
}

/// How many values there are.
pub(crate) fn count(of: &Quantiles) -> u64 {
    match of {
        Quantiles::Exact(values) => values.len() as u64,
        Quantiles::Sketch(sketch) => sketch.count(),
    }
}

/// Nothing counted.
pub(crate) const fn none() -> Quantiles {
    Quantiles::Exact(Vec::new())
}

/// The quantile (0 to 1); `None` where there are no values.
pub(crate) fn quantile(of: &Quantiles, quantile: f64) -> Option<f64> {
    match of {
        Quantiles::Exact(values) => quantile_of(&mut values.clone(), quantile),
        Quantiles::Sketch(sketch) => sketch.quantile(quantile),
    }
}

/// Each value, or the upper bound of each bucket, and how often it is there.
pub(crate) fn spread(of: &Quantiles) -> Vec<(f64, u64)> {
    match of {
        Quantiles::Exact(values) => values.iter().map(|value| (*value, 1)).collect(),
        Quantiles::Sketch(sketch) => buckets(sketch),
    }
}

/// The middle of each bucket: its bounds are at most two percent apart.
fn buckets(sketch: &Sketch) -> Vec<(f64, u64)> {
    sketch.buckets().map(|bucket| (f64::midpoint(bucket.lower, bucket.upper), bucket.count)).collect()
}
