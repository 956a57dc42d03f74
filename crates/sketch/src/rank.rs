//! The one definition of a quantile: the value of the nearest rank.

/// Position, from 0, of quantile `q` among `count` sorted values: `ceil(q * count) - 1`, within bounds. `None` where
/// there are no values or `q` is no number from 0 to 1.
pub(crate) fn rank(q: f64, count: u64) -> Option<u64> {
    if count == 0 || !(0.0..=1.0).contains(&q) {
        return None;
    }
    // Products such as 0.07 * 100 come out a little above the whole number; that must not cost a rank.
    const SLACK: f64 = 1.0 - 1e-12;
    #[expect(clippy::cast_precision_loss, reason = "a rank among 2^53 values need not be exact")]
    let position = (q * count as f64 * SLACK).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to count")]
    let position = position as u64;
    Some(position.saturating_sub(1).min(count - 1))
}

/// The exact quantile `q` (0 to 1) of the values, which it reorders. `None` where there are no values or `q` is no
/// number from 0 to 1.
///
/// It is always one of the values: that of rank `ceil(q * n)`, counted from 1.
pub fn quantile_of(values: &mut [f64], q: f64) -> Option<f64> {
    let position = rank(q, values.len() as u64)?;
    let position = usize::try_from(position).ok()?;
    let (_, value, _) = values.select_nth_unstable_by(position, f64::total_cmp);
    Some(*value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_nearest_rank() {
        let mut values: Vec<f64> = (1..=100).map(f64::from).rev().collect();
        for (q, expected) in [
            (0.0, 1.0),
            (0.005, 1.0),
            (0.07, 7.0),
            (0.5, 50.0),
            (0.95, 95.0),
            (0.951, 96.0),
            (0.99, 99.0),
            (1.0, 100.0),
        ] {
            assert_eq!(quantile_of(&mut values, q), Some(expected), "{q}");
        }
    }

    #[test]
    fn of_few_values_it_is_one_of_them() {
        assert_eq!(quantile_of(&mut [3.0], 0.99), Some(3.0));
        assert_eq!(quantile_of(&mut [2.0, 1.0], 0.5), Some(1.0));
        assert_eq!(quantile_of(&mut [2.0, 1.0], 0.51), Some(2.0));
    }

    #[test]
    fn of_nothing_it_is_nothing() {
        assert_eq!(quantile_of(&mut [], 0.5), None);
        assert_eq!(quantile_of(&mut [1.0], 1.5), None);
        assert_eq!(quantile_of(&mut [1.0], f64::NAN), None);
    }
}
