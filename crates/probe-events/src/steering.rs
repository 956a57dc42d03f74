//! What the daemon wants of a socket's payload: an array in memory that both sides map. The daemon writes, the probes
//! read.
//!
//! A socket's slot is its cookie modulo the number of slots. Each word carries the low half of the cookie it is meant
//! for, so a word that was written for an earlier socket, or for another one that shares the slot, counts as absent: the
//! socket is undecided then, which costs time and loses nothing.

wire! {
    /// The wishes for one socket. Each word is written whole; 0 is no wish.
    pub struct SteeringSlot: 32 {
        /// `tag << 32 | verdict | ingress limit << 8 | egress limit << 16`. Limits may have [`WHOLE_BUFFER`],
        /// [`HTTP2_FRAMES`] and [`UNLESS_SEVERAL`] set.
        pub word: u64,
        /// By direction: `tag << 32 | sequence`. Payload before that sequence number is not told; the buffer in which it
        /// is reached is told from there on.
        pub skip_until: [u64; 2],
        /// With [`UNLESS_SEVERAL`]: `tag << 32 | bytes`. The other direction asked for one thing at a time in buffers of at most so
        /// many bytes. Of one that is longer, the probes write its length here, with [`ASKED_MORE`].
        pub single: u64,
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
/// With a limit and [`WHOLE_BUFFER`]: of HTTP/2's DATA frames from [`FRAME_MIN`] on, only the beginning and the end are captured
/// of what a buffer has of them, once the daemon has said where one ends: there, [`SteeringSlot::skip_until`] is the place of
/// its last byte.
pub const HTTP2_FRAMES: u8 = 0x40;
/// With a limit: of a direction that answers. It holds as long as one thing is asked at a time, as far as the probes can tell by
/// [`SteeringSlot::single`]; else there may be many answers in a buffer, and it is captured whole.
pub const UNLESS_SEVERAL: u8 = 0x20;
/// With a length in [`SteeringSlot::single`]: the daemon may not have read yet what was asked in so many bytes.
pub const ASKED_MORE: u32 = 1 << 31;
/// Bytes of payload from which on a DATA frame is passed over.
pub const FRAME_MIN: u32 = 4096;
/// Enough for the 64 KiB that a device takes at once, and for what loopback does; each piece more is work for the verifier.
pub const PIECES: u32 = 8;
/// The limit of 4 KiB.
pub const USUAL_LIMIT: u8 = 4;
