//! One anchor turns the kernel's clock into wall time.

use goldwire_model::time::Timestamp;

use crate::decode::{BootTime, KernelTime};

/// The same moment by all clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// `CLOCK_MONOTONIC`.
    pub kernel: KernelTime,
    /// `CLOCK_BOOTTIME`.
    pub boot: BootTime,
    /// The node's wall clock.
    pub wall: Timestamp,
}

impl Anchor {
    /// Wall time of a moment that the kernel told.
    #[must_use]
    pub fn wall(&self, time: KernelTime) -> Timestamp {
        self.apart(time.0, self.kernel.0)
    }

    /// Wall time of a moment that the kernel told since boot.
    #[must_use]
    pub fn wall_since_boot(&self, time: BootTime) -> Timestamp {
        self.apart(time.0, self.boot.0)
    }

    fn apart(&self, time: u64, anchor: u64) -> Timestamp {
        Timestamp(self.wall.0.saturating_add(time.wrapping_sub(anchor).cast_signed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_the_anchor() {
        let anchor = Anchor { kernel: KernelTime(1_000), boot: BootTime(9_000), wall: Timestamp(50_000) };
        assert_eq!(anchor.wall(KernelTime(1_500)), Timestamp(50_500));
        assert_eq!(anchor.wall(KernelTime(400)), Timestamp(49_400));
        assert_eq!(anchor.wall_since_boot(BootTime(8_000)), Timestamp(49_000));
    }
}
