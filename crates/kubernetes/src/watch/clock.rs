//! The node's wall clock. The one place of this crate that reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use goldwire_model::time::Timestamp;

pub(super) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}
