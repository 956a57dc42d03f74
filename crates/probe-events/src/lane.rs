//! Lanes: a buffer a processor, in memory that both sides map. Writing to one takes no lock, since only its own processor
//! does.
//!
//! A record is a [`LaneRecord`], then an event as in a ring, padded to 8 bytes. Positions only grow; a place is a position
//! modulo [`LANE_DATA`]. A record never wraps: it may run into the slack behind the data.

/// Bytes of a lane that positions count.
pub const LANE_DATA: usize = 1 << 20;
/// Twice what one record can have and more: the verifier bounds where a part of a record begins, then how long it is.
pub const LANE_SLACK: usize = 64 << 10;
/// Processors with a higher number have no lane; they use the rings.
pub const MOST_LANES: u32 = 16;

/// Value of the array of lanes, one a processor.
#[repr(C)]
pub struct Lane {
    /// Where the next record will be. Written by the probes, after the record.
    pub head: u64,
    /// Not 0 while a probe writes. One that interrupts it uses a ring.
    pub busy: u64,
    /// On another cache line: the other side writes.
    pub unused: [u64; 6],
    /// Where the daemon reads next.
    pub tail: u64,
    /// The rest of the cache line.
    pub unused2: [u64; 7],
    /// Records begin in the first [`LANE_DATA`] bytes; the slack takes the end of one that begins in the last of them.
    pub data: [u8; LANE_DATA + LANE_SLACK],
}

const _: () = assert!(size_of::<Lane>() == 128 + LANE_DATA + LANE_SLACK);

/// Where a lane has its positions and its data.
pub mod lane_offset {
    /// Of [`Lane::head`](super::Lane::head), in bytes.
    pub const HEAD: usize = core::mem::offset_of!(super::Lane, head);
    /// Of [`Lane::tail`](super::Lane::tail), in bytes.
    pub const TAIL: usize = core::mem::offset_of!(super::Lane, tail);
    /// Of [`Lane::data`](super::Lane::data), in bytes.
    pub const DATA: usize = core::mem::offset_of!(super::Lane, data);
}

wire! {
    /// Before each event in a lane.
    pub struct LaneRecord: 8 {
        /// Of the event, without padding.
        pub length: u32,
        /// Always 0; where padding would be.
        pub unused: u32,
    }
}
