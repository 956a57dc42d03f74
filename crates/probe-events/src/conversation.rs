//! UDP: conversations between a socket and a remote address.
use crate::{Addresses, Header};

wire! {
    /// Key of the map of conversations.
    #[derive(PartialEq, Eq, Hash)]
    pub struct ConversationKey: 32 {
        pub cookie: u64,
        pub remote: [u8; 16],
        pub remote_port: u16,
        pub unused: [u8; 6],
    }
}

wire! {
    /// Value of the map of conversations. The kernel adds, the daemon reads.
    pub struct ConversationCounters: 64 {
        pub datagrams_received: u64,
        pub datagrams_sent: u64,
        /// UDP payload.
        pub bytes_received: u64,
        pub bytes_sent: u64,
        pub last: u64,
        pub local: [u8; 16],
        pub local_port: u16,
        pub unused: [u8; 6],
    }
}

wire! {
    pub struct ConversationOpened: 72 {
        pub header: Header,
        pub cookie: u64,
        pub addresses: Addresses,
        pub owner_pid: u32,
        /// Of the first datagram.
        pub direction: u8,
        pub unused: [u8; 7],
    }
}
