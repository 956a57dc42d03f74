//! Dropped packets, counted in a map by flow, reason and place.

wire! {
    /// Key of the map of drops.
    #[derive(PartialEq, Eq, Hash)]
    pub struct DropKey: 56 {
        /// Address of the instruction that dropped.
        pub location: u64,
        /// From the packet: IPv4-mapped or IPv6.
        pub source: [u8; 16],
        /// Likewise.
        pub destination: [u8; 16],
        /// 0 where the protocol has none.
        pub source_port: u16,
        /// Likewise.
        pub destination_port: u16,
        /// `enum skb_drop_reason`.
        pub reason: u16,
        /// IP protocol.
        pub protocol: u8,
        /// Always 0; where padding would be.
        pub unused: u8,
        /// Inode of the network namespace, 0 where unknown.
        pub network_namespace: u32,
        /// Always 0; where padding would be.
        pub unused2: u32,
    }
}

wire! {
    /// Value of the map of drops. The kernel adds, the daemon reads.
    pub struct DropCounters: 24 {
        /// Packets since the daemon last took the entry out.
        pub count: u64,
        /// Of the packets, IP header included.
        pub bytes: u64,
        /// When the last of them was dropped.
        pub last: u64,
    }
}

/// How many reasons the table of reported reasons has room for.
pub const DROP_REASONS: u32 = 256;
