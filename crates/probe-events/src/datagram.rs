//! A UDP datagram that may be DNS, followed by `captured` bytes of its payload.
use crate::{Addresses, Header};

wire! {
    pub struct Datagram: 72 {
        pub header: Header,
        pub cookie: u64,
        pub addresses: Addresses,
        /// Payload bytes.
        pub length: u32,
        pub captured: u32,
        pub direction: u8,
        pub unused: [u8; 3],
    }
}

/// Most bytes of a datagram that are captured.
pub const DATAGRAM_CAPTURE: usize = 4096;
