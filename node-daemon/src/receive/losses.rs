//! What was not told, by the place where it was lost.

use std::ops::Sub;

use aya::maps::{MapData, PerCpuArray};
use goldwire_probe_events as places;

/// Counters since the probes were loaded. Subtract an earlier reading for a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Lifecycle events for which the control ring had no room.
    pub control_ring: u64,
    /// Buffers and datagrams for which the data ring had no room.
    pub data_ring: u64,
    /// Payload bytes of those buffers.
    pub data_ring_bytes: u64,
    /// Packets and kernel structs that could not be read.
    pub read_fault: u64,
    /// Sockets that were not taken in because the map of sockets was full.
    pub sockets_full: u64,
    /// Datagrams that were not counted because the map of conversations was full.
    pub conversations_full: u64,
    /// Dropped packets that were not described because the map of drops was full.
    pub drops_full: u64,
    /// Buffers of sockets about which the daemon had not decided after
    /// [`UNDECIDED_BYTES`](places::UNDECIDED_BYTES) of their events.
    pub undecided: u64,
    /// Payload bytes of those buffers.
    pub undecided_bytes: u64,
    /// Records that the daemon could not decode.
    pub undecodable: u64,
}

impl Losses {
    pub(super) fn read(map: &PerCpuArray<MapData, u64>, undecodable: u64) -> Self {
        let sum = |place: u32| map.get(&place, 0).map_or(0, |values| values.iter().sum());
        Self {
            control_ring: sum(places::CONTROL_RING),
            data_ring: sum(places::DATA_RING),
            data_ring_bytes: sum(places::DATA_RING_BYTES),
            read_fault: sum(places::READ_FAULT),
            sockets_full: sum(places::SOCKETS_FULL),
            conversations_full: sum(places::CONVERSATIONS_FULL),
            drops_full: sum(places::DROPS_FULL),
            undecided: sum(places::UNDECIDED),
            undecided_bytes: sum(places::UNDECIDED_LOST_BYTES),
            undecodable,
        }
    }

    /// Everything that says that some record is missing, in one number. Bytes are not in it.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.control_ring
            + self.data_ring
            + self.read_fault
            + self.sockets_full
            + self.conversations_full
            + self.drops_full
            + self.undecided
            + self.undecodable
    }
}

impl Sub for Losses {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            control_ring: self.control_ring.saturating_sub(earlier.control_ring),
            data_ring: self.data_ring.saturating_sub(earlier.data_ring),
            data_ring_bytes: self.data_ring_bytes.saturating_sub(earlier.data_ring_bytes),
            read_fault: self.read_fault.saturating_sub(earlier.read_fault),
            sockets_full: self.sockets_full.saturating_sub(earlier.sockets_full),
            conversations_full: self.conversations_full.saturating_sub(earlier.conversations_full),
            drops_full: self.drops_full.saturating_sub(earlier.drops_full),
            undecided: self.undecided.saturating_sub(earlier.undecided),
            undecided_bytes: self.undecided_bytes.saturating_sub(earlier.undecided_bytes),
            undecodable: self.undecodable.saturating_sub(earlier.undecodable),
        }
    }
}
