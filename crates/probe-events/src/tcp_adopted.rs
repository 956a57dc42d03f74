//! A socket with traffic that no event had announced.
use crate::{Addresses, Header, TcpCounters};

wire! {
    /// With its first segment: it is older than the daemon, or the map of sockets was full when it began.
    pub struct TcpAdopted: 128 {
        /// Of [`kind::TCP_ADOPTED`](crate::kind::TCP_ADOPTED).
        pub header: Header,
        /// `SO_COOKIE` of the socket.
        pub cookie: u64,
        /// From the segment.
        pub addresses: Addresses,
        /// Always 0; where padding would be.
        pub unused: u32,
        /// As they stand now; [`TcpCounters::NONE`] where they cannot be read.
        pub counters: TcpCounters,
    }
}
