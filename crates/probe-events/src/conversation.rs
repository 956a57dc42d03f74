//! UDP: conversations between a socket and a remote address.
use crate::{Addresses, Header};

wire! {
    /// Key of the map of conversations.
    #[derive(PartialEq, Eq, Hash)]
    pub struct ConversationKey: 32 {
        /// `SO_COOKIE` of the socket on this node.
        pub cookie: u64,
        /// The other end: of a connected socket the one that it asked for.
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
        pub unused: [u8; 2],
        /// A digest of where the last datagram was sent to; 0 while none was.
        pub sent_to: u32,
    }
}

wire! {
    /// Datagrams go elsewhere than the connected socket asked. Told with the first one, and whenever the place changes.
    pub struct ConversationTranslated: 72 {
        /// Of [`kind::CONVERSATION_TRANSLATED`](crate::kind::CONVERSATION_TRANSLATED).
        pub header: Header,
        /// `SO_COOKIE` of the socket.
        pub cookie: u64,
        /// As in the conversation's key.
        pub asked: [u8; 16],
        /// Where the datagrams go, after DNAT.
        pub remote: [u8; 16],
        /// Of `asked`, in host order.
        pub asked_port: u16,
        /// Of `remote`, in host order.
        pub remote_port: u16,
        /// Always 0; where padding would be.
        pub unused: [u8; 12],
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
