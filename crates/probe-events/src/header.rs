//! What every event begins with, and the parts that several events share.

wire! {
    /// The first bytes of every event of both rings.
    pub struct Header: 16 {
        /// When it happened.
        pub time: u64,
        /// One of [`kind`].
        pub kind: u32,
        pub unused: u32,
    }
}

/// Values of [`Header::kind`].
pub mod kind {
    pub const TCP_CONNECTING: u32 = 1;
    pub const TCP_ESTABLISHED: u32 = 2;
    pub const TCP_TRANSLATED: u32 = 3;
    pub const TCP_ADOPTED: u32 = 4;
    pub const TCP_LISTENING: u32 = 5;
    pub const TCP_CLOSED: u32 = 6;
    pub const SOCKET_OWNED: u32 = 7;
    pub const TCP_SEGMENT: u32 = 8;
    pub const TCP_SEGMENT_AT_LISTENER: u32 = 9;
    pub const CONVERSATION_OPENED: u32 = 10;
    pub const DATAGRAM: u32 = 11;
    pub const PROCESS_FORKED: u32 = 12;
    pub const PROCESS_EXECUTED: u32 = 13;
    pub const PROCESS_EXITED: u32 = 14;
    pub const SOCKET_RELEASED: u32 = 15;
}

/// Values of `direction` fields.
pub mod direction {
    /// The socket receives.
    pub const INGRESS: u8 = 0;
    /// The socket sends.
    pub const EGRESS: u8 = 1;
}

/// Bits of the TCP header's flags.
pub mod tcp_flag {
    pub const FIN: u8 = 1;
    pub const SYN: u8 = 2;
    pub const RST: u8 = 4;
    pub const ACK: u8 = 16;
}

/// Values of `role` fields.
pub mod role {
    pub const UNKNOWN: u8 = 0;
    pub const CLIENT: u8 = 1;
    pub const SERVER: u8 = 2;
}

wire! {
    /// The two ends as the socket sees them.
    #[derive(PartialEq, Eq)]
    pub struct Addresses: 36 {
        pub local: [u8; 16],
        pub remote: [u8; 16],
        pub local_port: u16,
        pub remote_port: u16,
    }
}

wire! {
    /// The process in whose context something happened.
    pub struct Process: 32 {
        /// Id of its cgroup in the v2 hierarchy.
        pub cgroup: u64,
        pub comm: [u8; 16],
        /// Thread group id.
        pub pid: u32,
        pub unused: u32,
    }
}
