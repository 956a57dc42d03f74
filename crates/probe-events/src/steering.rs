//! What the daemon wants of a socket's payload: an array in memory that both sides map. The daemon writes, the probes
//! read.
//!
//! A socket's slot is its cookie modulo the number of slots. Each word carries the low half of the cookie it is meant
//! for, so a word that was written for an earlier socket, or for another one that shares the slot, counts as absent: the
//! socket is undecided then, which costs time and loses nothing.

wire! {
    /// The wishes for one socket. Each word is written whole; 0 is no wish.
    pub struct SteeringSlot: 32 {
        /// `tag << 32 | verdict | ingress limit << 8 | egress limit << 16`. Limits may have [`WHOLE_BUFFER`] set.
        pub word: u64,
        /// By direction: `tag << 32 | sequence`. Payload before that sequence number is not told; the buffer in which it
        /// is reached is told from there on.
        pub skip_until: [u64; 2],
        /// Always 0; where padding would be.
        pub unused: u64,
    }
}

/// Slots of the array; a power of two.
pub const STEERING_SLOTS: u32 = 65_536;

/// Values of the lowest byte of [`SteeringSlot::word`].
pub mod verdict {
    /// Not decided: a bounded number of buffers is told.
    pub const UNDECIDED: u8 = 0;
    /// Tell every buffer.
    pub const TELL: u8 = 1;
    /// Never tell again.
    pub const IGNORE: u8 = 2;
}

/// Limits of capture are powers of two, written as their exponent above this: `SMALLEST_CAPTURE << limit`.
pub const SMALLEST_CAPTURE: u32 = 256;
/// The limit of 16 KiB: most that is captured in one event.
pub const LARGEST_LIMIT: u8 = 6;
/// With a limit: longer buffers are told in pieces of 16 KiB, each an event of its own, captured whole. Beyond [`PIECES`]
/// of them, the rest of a buffer is one event again.
pub const WHOLE_BUFFER: u8 = 0x80;
/// Enough for 512 KiB, the longest that there are (`GSO_MAX_SIZE` in the kernel's `netdevice.h`: 8 times 65,535).
pub const PIECES: u32 = 31;
/// The limit of 4 KiB.
pub const USUAL_LIMIT: u8 = 4;
