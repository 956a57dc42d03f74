//! Value of the map of sockets, keyed by cookie: what the probes know of a socket; and the events about a socket's processes.
use crate::{Header, Process};

wire! {
    /// What the probes know of a socket. The daemon adds those that are older than itself.
    pub struct Socket: 32 {
        /// When the SYN left; 0 where it was not seen.
        pub syn_time: u64,
        /// Thread group that works with it; 0 where unknown.
        pub owner_pid: u32,
        /// One of [`role`](crate::role).
        pub role: u8,
        /// Of [`socket_flag`].
        pub flags: u8,
        /// All TCP flags seen.
        pub tcp_flags: u8,
        /// Of [`transport`].
        pub transport: u8,
        /// Bytes of events told while the daemon had not decided, by direction.
        pub undecided: [u32; 2],
        /// Always 0; where padding would be.
        pub unused: u64,
    }
}

/// Values of [`Socket::transport`].
pub mod transport {
    /// `IPPROTO_TCP`.
    pub const TCP: u8 = 6;
    /// `IPPROTO_UDP`.
    pub const UDP: u8 = 17;
}

/// Bits of [`Socket::flags`].
pub mod socket_flag {
    /// The process in `owner_pid` read, wrote or connected; no other becomes the owner.
    pub const OWNER_FINAL: u8 = 1;
    /// A RST came in.
    pub const RESET_RECEIVED: u8 = 2;
    /// A RST went out.
    pub const RESET_SENT: u8 = 4;
    /// The packets' remote address was compared with the socket's.
    pub const ADDRESS_COMPARED: u8 = 8;
    /// Of UDP: a conversation was told.
    pub const CONVERSED: u8 = 16;
    /// Of TCP: more than one thing is asked at a time, or may be, so that there may be many answers in a buffer.
    pub const PIPELINED: u8 = 32;
    /// Of TCP: a stream began as HTTP/2 does.
    pub const HTTP2: u8 = 64;
    /// Of TCP: where its streams began was told.
    pub const BEGINNING_TOLD: u8 = 128;
}

impl Socket {
    /// A socket of which nothing is known yet.
    #[must_use]
    pub const fn new(transport: u8) -> Self {
        Self {
            syn_time: 0,
            owner_pid: 0,
            role: crate::role::UNKNOWN,
            flags: 0,
            tcp_flags: 0,
            transport,
            undecided: [0; 2],
            unused: 0,
        }
    }
}

/// How many bytes of events of each direction are told while the daemon has not decided about a socket: what a fast client
/// sends in half a second, in which even a busy machine lets the daemon have a processor.
pub const UNDECIDED_BYTES: u32 = 2 << 20;
/// Beyond so many of them, only [`UNDECIDED_LIMIT`] of each buffer is captured: small messages are still told whole, and a
/// stream of large buffers does not fill the rings.
pub const UNDECIDED_WHOLE_BYTES: u32 = 1 << 20;
/// 1 KiB, as an exponent above [`SMALLEST_CAPTURE`](crate::SMALLEST_CAPTURE).
pub const UNDECIDED_LIMIT: u8 = 2;

wire! {
    /// A process read, wrote or connected first.
    pub struct SocketOwned: 56 {
        /// Of [`kind::SOCKET_OWNED`](crate::kind::SOCKET_OWNED).
        pub header: Header,
        /// `SO_COOKIE` of the socket.
        pub cookie: u64,
        /// No other becomes the owner after it.
        pub owner: Process,
    }
}

wire! {
    /// The last process closed a UDP socket that had conversations.
    pub struct SocketReleased: 24 {
        /// Of [`kind::SOCKET_RELEASED`](crate::kind::SOCKET_RELEASED).
        pub header: Header,
        /// `SO_COOKIE` of the socket. Its conversations are still in their map, for the daemon to take out.
        pub cookie: u64,
    }
}
