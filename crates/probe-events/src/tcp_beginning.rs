//! Where the streams of a socket began of which no handshake was seen.
use crate::Header;

wire! {
    /// With its first segment that is told.
    pub struct TcpBeginning: 40 {
        /// Of [`kind::TCP_BEGINNING`](crate::kind::TCP_BEGINNING).
        pub header: Header,
        /// `SO_COOKIE` of the socket.
        pub cookie: u64,
        /// `snd_una` less all that was acknowledged: the initial sequence number of a client, which had its SYN acknowledged,
        /// and the number of a server's first payload byte.
        pub sent_from: u32,
        /// `rcv_nxt` less all that was received: the first payload byte received has this number.
        pub first_received: u32,
        /// One of [`role`](crate::role), by the kernel's counters: a client was acknowledged one more than it has sent.
        pub role: u8,
        /// Always 0; where padding would be.
        pub unused: [u8; 7],
    }
}
