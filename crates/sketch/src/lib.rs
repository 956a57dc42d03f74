//! Mergeable quantile sketch with a relative error of at most one percent.

/// Counts by logarithmic bucket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sketch;
