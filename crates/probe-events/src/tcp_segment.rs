//! Payload that passed a TCP socket.
//!
//! A segment is followed by `captured` bytes of payload. Where `tail_length` is not 0, the last [`TAIL_LENGTH`] bytes of
//! the record are the last bytes of the payload.
use crate::{Addresses, Header};

wire! {
    pub struct TcpSegment: 48 {
        pub header: Header,
        pub cookie: u64,
        /// Of the first payload byte.
        pub sequence: u32,
        /// Payload bytes of the buffer.
        pub length: u32,
        /// Payload bytes before the first captured one.
        pub skipped: u32,
        pub captured: u32,
        pub direction: u8,
        pub tcp_flags: u8,
        /// 0 or [`TAIL_LENGTH`].
        pub tail_length: u8,
        pub unused: [u8; 5],
    }
}

/// How many of the last bytes are kept of a buffer that is not captured to its end.
pub const TAIL_LENGTH: usize = 64;

wire! {
    /// `segment.cookie` is the listener's. Payload follows, and never a tail.
    pub struct TcpSegmentAtListener: 88 {
        pub segment: TcpSegment,
        pub addresses: Addresses,
        pub unused: u32,
    }
}

/// Most payload that is captured at a listener.
pub const LISTENER_CAPTURE: usize = 4096;
