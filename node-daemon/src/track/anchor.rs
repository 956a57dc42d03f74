//! One anchor turns the kernel's clock into wall time.

use goldwire_model::time::Timestamp;

use crate::decode::KernelTime;

/// The same moment by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// `CLOCK_MONOTONIC`.
    pub kernel: KernelTime,
    /// The node's wall clock.
    pub wall: Timestamp,
}

impl Anchor {
    /// Wall time of a moment that the kernel told.
    #[must_use]
    pub fn wall(&self, time: KernelTime) -> Timestamp {
        let distance = time.0.wrapping_sub(self.kernel.0).cast_signed();
        Timestamp(self.wall.0.saturating_add(distance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_the_anchor() {
        let anchor = Anchor { kernel: KernelTime(1_000), wall: Timestamp(50_000) };
        assert_eq!(anchor.wall(KernelTime(1_500)), Timestamp(50_500));
        assert_eq!(anchor.wall(KernelTime(400)), Timestamp(49_400));
    }
}
