//! Which bucket a value belongs to, and which value stands for a bucket.

/// A quantile that a sketch gives is at most this far from the exact one, relative to the exact one.
pub const RELATIVE_ERROR: f64 = 0.01;

/// Values below it (a nanosecond, where values are seconds) count as zero.
pub const SMALLEST: f64 = 1e-9;

/// Values above it are counted as if they were it.
pub const LARGEST: f64 = 1e18;

/// Each bucket's upper bound divided by its lower one.
const GAMMA: f64 = (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR);

/// Natural logarithm of [`GAMMA`]: 2 artanh(0.01), which is no constant expression.
const LN_GAMMA: f64 = 0.020_000_666_706_669_524;

/// Bucket `index` holds the values in `(GAMMA^(index-1), GAMMA^index]`. The value lies in `SMALLEST..=LARGEST`, so
/// the index lies within ±2,100.
pub(crate) fn index_of(value: f64) -> i16 {
    #[expect(clippy::cast_possible_truncation, reason = "within ±2,100 for every value in range")]
    let index = (value.ln() / LN_GAMMA).ceil() as i16;
    index
}

/// The value that is within [`RELATIVE_ERROR`] of both bounds.
pub(crate) fn middle_of(index: i16) -> f64 {
    upper_bound(index) * (2.0 / (1.0 + GAMMA))
}

pub(crate) fn upper_bound(index: i16) -> f64 {
    (f64::from(index) * LN_GAMMA).exp()
}

pub(crate) fn lower_bound(index: i16) -> f64 {
    upper_bound(index - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_is_the_logarithm() {
        assert!((GAMMA.ln() - LN_GAMMA).abs() < 1e-15);
    }

    #[test]
    fn the_middle_is_near_both_bounds() {
        for index in [-1_036, -1, 0, 1, 500, 2_072] {
            for bound in [lower_bound(index), upper_bound(index)] {
                assert!((middle_of(index) - bound).abs() / bound <= RELATIVE_ERROR + 1e-12, "{index}");
            }
        }
    }

    #[test]
    fn the_range_s_ends_have_buckets() {
        assert_eq!(index_of(SMALLEST), -1_036);
        assert_eq!(index_of(1.0), 0);
        assert_eq!(index_of(LARGEST), 2_073);
    }
}
