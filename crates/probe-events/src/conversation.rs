//! UDP: conversations between a socket and a remote address.
use crate::{Addresses, Header};

wire! {
    /// Key of the map of conversations.
    #[derive(PartialEq, Eq, Hash)]
    pub struct ConversationKey: 32 {
        /// `SO_COOKIE` of the socket on this node.
        pub cookie: u64,
        /// The other end.
        pub remote: [u8; 16],
        /// Of `remote`, in host order.
        pub remote_port: u16,
        /// Always 0; where padding would be.
        pub unused: [u8; 6],
    }
}

wire! {
    /// Value of the map of conversations. The kernel adds, the daemon reads.
    pub struct ConversationCounters: 64 {
        /// Each datagram by itself, also where the kernel joined several to one buffer.
        pub datagrams_received: u64,
        /// Likewise, each that the kernel has yet to cut from a buffer.
        pub datagrams_sent: u64,
        /// UDP payload, without headers.
        pub bytes_received: u64,
        /// Likewise.
        pub bytes_sent: u64,
        /// When the last datagram passed, in either direction.
        pub last: u64,
        /// The socket's own end, as the first datagram has it.
        pub local: [u8; 16],
        /// Of `local`, in host order.
        pub local_port: u16,
        /// Always 0; where padding would be.
        pub unused: [u8; 6],
    }
}

wire! {
    /// The map of conversations has a new key: the first datagram of all, or since the daemon took out what was silent.
    pub struct ConversationOpened: 72 {
        /// Of [`kind::CONVERSATION_OPENED`](crate::kind::CONVERSATION_OPENED).
        pub header: Header,
        /// `SO_COOKIE` of the socket on this node.
        pub cookie: u64,
        /// From the first datagram.
        pub addresses: Addresses,
        /// Thread group that created the socket, or first used it; 0 where neither was seen.
        pub owner_pid: u32,
        /// Of the first datagram: one of [`direction`](crate::direction).
        pub direction: u8,
        /// Always 0; where padding would be.
        pub unused: [u8; 7],
    }
}
