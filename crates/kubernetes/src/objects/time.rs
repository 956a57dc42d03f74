//! The API's times.

use goldwire_model::time::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// In nanoseconds since the epoch.
pub(super) fn timestamp(time: &Time) -> Timestamp {
    Timestamp(i64::try_from(time.0.as_nanosecond()).unwrap_or(i64::MAX))
}

/// The API cuts times to the second: the last moment that is meant.
pub(super) fn end_of_second(time: &Time) -> Timestamp {
    const SECOND: i64 = 1_000_000_000;
    Timestamp(timestamp(time).0.saturating_add(SECOND))
}
