//! The clocks of this node. The one place of the daemon's own rooms that reads them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use goldwire_model::time::Timestamp;
use nix::time::{ClockId, clock_gettime};

use crate::{
    decode::{BootTime, KernelTime},
    track::Anchor,
};

/// Now, by the node's wall clock.
#[must_use]
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

/// Now, by the clock of the kernel's events (`CLOCK_MONOTONIC`).
#[must_use]
pub(crate) fn kernel_now() -> KernelTime {
    KernelTime(nanoseconds(ClockId::CLOCK_MONOTONIC))
}

fn nanoseconds(clock: ClockId) -> u64 {
    let time = clock_gettime(clock).map_or(Duration::ZERO, Duration::from);
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// One moment by all.
#[must_use]
pub(crate) fn anchor() -> Anchor {
    Anchor { kernel: kernel_now(), boot: BootTime(nanoseconds(ClockId::CLOCK_BOOTTIME)), wall: now() }
}
