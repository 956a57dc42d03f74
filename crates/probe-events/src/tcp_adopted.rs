//! A socket with traffic that no event had announced.
use crate::{Addresses, Header, TcpCounters};

wire! {
    pub struct TcpAdopted: 128 {
        pub header: Header,
        pub cookie: u64,
        pub addresses: Addresses,
        pub unused: u32,
        pub counters: TcpCounters,
    }
}
