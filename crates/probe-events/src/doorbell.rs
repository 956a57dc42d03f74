//! A few words in memory that both sides map.

wire! {
    pub struct Doorbell: 8 {
        /// Not 0 while the daemon sleeps and wants to be woken by the next event. The probes set it to 0.
        pub asleep: u32,
        /// Changes whenever a drop is counted.
        pub drops: u32,
    }
}
