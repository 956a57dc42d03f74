//! A UDP datagram that may be DNS, followed by `captured` bytes of its payload.
use crate::{Addresses, Header};

wire! {
    /// Payload of UDP, whole or its beginning.
    pub struct Datagram: 72 {
        /// Of [`kind::DATAGRAM`](crate::kind::DATAGRAM).
        pub header: Header,
        /// `SO_COOKIE` of the socket on this node.
        pub cookie: u64,
        /// From the packet.
        pub addresses: Addresses,
        /// Payload bytes.
        pub length: u32,
        /// Payload bytes that follow: `length`, or [`DATAGRAM_CAPTURE`] where that is less.
        pub captured: u32,
        /// One of [`direction`](crate::direction).
        pub direction: u8,
        /// Always 0; where padding would be.
        pub unused: [u8; 3],
    }
}

/// Most bytes of a datagram that are captured.
pub const DATAGRAM_CAPTURE: usize = 4096;
