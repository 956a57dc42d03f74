//! What every event begins with, and the parts that several events share.

wire! {
    /// The first bytes of every event of both rings.
    pub struct Header: 16 {
        /// When it happened.
        pub time: u64,
        /// One of [`kind`].
        pub kind: u32,
        /// Always 0; where padding would be.
        pub unused: u32,
    }
}

/// Values of [`Header::kind`]. Events with payload come by a data ring or a lane, all others by the control ring.
pub mod kind {
    /// [`TcpConnecting`](crate::TcpConnecting).
    pub const TCP_CONNECTING: u32 = 1;
    /// [`TcpEstablished`](crate::TcpEstablished).
    pub const TCP_ESTABLISHED: u32 = 2;
    /// [`TcpTranslated`](crate::TcpTranslated).
    pub const TCP_TRANSLATED: u32 = 3;
    /// [`TcpAdopted`](crate::TcpAdopted).
    pub const TCP_ADOPTED: u32 = 4;
    /// [`TcpListening`](crate::TcpListening).
    pub const TCP_LISTENING: u32 = 5;
    /// [`TcpClosed`](crate::TcpClosed).
    pub const TCP_CLOSED: u32 = 6;
    /// [`SocketOwned`](crate::SocketOwned).
    pub const SOCKET_OWNED: u32 = 7;
    /// [`TcpSegment`](crate::TcpSegment), then payload.
    pub const TCP_SEGMENT: u32 = 8;
    /// [`TcpSegmentAtListener`](crate::TcpSegmentAtListener), then payload.
    pub const TCP_SEGMENT_AT_LISTENER: u32 = 9;
    /// [`ConversationOpened`](crate::ConversationOpened).
    pub const CONVERSATION_OPENED: u32 = 10;
    /// [`Datagram`](crate::Datagram), then payload.
    pub const DATAGRAM: u32 = 11;
    /// [`ProcessForked`](crate::ProcessForked).
    pub const PROCESS_FORKED: u32 = 12;
    /// [`ProcessExecuted`](crate::ProcessExecuted).
    pub const PROCESS_EXECUTED: u32 = 13;
    /// [`ProcessExited`](crate::ProcessExited).
    pub const PROCESS_EXITED: u32 = 14;
    /// [`SocketReleased`](crate::SocketReleased).
    pub const SOCKET_RELEASED: u32 = 15;
    /// [`PlaintextSession`](crate::PlaintextSession).
    pub const PLAINTEXT_SESSION: u32 = 16;
    /// [`Plaintext`](crate::Plaintext), then payload.
    pub const PLAINTEXT: u32 = 17;
    /// [`PlaintextEnded`](crate::PlaintextEnded).
    pub const PLAINTEXT_ENDED: u32 = 18;
    /// [`ConversationTranslated`](crate::ConversationTranslated).
    pub const CONVERSATION_TRANSLATED: u32 = 19;
    /// [`TcpBeginning`](crate::TcpBeginning).
    pub const TCP_BEGINNING: u32 = 20;
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
    /// Its sender sends nothing more.
    pub const FIN: u8 = 1;
    /// Opens a connection, and takes a sequence number of its own.
    pub const SYN: u8 = 2;
    /// Ends the connection at once.
    pub const RST: u8 = 4;
    /// The acknowledgement number counts: on all but a client's first.
    pub const ACK: u8 = 16;
}

/// Values of `role` fields.
pub mod role {
    /// Its handshake was not seen, or it is no TCP socket.
    pub const UNKNOWN: u8 = 0;
    /// It connected.
    pub const CLIENT: u8 = 1;
    /// It was accepted.
    pub const SERVER: u8 = 2;
}

wire! {
    /// The two ends as the socket sees them.
    #[derive(PartialEq, Eq)]
    pub struct Addresses: 36 {
        /// The socket's own end.
        pub local: [u8; 16],
        /// The other end.
        pub remote: [u8; 16],
        /// Of `local`, in host order; 0 where the kernel has yet to choose one.
        pub local_port: u16,
        /// Of `remote`, in host order.
        pub remote_port: u16,
    }
}

wire! {
    /// The process in whose context something happened.
    pub struct Process: 32 {
        /// Id of its cgroup in the v2 hierarchy.
        pub cgroup: u64,
        /// Name of the thread that ran, ended by NUL and so of at most 15 bytes.
        pub comm: [u8; 16],
        /// Thread group id.
        pub pid: u32,
        /// Always 0; where padding would be.
        pub unused: u32,
    }
}
