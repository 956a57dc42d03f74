//! A handshake is done.
use crate::{Addresses, Header};

wire! {
    /// The state became `TCP_ESTABLISHED`, from `TCP_SYN_SENT` or `TCP_SYN_RECV`; or a server answers what came with the SYN.
    pub struct TcpEstablished: 88 {
        /// Of [`kind::TCP_ESTABLISHED`](crate::kind::TCP_ESTABLISHED).
        pub header: Header,
        /// `SO_COOKIE` of the socket; of an accepted one, not the listener's.
        pub cookie: u64,
        /// When the SYN left; 0 at a server, or where it was not seen.
        pub syn_time: u64,
        /// From the socket, so a client's remote one is what the process asked for.
        pub addresses: Addresses,
        /// The first payload byte sent has this number, also where it went with the SYN.
        pub first_sent: u32,
        /// The first payload byte received has this number, also where it came with the SYN.
        pub first_received: u32,
        /// 0 where unknown.
        pub owner_pid: u32,
        /// One of [`role`](crate::role), never `UNKNOWN`.
        pub role: u8,
        /// Always 0; where padding would be.
        pub unused: [u8; 7],
    }
}
