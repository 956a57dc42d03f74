//! `connect` was called.
use crate::{Addresses, Header, Process};

wire! {
    pub struct TcpConnecting: 96 {
        pub header: Header,
        pub cookie: u64,
        pub addresses: Addresses,
        pub unused: u32,
        pub owner: Process,
    }
}
