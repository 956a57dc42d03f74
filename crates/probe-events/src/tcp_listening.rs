//! `listen` was called.
use crate::Header;

wire! {
    /// The state became `TCP_LISTEN`.
    pub struct TcpListening: 48 {
        /// Of [`kind::TCP_LISTENING`](crate::kind::TCP_LISTENING).
        pub header: Header,
        /// `SO_COOKIE` of the listener.
        pub cookie: u64,
        /// All zero, or IPv4-mapped zero, where it listens on every address.
        pub local: [u8; 16],
        /// In host order.
        pub local_port: u16,
        /// Always 0; where padding would be.
        pub unused: u16,
        /// Thread group that listens.
        pub owner_pid: u32,
    }
}
