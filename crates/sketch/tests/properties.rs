//! What holds for any values.

use goldwire_sketch::{MAX_BUCKETS, RELATIVE_ERROR, Sketch, quantile_of};
use proptest::prelude::*;

/// Latencies and sizes: spread evenly over the exponents, with zeros among them.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 20 => (-9.0..15.0_f64).prop_map(|exponent| 10_f64.powf(exponent))]
}

fn values(most: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(value(), 0..most)
}

fn near(estimate: f64, exact: f64) -> bool {
    (estimate - exact).abs() <= exact * (RELATIVE_ERROR + 1e-9)
}

/// Equal but for the order in which floating point summed.
fn same(a: &Sketch, b: &Sketch) -> bool {
    let buckets = a.buckets().eq(b.buckets());
    buckets && a.count() == b.count() && a.min() == b.min() && a.max() == b.max() && sums_agree(a.sum(), b.sum())
}

fn sums_agree(a: f64, b: f64) -> bool {
    (a - b).abs() <= a.abs() * 1e-9
}

proptest! {
    #[test]
    fn quantiles_are_within_the_bound(mut values in values(400), q in 0.0..=1.0_f64) {
        let sketch: Sketch = values.iter().copied().collect();
        let exact = quantile_of(&mut values, q);
        match (sketch.quantile(q), exact) {
            (Some(estimate), Some(exact)) => prop_assert!(near(estimate, exact), "{estimate} for {exact} at {q}"),
            (estimate, exact) => prop_assert_eq!(estimate, exact),
        }
    }

    #[test]
    fn merging_is_inserting_all(a in values(300), b in values(300)) {
        let mut merged: Sketch = a.iter().copied().collect();
        merged.merge(&b.iter().copied().collect());
        let whole: Sketch = a.into_iter().chain(b).collect();
        prop_assert!(same(&merged, &whole));
    }

    #[test]
    fn merging_has_no_order(a in values(100), b in values(100)) {
        let (a, b): (Sketch, Sketch) = (a.into_iter().collect(), b.into_iter().collect());
        let (mut left, mut right) = (a.clone(), b.clone());
        left.merge(&b);
        right.merge(&a);
        prop_assert!(same(&left, &right));
    }

    #[test]
    fn many_at_once_are_one_by_one(value in value(), times in 0_u64..50) {
        let mut at_once = Sketch::new();
        at_once.insert_n(value, times);
        let one_by_one: Sketch = (0..times).map(|_| value).collect();
        prop_assert!(same(&at_once, &one_by_one));
    }

    #[test]
    fn bytes_are_read_back(values in values(300)) {
        let sketch: Sketch = values.into_iter().collect();
        prop_assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Ok(sketch));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(sketch) = Sketch::from_bytes(&bytes) {
            let _ = sketch.quantile(0.5);
            prop_assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Ok(sketch));
        }
    }

    #[test]
    fn damaged_bytes_are_read_or_refused(values in values(60), place in any::<prop::sample::Index>(), to in any::<u8>()) {
        let sketch: Sketch = values.into_iter().collect();
        let mut bytes = sketch.to_bytes();
        let place = place.index(bytes.len());
        bytes[place] = to;
        if let Ok(mut read) = Sketch::from_bytes(&bytes) {
            read.merge(&sketch);
            let _ = read.quantile(0.99);
        }
    }
}

#[test]
fn odd_values_do_no_harm() {
    let mut sketch: Sketch =
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, f64::MIN_POSITIVE].into_iter().collect();
    assert_eq!(sketch.count(), 4);
    sketch.insert_n(1.0, u64::MAX);
    assert_eq!(sketch.count(), u64::MAX);
    assert!(sketch.quantile(0.5).is_some_and(f64::is_finite));
    assert!(sketch.sum().is_finite());
}

#[test]
fn without_values_there_is_no_quantile() {
    let sketch = Sketch::default();
    assert_eq!((sketch.quantile(0.5), sketch.min(), sketch.max()), (None, None, None));
    assert!(sketch.is_empty());
}

#[test]
fn extremes_are_exact() {
    let sketch: Sketch = [0.123_456, 7.0, 98.765].into_iter().collect();
    assert_eq!(sketch.quantile(0.0), Some(0.123_456));
    assert_eq!(sketch.quantile(1.0), Some(98.765));
}

#[test]
fn the_lowest_buckets_are_collapsed_and_the_upper_quantiles_hold() {
    let spread: Vec<f64> = (0..2_700).map(|n| 1e-9 * 1.0203_f64.powi(n)).collect();
    let sketch: Sketch = spread.iter().copied().collect();
    assert_eq!(sketch.buckets().count(), MAX_BUCKETS);
    assert_eq!(sketch.count(), 2_700);
    for q in [0.5, 0.9, 0.99] {
        let exact = quantile_of(&mut spread.clone(), q);
        assert!(sketch.quantile(q).zip(exact).is_some_and(|(estimate, exact)| near(estimate, exact)), "{q}");
    }
}
