//! What the probes tell, as types. Borrowed from the ring where it has a length, so decoding allocates nothing.
//!
//! Rules that hold for every event:
//! * `time` is the kernel's monotonic clock; within one ring events are in the order in which the kernel made them, and
//!   [`Receiver::poll`](crate::receive::Receiver::poll) hands the two rings out merged by time.
//! * Addresses are seen from the socket: `local` is its own end. IPv4-mapped addresses are IPv4.
//! * Counters are cumulative since the socket was opened, never increments.

use std::net::SocketAddr;

use super::{Addresses, Cookie, Direction, KernelTime, Owner, Reset, Role, SequenceNumber, SocketState, TcpCounters};

mod plaintext;
mod process;

pub use plaintext::{Plaintext, PlaintextEnded, PlaintextSession};
pub use process::{Arguments, ProcessExecuted, ProcessExited, ProcessForked};

/// One thing that happened in the kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'a> {
    /// A process called `connect`.
    TcpConnecting(TcpConnecting),
    /// A handshake is done.
    TcpEstablished(TcpEstablished),
    /// Packets go elsewhere than the socket asked.
    TcpTranslated(TcpTranslated),
    /// See [`TcpBeginning`].
    TcpBeginning(TcpBeginning),
    /// A connection whose beginning was not seen.
    TcpAdopted(TcpAdopted),
    /// A process listens.
    TcpListening(TcpListening),
    /// How an open connection stands.
    TcpCounters(TcpReport),
    /// All of these that moved were told.
    TcpCounted(TcpCounted),
    /// Which connections the kernel has.
    TcpOpen(TcpOpen<'a>),
    /// A connection, or an attempt at one, ended.
    TcpClosed(TcpClosed),
    /// A socket got the process that works with it.
    SocketOwned(SocketOwned),
    /// Payload of TCP, or a FIN without any.
    TcpSegment(TcpSegment<'a>),
    /// The first datagram of a UDP conversation.
    ConversationOpened(ConversationOpened),
    /// The datagrams of a conversation go elsewhere than the socket asked.
    ConversationTranslated(ConversationTranslated),
    /// How an open conversation stands; every second while it moves.
    ConversationCounters(ConversationReport),
    /// How a conversation stood when its socket was closed, or when it had been silent for a while.
    ConversationClosed(ConversationReport),
    /// Payload of UDP.
    Datagram(Datagram<'a>),
    /// Something is about to pass a session of a TLS library for the first time.
    PlaintextSession(PlaintextSession<'a>),
    /// Something passed it.
    Plaintext(Plaintext<'a>),
    /// Nothing passes it any more.
    PlaintextEnded(PlaintextEnded),
    /// The kernel dropped packets; told once a second, and before ends of flows.
    PacketsDropped(PacketsDropped<'a>),
    /// A process was created.
    ProcessForked(ProcessForked),
    /// A process runs a new executable.
    ProcessExecuted(ProcessExecuted<'a>),
    /// A process ended.
    ProcessExited(ProcessExited),
    /// Queues or windows were full; told once a second, and only where something was.
    Saturation(Saturation),
    /// UNIX sockets were counted.
    UnixSockets(UnixSockets),
}

/// A process called `connect`; the SYN is about to leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpConnecting {
    /// Before the SYN is sent: where latency of the handshake begins.
    pub time: KernelTime,
    /// The connecting socket.
    pub cookie: Cookie,
    /// The remote address is the one that was asked for. The local port is 0 where the kernel has yet to choose it;
    /// the events that follow have it.
    pub addresses: Addresses,
    /// The process that called.
    pub owner: Owner,
}

/// The handshake is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpEstablished {
    /// At the client the SYN with ACK came, at the server the ACK that answers it.
    pub time: KernelTime,
    /// The connection's own socket, also at the server.
    pub cookie: Cookie,
    /// A client's remote address is the one that was asked for, see [`TcpTranslated`].
    pub addresses: Addresses,
    /// Never [`Role::Unknown`].
    pub role: Role,
    /// From SYN to established; only at the client, and absent where the SYN was not seen.
    pub connect_latency: Option<std::time::Duration>,
    /// Sequence number of the first payload byte this socket sends.
    pub first_sent: SequenceNumber,
    /// Sequence number of the first payload byte this socket receives.
    pub first_received: SequenceNumber,
    /// Process that opened the connection (client). Absent at the server: the first reader or writer tells, see
    /// [`SocketOwned`].
    pub owner_pid: Option<u32>,
}

/// The packets go to another address than the one the socket asked for: a service address (DNAT) was translated.
/// Comes at the client only, with its SYN or, for an adopted socket, its first segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpTranslated {
    /// Of the packet by which it was seen.
    pub time: KernelTime,
    /// The client's socket.
    pub cookie: Cookie,
    /// Where the packets really go.
    pub remote: SocketAddr,
}

/// The connection is older than the daemon, or was missed for another reason; its counters count from `base`.
/// May come twice for one cookie: the first `base` counts, and the second adds role and owner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpAdopted {
    /// When it was taken in, not when it began.
    pub time: KernelTime,
    /// The connection's socket.
    pub cookie: Cookie,
    /// By the first segment that was seen, else by the kernel's list of sockets.
    pub addresses: Addresses,
    /// By the listeners that are there; [`Role::Unknown`] where the probes took it in, until a sweep tells more.
    pub role: Role,
    /// As they stood at `time`; what they hold happened before.
    pub base: TcpCounters,
    /// Absent where no process was found that holds the socket.
    pub owner_pid: Option<u32>,
}

/// Where the streams of a connection began of which no handshake was seen. Comes with its first segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpBeginning {
    /// Of the segment.
    pub time: KernelTime,
    /// The connection's socket.
    pub cookie: Cookie,
    /// By the kernel's counters; [`Role::Unknown`] where they do not tell.
    pub role: Role,
    /// What the socket sends begins here: at a client with its SYN, at a server with its first payload byte.
    pub sent_from: SequenceNumber,
    /// Sequence number of the first payload byte that the socket received.
    pub first_received: SequenceNumber,
}

/// A process listens on an address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpListening {
    /// When it began to listen; for an older listener, when it was found.
    pub time: KernelTime,
    /// The listener's own, not that of any connection.
    pub cookie: Cookie,
    /// The address is unspecified where it listens on all of them.
    pub local: SocketAddr,
    /// Absent for a listener older than the daemon whose holder was not found.
    pub owner_pid: Option<u32>,
}

/// How a connection stands; every second while it moves, or more seldom where there are very many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpReport {
    /// When the counters were read.
    pub time: KernelTime,
    /// When they were read before, and had not moved or were told; zero where they were not read yet.
    pub since: KernelTime,
    /// The connection's socket.
    pub cookie: Cookie,
    /// As they stood at `time`.
    pub counters: TcpCounters,
}

/// Every open connection whose counters moved before `time` had a [`TcpReport`] since.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpCounted {
    /// Before the first of the counters was read.
    pub time: KernelTime,
}

/// The sockets that the probes knew at a moment; told every few seconds. A connection that is older and not among them has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpOpen<'a> {
    /// Before the list was made.
    pub time: KernelTime,
    /// In ascending order.
    pub cookies: &'a [u64],
}

/// The connection, or the attempt at one, ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpClosed {
    /// When the socket left its last state; `TIME_WAIT` is not waited for.
    pub time: KernelTime,
    /// The connection's socket.
    pub cookie: Cookie,
    /// The remote address is the one that was asked for, see [`TcpTranslated`].
    pub addresses: Addresses,
    /// [`Role::Unknown`] where only the probes took it in.
    pub role: Role,
    /// The state it left. [`SocketState::SynSent`] says that the connect failed, or was given up.
    pub from: SocketState,
    /// `sk_err`: why the kernel ended it (`ECONNREFUSED`, `ECONNRESET`, `ETIMEDOUT`, `EHOSTUNREACH` …); absent for an
    /// orderly end and for a local abort.
    pub errno: Option<i32>,
    /// Who reset it, if anybody.
    pub reset: Option<Reset>,
    /// The process had closed the socket before the kernel did: it read no longer what came.
    pub is_orphan: bool,
    /// As they stood at the end.
    pub counters: TcpCounters,
    /// All TCP flags seen in either direction, as in the header, of segments that had payload, SYN, FIN or RST.
    pub tcp_flags: u8,
    /// The process that worked with it; absent where none was seen to.
    pub owner_pid: Option<u32>,
}

/// The process that works with a socket: the one that connected, or that first read or wrote an accepted one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SocketOwned {
    /// Of the first read or write that was seen.
    pub time: KernelTime,
    /// TCP or UDP.
    pub cookie: Cookie,
    /// No other takes its place later.
    pub owner: Owner,
}

/// Payload passed a TCP socket: one buffer of up to 64 KiB and more, before the kernel cuts it (egress) or after it
/// joined it (ingress). Retransmitted and overlapping bytes come again: order by `sequence`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpSegment<'a> {
    /// When the hook saw it: going out after TCP, coming in before TCP.
    pub time: KernelTime,
    /// The connection's socket, unless `at_listener` is present.
    pub cookie: Cookie,
    /// Seen from the socket on this node.
    pub direction: Direction,
    /// Of the first payload byte of the buffer (a SYN's own number is already added).
    pub sequence: SequenceNumber,
    /// Payload bytes of the buffer.
    pub length: u32,
    /// Where `prefix` begins in the payload: more than 0 where a body that the daemon asked to skip ends in here.
    pub skipped: u32,
    /// The payload from `skipped` on, as far as it was captured.
    pub prefix: &'a [u8],
    /// The last bytes of the payload where `prefix` does not reach them, else empty.
    pub tail: &'a [u8],
    /// As in the header.
    pub tcp_flags: u8,
    /// Present where the kernel has no socket of its own for the connection yet (data with the last ACK of the handshake,
    /// `TCP_DEFER_ACCEPT`, TCP Fast Open): `cookie` is the listener's then, and the connection's [`TcpEstablished`] with
    /// these addresses follows.
    pub at_listener: Option<Addresses>,
}

/// The first datagram between a UDP socket and a remote address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConversationOpened {
    /// Of the first datagram.
    pub time: KernelTime,
    /// The key that all further events have.
    pub conversation: Conversation,
    /// Of the first datagram: who sends it is the client.
    pub first: Direction,
    /// The socket's own end, as the datagram has it.
    pub local: SocketAddr,
    /// The process that created the socket, or first used it.
    pub owner_pid: Option<u32>,
}

/// The datagrams pass translated addresses: they go to another address than the one that the socket asked for (DNAT), or the
/// other end sees another one of this end (SNAT).
/// Comes after the conversation's [`ConversationOpened`], and again where the address changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConversationTranslated {
    /// Of the datagram by which it was seen.
    pub time: KernelTime,
    /// With the address that was asked for.
    pub conversation: Conversation,
    /// Where the datagrams really go.
    pub remote: SocketAddr,
    /// As the other end sees this one, where connection tracking tells it.
    pub local: Option<SocketAddr>,
}

/// Names a UDP conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conversation {
    /// The socket on this node.
    pub cookie: Cookie,
    /// The other end, as datagrams have it.
    pub remote: SocketAddr,
}

/// How a conversation stands, or stood when it ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConversationReport {
    /// When the counters were read, or when the socket was closed.
    pub time: KernelTime,
    /// When they were read before, and had not moved or were told; else when the conversation began.
    pub since: KernelTime,
    /// As in its [`ConversationOpened`].
    pub conversation: Conversation,
    /// Since it opened; each by itself, also where the kernel joined several to one buffer.
    pub datagrams_sent: u64,
    /// Likewise.
    pub datagrams_received: u64,
    /// UDP payload.
    pub bytes_sent: u64,
    /// Likewise.
    pub bytes_received: u64,
    /// Of the last datagram in either direction.
    pub last: KernelTime,
}

/// A datagram that may be DNS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Datagram<'a> {
    /// When it passed the socket.
    pub time: KernelTime,
    /// As in its [`ConversationOpened`].
    pub conversation: Conversation,
    /// The socket's own end, as the datagram has it.
    pub local: SocketAddr,
    /// Seen from the socket on this node.
    pub direction: Direction,
    /// UDP payload bytes; `payload` may be shorter.
    pub length: u32,
    /// Its beginning: at most 4 KiB.
    pub payload: &'a [u8],
}

/// Packets that the kernel dropped, alike in flow, reason and place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PacketsDropped<'a> {
    /// Of the last of them.
    pub time: KernelTime,
    /// Of the packet itself, so seen from no socket.
    pub source: SocketAddr,
    /// Likewise; with NAT, as it was at the place where it was dropped.
    pub destination: SocketAddr,
    /// IP protocol number. Ports are 0 where the protocol has none.
    pub protocol: u8,
    /// The kernel's own name without its prefix, such as `NETFILTER_DROP`.
    pub reason: &'a str,
    /// The kernel function; empty where kallsyms cannot be read.
    pub place: &'a str,
    /// Inode of the network namespace, 0 where unknown.
    pub network_namespace: u32,
    /// Since the last event on the same flow, reason and place.
    pub count: u64,
    /// Of these packets, IP headers included.
    pub bytes: u64,
}

/// UNIX stream sockets of all network namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnixSockets {
    /// When they were counted.
    pub time: KernelTime,
    /// Pairs that are connected.
    pub connections: u64,
}

/// Saturation counters of the daemon's network namespace, as increments since the last such event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saturation {
    /// When the counters were read.
    pub time: KernelTime,
    /// Handshakes that a listener turned away, since its accept queue was full (`ListenOverflows`).
    pub accept_queue_overflows: u64,
    /// How often a socket told the other end to send nothing more, since its receive buffer was full
    /// (`TCPToZeroWindowAdv`); 0 where this kernel does not count it.
    pub zero_windows: u64,
}
