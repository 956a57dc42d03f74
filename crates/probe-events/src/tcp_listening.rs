//! `listen` was called.
use crate::Header;

wire! {
    pub struct TcpListening: 48 {
        pub header: Header,
        pub cookie: u64,
        pub local: [u8; 16],
        pub local_port: u16,
        pub unused: u16,
        pub owner_pid: u32,
    }
}
