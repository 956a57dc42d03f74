//! A handshake is done.
use crate::{Addresses, Header};

wire! {
    pub struct TcpEstablished: 88 {
        pub header: Header,
        pub cookie: u64,
        /// When the SYN left; 0 at a server, or where it was not seen.
        pub syn_time: u64,
        pub addresses: Addresses,
        /// `snd_nxt`: the first payload byte sent has this number.
        pub first_sent: u32,
        /// `rcv_nxt`: the first payload byte received has this number.
        pub first_received: u32,
        /// 0 where unknown.
        pub owner_pid: u32,
        pub role: u8,
        pub unused: [u8; 7],
    }
}
