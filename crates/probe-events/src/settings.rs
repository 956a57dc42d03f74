//! Constants that the daemon sets before it loads the probes.

wire! {
    /// What the daemon wants seen. Frozen before loading, so the verifier removes what does not apply.
    pub struct Settings: 16 {
        /// 1 where only sockets and processes of one cgroup are wanted, whose id is in the map `SCOPE`.
        pub scoped: u32,
        /// Inode of the daemon's own network namespace.
        pub own_network_namespace: u32,
        /// 1 where payload goes by lanes.
        pub lanes: u32,
        /// 1 where the plaintext of TLS is wanted.
        pub plaintext: u32,
    }
}

impl Settings {
    /// Everything on the node.
    pub const WHOLE_NODE: Self = Self { scoped: 0, own_network_namespace: 0, lanes: 0, plaintext: 0 };
}

/// How many rings for payload there are: processors with the same number modulo this share one.
pub const DATA_RINGS: u32 = 8;
