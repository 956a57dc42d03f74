//! Constants that the daemon sets before it loads the probes.

wire! {
    /// What the daemon wants seen. Frozen before loading, so the verifier removes what does not apply.
    pub struct Settings: 32 {
        /// Id of the cgroup the daemon is confined to.
        pub scope_cgroup: u64,
        /// 1 where only sockets and processes of `scope_cgroup` are wanted.
        pub scoped: u32,
        /// Inode of the daemon's own network namespace.
        pub own_network_namespace: u32,
        /// 1 where payload goes by lanes.
        pub lanes: u32,
        /// 1 where the plaintext of TLS is wanted.
        pub plaintext: u32,
        /// Always 0; where padding would be.
        pub unused: [u8; 8],
    }
}

impl Settings {
    /// Everything on the node.
    pub const WHOLE_NODE: Self =
        Self { scope_cgroup: 0, scoped: 0, own_network_namespace: 0, lanes: 0, plaintext: 0, unused: [0; 8] };
}

/// How many rings for payload there are: processors with the same number modulo this share one.
pub const DATA_RINGS: u32 = 8;
