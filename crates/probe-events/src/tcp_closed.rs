//! A connection, or an attempt at one, ended.
use crate::{Addresses, Header, TcpCounters};

wire! {
    /// The state became `TCP_CLOSE`; never told of a listener.
    pub struct TcpClosed: 136 {
        /// Of [`kind::TCP_CLOSED`](crate::kind::TCP_CLOSED).
        pub header: Header,
        /// `SO_COOKIE` of the socket.
        pub cookie: u64,
        /// From the socket, so the remote one is what the process asked for.
        pub addresses: Addresses,
        /// `sk_err`; 0 for none.
        pub errno: u32,
        /// As they stood at the end.
        pub counters: TcpCounters,
        /// Thread group that worked with it; 0 where unknown.
        pub owner_pid: u32,
        /// One of [`role`](crate::role).
        pub role: u8,
        /// TCP state it left.
        pub from: u8,
        /// Of [`RESETS`], and [`ORPHANED`].
        pub flags: u8,
        /// All TCP flags seen.
        pub tcp_flags: u8,
    }
}

/// Of [`socket_flag`](crate::socket_flag): the two about resets.
pub const RESETS: u8 = crate::socket_flag::RESET_RECEIVED | crate::socket_flag::RESET_SENT;
/// The process had closed the socket before. Where [`socket_flag`](crate::socket_flag) has what is not told.
pub const ORPHANED: u8 = 1;
