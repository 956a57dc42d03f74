//! `connect` was called.
use crate::{Addresses, Header, Process};

wire! {
    /// The state became `TCP_SYN_SENT`; no packet has left yet.
    pub struct TcpConnecting: 96 {
        /// Of [`kind::TCP_CONNECTING`](crate::kind::TCP_CONNECTING).
        pub header: Header,
        /// `SO_COOKIE` of the socket.
        pub cookie: u64,
        /// From the socket: the remote one is what the process asked for, and the local port is 0 unless it was bound.
        pub addresses: Addresses,
        /// Always 0; where padding would be.
        pub unused: u32,
        /// The process that connects.
        pub owner: Process,
    }
}
