//! A connection, or an attempt at one, ended.
use crate::{Addresses, Header, TcpCounters};

wire! {
    pub struct TcpClosed: 136 {
        pub header: Header,
        pub cookie: u64,
        pub addresses: Addresses,
        /// `sk_err`; 0 for none.
        pub errno: u32,
        pub counters: TcpCounters,
        pub owner_pid: u32,
        pub role: u8,
        /// TCP state it left.
        pub from: u8,
        /// Of [`crate::socket_flag`]: the two about resets.
        pub flags: u8,
        /// All TCP flags seen.
        pub tcp_flags: u8,
    }
}
