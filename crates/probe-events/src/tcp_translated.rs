//! Packets go elsewhere than the socket asked.
use crate::Header;

wire! {
    /// At most once a socket, and never of an accepted one: with its SYN, or with the first segment that it is
    /// seen to send.
    pub struct TcpTranslated: 48 {
        /// Of [`kind::TCP_TRANSLATED`](crate::kind::TCP_TRANSLATED).
        pub header: Header,
        /// `SO_COOKIE` of the socket.
        pub cookie: u64,
        /// Where the packets go, after DNAT; the socket's own events have what was asked for.
        pub remote: [u8; 16],
        /// Of `remote`, in host order.
        pub remote_port: u16,
        /// Always 0; where padding would be.
        pub unused: [u8; 6],
    }
}
