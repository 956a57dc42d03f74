//! The kernel's counters of a TCP socket.

wire! {
    /// Fields of `struct tcp_sock`, since the socket was opened. A field that this kernel lacks is 0.
    #[derive(Default)]
    pub struct TcpCounters: 64 {
        /// Payload bytes given to the network, retransmissions included.
        pub bytes_sent: u64,
        /// The part of `bytes_sent` that was sent again.
        pub bytes_retransmitted: u64,
        /// What the other end acknowledged; SYN and FIN are a byte each.
        pub bytes_acked: u64,
        /// Payload received in order, each byte once. The byte that the kernel counts for a FIN is taken off.
        pub bytes_received: u64,
        /// As on the wire, with and without payload, retransmissions included.
        pub segments_sent: u32,
        /// As on the wire, with and without payload.
        pub segments_received: u32,
        /// The part of `segments_sent` with payload.
        pub data_segments_sent: u32,
        /// The part of `segments_received` with payload.
        pub data_segments_received: u32,
        /// Segments sent again, SYN included.
        pub retransmits: u32,
        /// Eight times the smoothed RTT in microseconds; 0 where none was measured.
        pub srtt_us_by_8: u32,
        /// Smallest RTT of the kernel's window in microseconds; all ones where none was measured.
        pub rtt_min_us: u32,
        /// Always 0; where padding would be.
        pub unused: u32,
    }
}

impl TcpCounters {
    /// Nothing counted.
    pub const NONE: Self = Self {
        bytes_sent: 0,
        bytes_retransmitted: 0,
        bytes_acked: 0,
        bytes_received: 0,
        segments_sent: 0,
        segments_received: 0,
        data_segments_sent: 0,
        data_segments_received: 0,
        retransmits: 0,
        srtt_us_by_8: 0,
        rtt_min_us: u32::MAX,
        unused: 0,
    };
}
