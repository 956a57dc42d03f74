//! Mergeable quantile sketch with a relative error of at most one percent.
//!
//! Values are counted in buckets whose bounds grow by a constant factor (as in DDSketch), so a bucket's middle is
//! within one percent of every value in it, and two sketches merge by adding counts. Made for latencies in seconds from
//! a nanosecond to 10^6 s and for sizes up to 10^15 bytes. No I/O, no clock.
//!
//! [`quantile_of`] gives the exact quantile of values at hand, by the same definition of rank.

mod bucket;
mod codec;
mod parts;
mod rank;
mod sketch;

pub use bucket::{LARGEST, RELATIVE_ERROR, SMALLEST};
pub use codec::DecodeError;
pub use parts::{Buckets, Summary, ZERO_PLACE, place_of};
pub use rank::quantile_of;
pub use sketch::{Bucket, MAX_BUCKETS, Sketch};
