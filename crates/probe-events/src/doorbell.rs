//! A few words in memory that both sides map.

wire! {
    /// Spares system calls: the probes wake the daemon only where it sleeps, and it sweeps the map of drops only
    /// after one. And says when to begin.
    pub struct Doorbell: 12 {
        /// Not 0 while the daemon sleeps and wants to be woken by the next event. The probes set it to 0.
        pub asleep: u32,
        /// Changes whenever a drop is counted.
        pub drops: u32,
        /// Not 0 once every probe is attached. Before that no socket is taken in: one whose requests are seen and whose
        /// answers are not would be misread for as long as it lives.
        pub watching: u32,
    }
}
