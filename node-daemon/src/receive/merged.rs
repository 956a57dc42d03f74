//! All rings as one stream, by the kernel's clock.

use std::os::fd::BorrowedFd;

use super::ring::Ring;
use crate::decode::{KernelTime, time_of};

/// The rings, and when the next record of each happened.
pub(super) struct MergedRings {
    rings: Vec<Ring>,
    heads: Vec<Option<KernelTime>>,
}

impl MergedRings {
    /// Of records with the same time, those of earlier rings come first.
    pub(super) fn new(rings: Vec<Ring>) -> Self {
        Self { heads: vec![None; rings.len()], rings }
    }

    /// Hands out what happened before `cut`, at most so many records. `cut` is a time before this call.
    ///
    /// Whatever a record could be a consequence of was complete before that record was begun, so it lies in a ring when this
    /// looks, and comes first. What happened since `cut` waits, since a cause of it may not have been looked at.
    pub(super) fn drain(&mut self, cut: KernelTime, most: usize, mut visit: impl FnMut(&[u8])) -> usize {
        for (head, ring) in self.heads.iter_mut().zip(&self.rings) {
            *head = ring.peek().map(time_of);
        }
        let mut count = 0;
        while count < most
            && let Some(index) = self.earliest(cut)
            && let Some(record) = self.rings[index].peek()
        {
            visit(record);
            let length = record.len();
            self.rings[index].advance(length);
            self.heads[index] = self.rings[index].peek().map(time_of);
            count += 1;
        }
        self.rings.iter().for_each(Ring::release);
        count
    }

    /// Whether nothing is there, not even a record that is being written.
    pub(super) fn is_empty(&self) -> bool {
        self.rings.iter().all(Ring::is_empty)
    }

    /// Each becomes readable when the kernel wakes the reader.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.rings.iter().map(Ring::fd)
    }

    fn earliest(&self, cut: KernelTime) -> Option<usize> {
        let times = self.heads.iter().enumerate().filter_map(|(index, head)| Some((head.as_ref()?, index)));
        times.min().filter(|(time, _)| **time < cut).map(|(_, index)| index)
    }
}
