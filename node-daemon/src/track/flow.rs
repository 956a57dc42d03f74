//! What is remembered of an open connection or conversation.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use goldwire_l7::{self as l7, Proxied, TlsHandshake, Upgraded};
use goldwire_model::record::{ConnectionId, Ends, Protocol, Reporter, TcpState, Text, Transport};

use crate::{
    decode::{Conversation, Cookie, Direction, KernelTime, TcpCounters},
    identity::Identity,
};

use super::{
    inner::Inner,
    join::Tuple,
    late_answers::LateAnswers,
    leaving::Leaving,
    pairing::Firsts,
    sessions::Random,
    stream_offset::StreamOffset,
    traffic::{Interest, Traffic},
};

/// Names an open flow: a TCP socket, or a UDP socket and whom it talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum FlowKey {
    Tcp(Cookie),
    Udp(Conversation),
}

impl FlowKey {
    pub(super) const fn transport(self) -> Transport {
        match self {
            Self::Tcp(_) => Transport::Tcp,
            Self::Udp(_) => Transport::Udp,
        }
    }

    pub(super) const fn cookie(self) -> Cookie {
        match self {
            Self::Tcp(cookie) | Self::Udp(Conversation { cookie, .. }) => cookie,
        }
    }
}

/// What every record of a flow says.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) connection: ConnectionId,
    pub(super) ends: Ends,
}

/// How far the reports on a flow have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The SYN is out.
    Connecting,
    /// Established, and not reported yet: the other end and the serving process may show up within moments.
    Established,
    /// The first report was made.
    Reported,
}

/// Counters since the socket was opened, as its own end sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) bytes_sent: u64,
    pub(super) bytes_received: u64,
    pub(super) packets_sent: u64,
    pub(super) packets_received: u64,
    pub(super) retransmits: u64,
}

impl From<&TcpCounters> for Totals {
    fn from(counters: &TcpCounters) -> Self {
        Self {
            bytes_sent: counters.bytes_sent,
            bytes_received: counters.bytes_received,
            packets_sent: u64::from(counters.segments_sent),
            packets_received: u64::from(counters.segments_received),
            retransmits: u64::from(counters.retransmits),
        }
    }
}

/// The beginning of TLS on a flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hello {
    pub(super) random: Random,
    pub(super) time: KernelTime,
}

#[derive(Debug)]
pub(super) struct Flow {
    pub(super) about: About,
    /// This socket's own end.
    pub(super) local: SocketAddr,
    /// Where its packets really go.
    pub(super) remote: SocketAddr,
    /// Where the other end sees this one, if that is not [`Self::local`].
    pub(super) seen_at: Option<SocketAddr>,
    pub(super) identity: Option<Arc<Identity>>,
    /// The process worked with the socket, so no other can be its owner.
    pub(super) owner_is_final: bool,
    /// The name that the client asked for.
    pub(super) dns: Option<Text>,
    /// The Kubernetes service; else the address that the client asked for, where it was translated.
    pub(super) service: Option<Text>,
    /// Whose connection a proxy passes on here.
    pub(super) proxied: Option<Proxied>,
    /// Its session is compressed, and counts as such.
    pub(super) is_compressed: bool,
    /// What the TLS inside goes on with.
    pub(super) upgraded: Option<Upgraded>,
    /// Where it is found by its addresses.
    pub(super) tuple: Option<Tuple>,
    /// The other end, while it is open on this node too.
    pub(super) peer: Option<FlowKey>,
    /// When the SYN left, as far as that was seen.
    pub(super) opened: KernelTime,
    /// When the handshake was done.
    pub(super) established: KernelTime,
    pub(super) adopted: bool,
    /// When the kernel was first found not to have it any more.
    pub(super) missing: Option<KernelTime>,
    pub(super) stage: Stage,
    pub(super) state: Option<TcpState>,
    pub(super) connect_latency: Option<Duration>,
    /// What the reports so far add up to.
    pub(super) reported: Totals,
    /// Up to when that is all that moved.
    pub(super) counted: KernelTime,
    pub(super) rtt: Option<Duration>,
    pub(super) rtt_min: Option<Duration>,
    pub(super) streams: [StreamOffset; 2],
    /// Of a TCP connection, once they are known.
    pub(super) firsts: Option<Firsts>,
    /// Up to where the kernel was told to skip, by direction.
    pub(super) skip_told: [u64; 2],
    pub(super) traffic: Traffic,
    /// What the kernel was last told to be wanted.
    pub(super) interest: Interest,
    /// Segments since then.
    pub(super) since_wish: u8,
    /// It is in the list of flows that wait for something.
    pub(super) waits: bool,
    pub(super) protocol: Option<Protocol>,
    pub(super) tls: TlsHandshake,
    /// The handshake's duration was reported.
    pub(super) tls_latency_is_told: bool,
    /// What the client began TLS with, where it did.
    pub(super) hello: Option<Hello>,
    /// What runs inside of the TLS, where that is seen.
    pub(super) inner: Option<Box<Inner>>,
    /// What was seen of the client's leaving.
    pub(super) leaving: Leaving,
    pub(super) late: LateAnswers,
    /// The kernel dropped packets of it since the last report.
    pub(super) is_dropped: bool,
}

impl Flow {
    pub(super) fn is_client(&self) -> bool {
        self.about.ends.reporter == Reporter::Client
    }

    /// From the socket's way of seeing it to the connection's.
    pub(super) fn direction(&self, direction: Direction) -> l7::Direction {
        way(direction, self.is_client())
    }

    /// What runs on it, or inside of its TLS.
    pub(super) fn protocol(&self) -> Option<Protocol> {
        self.inner.as_ref().and_then(|inner| inner.protocol).or(self.protocol)
    }

    /// Whether something is held or waited for that time may end.
    pub(super) fn waits_for_something(&self) -> bool {
        let inner_waits = self.inner.as_ref().is_some_and(|inner| inner.traffic.waits());
        self.traffic.waits() || inner_waits || self.late.len() > 0
    }

    /// The same, where it did not before.
    pub(super) fn begins_to_wait(&mut self) -> bool {
        let begins = !self.waits && self.waits_for_something();
        self.waits |= begins;
        begins
    }

    pub(super) fn stream(&mut self, direction: Direction) -> &mut StreamOffset {
        &mut self.streams[direction as usize]
    }

    pub(super) fn take_measures(&mut self, counters: &TcpCounters) {
        self.rtt = counters.rtt.or(self.rtt);
        self.rtt_min = counters.rtt_min.or(self.rtt_min);
    }
}

/// From an end's way of seeing it to the connection's.
pub(super) const fn way(direction: Direction, is_client: bool) -> l7::Direction {
    match (direction, is_client) {
        (Direction::Egress, true) | (Direction::Ingress, false) => l7::Direction::Request,
        (Direction::Ingress, true) | (Direction::Egress, false) => l7::Direction::Response,
    }
}
