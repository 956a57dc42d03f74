//! Packets go elsewhere than the socket asked.
use crate::Header;

wire! {
    pub struct TcpTranslated: 48 {
        pub header: Header,
        pub cookie: u64,
        pub remote: [u8; 16],
        pub remote_port: u16,
        pub unused: [u8; 6],
    }
}
