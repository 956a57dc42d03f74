//! All rings and lanes as one stream, by the kernel's clock.

use std::os::fd::BorrowedFd;

use super::{lane::Lane, ring::Ring};
use crate::decode::{KernelTime, time_of};

/// Where records come from.
enum Source {
    Ring(Ring),
    Lane(Lane),
}

/// All sources, and when the next record of each happened.
pub(super) struct Merged {
    sources: Vec<Source>,
    heads: Vec<Option<KernelTime>>,
}

impl Merged {
    /// Of records with the same time, those of earlier rings come first, and those of lanes last.
    pub(super) fn new(rings: Vec<Ring>, lanes: Vec<Lane>) -> Self {
        let sources: Vec<_> = rings.into_iter().map(Source::Ring).chain(lanes.into_iter().map(Source::Lane)).collect();
        Self { heads: vec![None; sources.len()], sources }
    }

    /// Hands out what happened before `cut`, at most so many records. `cut` is a time before this call.
    ///
    /// Whatever a record could be a consequence of was complete before that record was begun, so it is there when this looks,
    /// and comes first. What happened since `cut` waits, since a cause of it may not have been looked at.
    pub(super) fn drain(&mut self, cut: KernelTime, most: usize, mut visit: impl FnMut(&[u8])) -> usize {
        for (head, source) in self.heads.iter_mut().zip(&self.sources) {
            *head = source.peek().map(time_of);
        }
        let mut count = 0;
        while count < most
            && let Some(index) = self.earliest(cut)
            && let Some(record) = self.sources[index].peek()
        {
            visit(record);
            let length = record.len();
            self.sources[index].advance(length);
            self.heads[index] = self.sources[index].peek().map(time_of);
            count += 1;
        }
        self.sources.iter().for_each(Source::release);
        count
    }

    /// Whether nothing is there, not even a record that is being written.
    pub(super) fn is_empty(&self) -> bool {
        self.sources.iter().all(Source::is_empty)
    }

    /// One of them becomes readable when the kernel wakes the reader. A lane wakes by the first ring.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.sources.iter().filter_map(|source| match source {
            Source::Ring(ring) => Some(ring.fd()),
            Source::Lane(_) => None,
        })
    }

    fn earliest(&self, cut: KernelTime) -> Option<usize> {
        let times = self.heads.iter().enumerate().filter_map(|(index, head)| Some((head.as_ref()?, index)));
        times.min().filter(|(time, _)| **time < cut).map(|(_, index)| index)
    }
}

impl Source {
    fn peek(&self) -> Option<&[u8]> {
        match self {
            Self::Ring(ring) => ring.peek(),
            Self::Lane(lane) => lane.peek(),
        }
    }

    fn advance(&self, length: usize) {
        match self {
            Self::Ring(ring) => ring.advance(length),
            Self::Lane(lane) => lane.advance(length),
        }
    }

    fn release(&self) {
        match self {
            Self::Ring(ring) => ring.release(),
            Self::Lane(lane) => lane.release(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Ring(ring) => ring.is_empty(),
            Self::Lane(lane) => lane.is_empty(),
        }
    }
}
