//! The words that events are made of.

use std::{fmt, net::SocketAddr, time::Duration};

/// Names a socket for as long as the kernel runs, in every network namespace (`SO_COOKIE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cookie(pub u64);

/// Names a session of a TLS library; never comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionNumber(pub u64);

/// Nanoseconds of `CLOCK_MONOTONIC`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KernelTime(pub u64);

/// Nanoseconds since boot by `CLOCK_BOOTTIME`, which goes on while the machine sleeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BootTime(pub u64);

impl KernelTime {
    /// How long after `earlier` this is; zero where it is not after.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A TCP sequence number; it wraps, so it is compared by distance only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SequenceNumber(pub u32);

impl SequenceNumber {
    /// How many bytes after `earlier` this is; negative where it is before.
    #[must_use]
    pub const fn distance(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    /// The number `bytes` further on.
    #[must_use]
    pub const fn plus(self, bytes: u32) -> Self {
        Self(self.0.wrapping_add(bytes))
    }
}

/// The two ends of a connection as its socket sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Addresses {
    /// The socket's own end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
}

/// Which way payload passed the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The socket receives.
    Ingress,
    /// The socket sends.
    Egress,
}

/// Which end of a connection a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It connected.
    Client,
    /// It was accepted.
    Server,
    /// The socket is older than the daemon and nothing tells.
    Unknown,
}

/// Who sent the RST.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reset {
    /// The end on this node whose socket was observed.
    Local,
    /// The other end, or something on the way that spoke for it.
    Remote,
}

/// TCP states by the kernel's numbers (`include/net/tcp_states.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SocketState {
    /// `TCP_ESTABLISHED`: open in both directions.
    Established = 1,
    /// `TCP_SYN_SENT`: a client whose SYN was not answered yet.
    SynSent = 2,
    /// `TCP_SYN_RECV`: an accepted socket whose handshake lacks the last ACK.
    SynRecv = 3,
    /// `TCP_FIN_WAIT1`: closed here first, and the FIN was not acknowledged yet.
    FinWait1 = 4,
    /// `TCP_FIN_WAIT2`: closed here first, and the other end may still send.
    FinWait2 = 5,
    /// `TCP_TIME_WAIT`: closed at both ends, and kept for late packets.
    TimeWait = 6,
    /// `TCP_CLOSE`: no connection.
    Close = 7,
    /// `TCP_CLOSE_WAIT`: closed by the other end first, and open here.
    CloseWait = 8,
    /// `TCP_LAST_ACK`: closed by the other end first, then here, and the FIN was not acknowledged yet.
    LastAck = 9,
    /// `TCP_LISTEN`: waits for connections, and is none.
    Listen = 10,
    /// `TCP_CLOSING`: closed at both ends at once, and the FIN was not acknowledged yet.
    Closing = 11,
    /// `TCP_NEW_SYN_RECV`: a request at a listener, for which there is no full socket yet.
    NewSynRecv = 12,
}

impl SocketState {
    /// From the kernel's number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Established,
            2 => Self::SynSent,
            3 => Self::SynRecv,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 => Self::Close,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            12 => Self::NewSynRecv,
            _ => return None,
        })
    }
}

/// A process, as read in its own context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Thread group: what user space calls pid.
    pub pid: u32,
    /// Of the thread that ran, where it has a name of its own.
    pub comm: Comm,
    /// Id of the process's cgroup in the v2 hierarchy: the inode number of its directory.
    pub cgroup: u64,
}

/// A command name of at most 15 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Comm(pub [u8; 16]);

impl Comm {
    /// The text up to its NUL; empty where it is no UTF-8.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl fmt::Debug for Comm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), out)
    }
}

/// The kernel's own counters of a TCP socket, since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpCounters {
    /// Payload handed to the network, each byte once: retransmissions are not in it.
    pub bytes_sent: u64,
    /// Payload received in order, each byte once. (The kernel's own number has one more once a FIN came.)
    pub bytes_received: u64,
    /// What the other end acknowledged, as the kernel counts: SYN and FIN are a byte each.
    pub bytes_acked: u64,
    /// As on the wire, with and without payload, retransmissions included.
    pub segments_sent: u32,
    /// As on the wire, with and without payload.
    pub segments_received: u32,
    /// The part of `segments_sent` with payload.
    pub data_segments_sent: u32,
    /// The part of `segments_received` with payload.
    pub data_segments_received: u32,
    /// Retransmitted segments, SYN included.
    pub retransmits: u32,
    /// Smoothed; absent before the first measurement.
    pub rtt: Option<Duration>,
    /// Smallest within the kernel's window (`tcp_min_rtt_wlen`, 5 minutes by default); absent likewise.
    pub rtt_min: Option<Duration>,
}
