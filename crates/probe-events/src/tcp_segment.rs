//! Payload that passed a TCP socket.
//!
//! A segment is followed by `captured` bytes of payload. Where `tail_length` is not 0, the last [`TAIL_LENGTH`] bytes of
//! the record are the last bytes of the payload.
use crate::{Addresses, Header};

wire! {
    /// One buffer of up to 64 KiB and more: going out before the kernel cuts it, coming in after the kernel joined
    /// it; or a FIN without payload.
    pub struct TcpSegment: 48 {
        /// Of [`kind::TCP_SEGMENT`](crate::kind::TCP_SEGMENT), unless in a [`TcpSegmentAtListener`].
        pub header: Header,
        /// `SO_COOKIE` of the socket.
        pub cookie: u64,
        /// Of the first payload byte.
        pub sequence: u32,
        /// Payload bytes of the buffer.
        pub length: u32,
        /// Payload bytes before the first captured one.
        pub skipped: u32,
        /// Payload bytes that follow, from `skipped` on.
        pub captured: u32,
        /// One of [`direction`](crate::direction).
        pub direction: u8,
        /// The byte of the TCP header, see [`tcp_flag`](crate::tcp_flag).
        pub tcp_flags: u8,
        /// 0 or [`TAIL_LENGTH`].
        pub tail_length: u8,
        /// Always 0; where padding would be.
        pub unused: [u8; 5],
    }
}

/// How many of the last bytes are kept of a buffer that is not captured to its end.
pub const TAIL_LENGTH: usize = 64;

wire! {
    /// `segment.cookie` is the listener's. Payload follows, and never a tail.
    pub struct TcpSegmentAtListener: 88 {
        /// Its kind is [`kind::TCP_SEGMENT_AT_LISTENER`](crate::kind::TCP_SEGMENT_AT_LISTENER).
        pub segment: TcpSegment,
        /// From the packet: they name the connection that is to come.
        pub addresses: Addresses,
        /// Always 0; where padding would be.
        pub unused: u32,
    }
}

/// Most payload that is captured at a listener.
pub const LISTENER_CAPTURE: usize = 4096;
