//! Payload that came before the connection it belongs to was announced.
//!
//! Two rings carry events, and a listener's socket carries the first bytes of a connection that has no socket yet
//! (deferred accept, data with the last ACK of the handshake). Such payload waits here, within bounds.

use goldwire_l7::{OwnedSegment, Segment};
use rustc_hash::FxHashMap;

use crate::decode::{Addresses, Cookie, Direction, KernelTime, SequenceNumber};

/// Segments held, over all connections.
const SEGMENTS: usize = 4_096;

/// Whose payload it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Socket(Cookie),
    /// The connection that a listener will accept with these addresses.
    Accepted(Addresses),
}

/// A segment as it was told, whose place in the stream is not known yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrived<'a> {
    pub(super) direction: Direction,
    /// Of the first captured byte.
    pub(super) sequence: SequenceNumber,
    pub(super) tcp_flags: u8,
    pub(super) segment: Segment<'a>,
}

/// A segment that waits for its connection, and so for its place in the stream.
#[derive(Debug)]
pub(super) struct HeldSegment {
    direction: Direction,
    sequence: SequenceNumber,
    tcp_flags: u8,
    segment: OwnedSegment,
}

impl HeldSegment {
    pub(super) fn copy_of(arrived: &Arrived<'_>) -> Self {
        let Arrived { direction, sequence, tcp_flags, segment } = *arrived;
        Self { direction, sequence, tcp_flags, segment: OwnedSegment::copy_of(&segment) }
    }

    pub(super) fn borrowed(&self) -> Arrived<'_> {
        let Self { direction, sequence, tcp_flags, segment } = self;
        Arrived { direction: *direction, sequence: *sequence, tcp_flags: *tcp_flags, segment: segment.borrowed() }
    }
}

#[derive(Debug, Default)]
pub(super) struct Held {
    segments: FxHashMap<Owner, Vec<HeldSegment>>,
    count: usize,
}

impl Held {
    /// Keeps a segment. False where there is no room.
    pub(super) fn hold(&mut self, owner: Owner, held: HeldSegment) -> bool {
        if self.count >= SEGMENTS {
            return false;
        }
        self.count += 1;
        self.segments.entry(owner).or_default().push(held);
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What was held for a connection that is known now.
    pub(super) fn take(&mut self, owner: Owner) -> Vec<HeldSegment> {
        let taken = self.segments.remove(&owner).unwrap_or_default();
        self.count -= taken.len();
        taken
    }

    /// Drops what has waited since before `before`, and says how many segments.
    pub(super) fn expire(&mut self, before: KernelTime) -> usize {
        let count = self.count;
        self.segments
            .retain(|_, segments| segments.first().is_some_and(|first| first.segment.borrowed().time >= before.0));
        self.count = self.segments.values().map(Vec::len).sum();
        count - self.count
    }
}
