//! A few words in memory that both sides map.

wire! {
    /// Spares system calls: the probes wake the daemon only where it sleeps, and it sweeps the map of drops only
    /// after one.
    pub struct Doorbell: 8 {
        /// Not 0 while the daemon sleeps and wants to be woken by the next event. The probes set it to 0.
        pub asleep: u32,
        /// Changes whenever a drop is counted.
        pub drops: u32,
    }
}
