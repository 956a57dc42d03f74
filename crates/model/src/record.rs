//! Records as the daemon hands them to history: one type a table of the design.
//!
//! `source` is who opened the connection (the client), `destination` who accepted it (the server), whoever reports.
//! `sent` is from source to destination, `received` the other way.

use std::{net::IpAddr, sync::Arc, time::Duration};

use crate::time::Timestamp;

mod names;

pub use names::{UnknownName, tcp_flags_text};

/// Text that many records share.
pub type Text = Arc<str>;

/// One end of a connection, as far as this node knew it when the record was made. Absent means not known here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// IPv4-mapped IPv6 addresses are stored as IPv4.
    pub address: IpAddr,
    /// True where a process of this end runs on this node, so that absent identity is unknown for good rather than
    /// known to another node.
    pub local: bool,
    /// What groups processes for people: a name by hand, the Kubernetes workload, the compose service, the systemd unit, the
    /// container, else the executable's name.
    pub workload: Option<Text>,
    /// Kubernetes namespace.
    pub namespace: Option<Text>,
    /// Kubernetes pod.
    pub pod: Option<Text>,
    /// Kubernetes service.
    pub service: Option<Text>,
    /// Name or id of the container.
    pub container: Option<Text>,
    /// Image of the container.
    pub image: Option<Text>,
    /// The command name of the process (`comm`).
    pub process: Option<Text>,
    /// Path of the executable.
    pub executable: Option<Text>,
    /// Process id, in the node's own process namespace.
    pub pid: Option<u32>,
    /// Names of the parents, nearest first, joined by ` < `.
    pub ancestry: Option<Text>,
    /// Name of the node this end runs on.
    pub node: Option<Text>,
    /// The DNS name that the client had asked for to get this address.
    pub dns: Option<Text>,
    /// What the reverse DNS calls this address, where that is looked up; never beside `dns`.
    pub reverse_dns: Option<Text>,
    /// What a proxy calls this end of the connection that it passes on (PROXY protocol): who really asks, or was asked.
    pub proxied_address: Option<IpAddr>,
    /// Sorted by key.
    pub labels: Arc<[(Text, Text)]>,
}

/// Who reports: the side whose socket was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reporter {
    /// The socket of who opened the connection.
    Client,
    /// The socket of who accepted it.
    Server,
}

/// The protocol above IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Any other IP protocol, by its number (only drops have these).
    Other(u8),
}

/// The two ends and how they are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ends {
    /// The client.
    pub source: Arc<Endpoint>,
    /// Its port.
    pub source_port: u16,
    /// The server.
    pub destination: Arc<Endpoint>,
    /// Its port.
    pub destination_port: u16,
    /// TCP, UDP or, in drops, another IP protocol.
    pub transport: Transport,
    /// Whose socket was observed.
    pub reporter: Reporter,
    /// Nothing told yet who opened the connection: source and destination, and so the reporter, are a guess that both ends make
    /// alike. Shown as `unknown`.
    pub role_is_guess: bool,
    /// The other end of this connection is observed on this node too, so a second report of it is in this history.
    /// By default the client's report of a joined connection is not counted.
    pub joined: bool,
    /// The same at both ends, whatever translates addresses between them. Absent where it is not known.
    pub pairing: Option<PairingId>,
}

/// Names a connection on every node that sees an end of it. Of TCP: the client's initial sequence number in the upper half and
/// the server's in the lower half, which address translation leaves alone. Of a DNS exchange over UDP: a digest of its question
/// and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PairingId(pub u64);

/// Names a connection on this node for as long as history lasts. A joined connection has one id at both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// What kind of report on a flow this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlowEvent {
    /// The connection was established, or the first datagram seen.
    Start,
    /// The socket was open before the daemon started; counters begin at zero here.
    Adopted,
    /// At least every 10 s while it moves.
    Update,
    /// It ended; see `ending`.
    End,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// FIN both ways, or a UDP conversation that went quiet.
    Closed,
    /// A reset came from the source's side.
    ResetBySource,
    /// A reset came from the destination's side, after the connection was established.
    ResetByDestination,
    /// The connect was answered by a reset.
    Refused,
    /// Nobody answered.
    TimedOut,
    /// ICMP or the routing table said that there is no way.
    Unreachable,
    /// The connect was given up by the caller, or failed for another reason.
    Aborted,
}

/// What became of it, in Hubble's sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It went through.
    Forwarded,
    /// The kernel dropped it.
    Dropped,
    /// The other end refused it.
    Refused,
    /// It failed otherwise.
    Error,
}

/// TCP states by the kernel's numbers (`include/net/tcp_states.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TcpState {
    /// Open both ways.
    Established = 1,
    /// The client waits for an answer to its SYN.
    SynSent = 2,
    /// The server has answered a SYN.
    SynRecv = 3,
    /// This side has closed; its FIN is not acknowledged.
    FinWait1 = 4,
    /// This side has closed; the other has not.
    FinWait2 = 5,
    /// Both have closed; late segments may still come.
    TimeWait = 6,
    /// Not connected.
    Close = 7,
    /// The other side has closed; this one has not.
    CloseWait = 8,
    /// Both have closed; this side's FIN is not acknowledged.
    LastAck = 9,
    /// Waits for connections.
    Listen = 10,
    /// Both closed at once.
    Closing = 11,
    /// A connection request that has no socket of its own yet.
    NewSynRecv = 12,
}

/// A report on a flow. Counters hold what changed since the flow's last report.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowRecord {
    /// When the report was made.
    pub time: Timestamp,
    /// When the time that the counters are about begins; it ends at `time`.
    pub since: Timestamp,
    /// When the connection was opened (an adopted one: when it was first seen).
    pub start: Timestamp,
    /// Which connection.
    pub connection: ConnectionId,
    /// Between whom.
    pub ends: Ends,
    /// What kind of report.
    pub event: FlowEvent,
    /// TCP state at the time of the report; absent for UDP.
    pub state: Option<TcpState>,
    /// On the last report and on no other.
    pub ending: Option<Ending>,
    /// What became of it.
    pub verdict: Verdict,
    /// TCP flags seen since the last report, as in the TCP header (FIN 1, SYN 2, RST 4, PSH 8, ACK 16 …).
    pub tcp_flags: u8,
    /// Payload bytes, without retransmissions.
    pub bytes_sent: u64,
    /// The other way.
    pub bytes_received: u64,
    /// Segments (TCP, by the kernel's counters) or datagrams (UDP).
    pub packets_sent: u64,
    /// The other way.
    pub packets_received: u64,
    /// Retransmitted segments, both directions as far as this reporter's socket sent them.
    pub retransmits: u64,
    /// TCP resets seen, sent or received.
    pub resets: u32,
    /// Smoothed RTT at the time of the report.
    pub rtt: Option<Duration>,
    /// Smallest RTT that the kernel has seen.
    pub rtt_min: Option<Duration>,
    /// From SYN to established, on the client's side; on the report that says so and on no other.
    pub connect_latency: Option<Duration>,
    /// Server name of the TLS hello.
    pub tls_sni: Option<Text>,
    /// The application protocol that the TLS handshake chose, else the first that the client offered.
    pub tls_alpn: Option<Text>,
    /// Version that the TLS handshake chose, such as `1.3`.
    pub tls_version: Option<Text>,
    /// From the client's hello to the end of the TLS handshake; on the report that says so and on no other.
    pub tls_handshake_latency: Option<Duration>,
    /// Application protocol, once it was recognised.
    pub protocol: Option<Protocol>,
}

/// Application protocols, `network.protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// HTTP/1.
    Http,
    /// HTTP/2 without gRPC.
    Http2,
    /// gRPC.
    Grpc,
    /// DNS.
    Dns,
    /// Redis.
    Redis,
    /// PostgreSQL.
    Postgresql,
    /// MySQL.
    Mysql,
    /// Kafka.
    Kafka,
    /// TLS whose plaintext was not seen.
    Tls,
    /// QUIC.
    Quic,
}

/// Why an exchange did not go as it should, `error.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExchangeError {
    /// HTTP 500 and above, a server-side gRPC status, a DNS code other than NOERROR and NXDOMAIN, a database error.
    Status,
    /// The server closed the connection, or the time ran out, before an answer.
    NoAnswer,
    /// The answer began and never ended: the server closed the connection, or it failed.
    Truncated,
    /// The client closed the connection in an orderly way before the answer was complete. No fault of a server's.
    ClosedByClient,
    /// The client ended it early: by resetting the stream (HTTP/2), or the connection. No fault of a server's.
    ResetByClient,
    /// The server did.
    ResetByServer,
    /// The server said that it did not look at it (HTTP/2 GOAWAY), so that it may be asked again. No fault of a server's.
    Refused,
}

impl ExchangeError {
    /// Whether it counts in `error_rate`, `error_ratio` and `dns_error_rate`: a client that takes back what it asked, and a
    /// server that was not ready to begin, have not failed.
    #[must_use]
    pub const fn is_counted(self) -> bool {
        !matches!(self, Self::ClosedByClient | Self::ResetByClient | Self::Refused)
    }

    /// Whether it counts in `client_closed_rate`: the client did not wait for the answer.
    #[must_use]
    pub const fn is_left_by_client(self) -> bool {
        matches!(self, Self::ClosedByClient | Self::ResetByClient)
    }
}

/// One exchange: a request and its answer, on any application protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestRecord {
    /// When the answer ended.
    pub time: Timestamp,
    /// When the first byte of the request was seen.
    pub start: Timestamp,
    /// On which connection.
    pub connection: ConnectionId,
    /// Between whom.
    pub ends: Ends,
    /// Where it is on its connection, as both ends see it: the lower 32 bits of its first byte's offset in what the client sends,
    /// of HTTP/2 the stream's number, of DNS the message's id. With [`Ends::pairing`] it names an exchange on every node. Absent
    /// where the request, or where its stream began, was not seen.
    pub position: Option<u32>,
    /// Application protocol.
    pub protocol: Protocol,
    /// From the first byte of the request to the last byte of the answer. Absent where no answer ended.
    pub latency: Option<Duration>,
    /// From the first byte of the request to the first byte of the answer.
    pub latency_first_byte: Option<Duration>,
    /// Size of the request as on the wire, headers included.
    pub request_bytes: u64,
    /// Size of the answer as on the wire, headers included.
    pub response_bytes: u64,
    /// Why it counts as an error; absent where it is none.
    pub error: Option<ExchangeError>,
    /// 16 bytes of a W3C `traceparent` (or B3) header.
    pub trace_id: Option<[u8; 16]>,
    /// The caller's span in that header: parent of what this exchange is.
    pub span_id: Option<[u8; 8]>,
    /// What only its protocol has.
    pub detail: Detail,
}

/// What only one protocol has.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// HTTP/1 and HTTP/2.
    Http {
        /// `http.request.method`; absent where the request was not seen (adopted in mid-exchange).
        method: Option<Text>,
        /// `url.path` without its query string.
        path: Option<Text>,
        /// `http.route`: the path with its ids replaced by `{id}`.
        route: Option<Text>,
        /// `http.host`.
        host: Option<Text>,
        /// `http.response.status_code`; absent where no answer was seen. Never invented.
        status: Option<u16>,
        /// `user_agent.class`: what kind of client says it asks, such as `browser` or `curl`; never its whole header.
        user_agent: Option<Text>,
        /// `error.code`: HTTP/2's name of why the stream was reset or refused, such as `CANCEL`.
        error_code: Option<Text>,
    },
    /// gRPC.
    Grpc {
        /// `service/method`.
        method: Option<Text>,
        /// `rpc.status_code`; absent where no trailer was seen.
        status: Option<u32>,
        /// Messages that the client sent in this call; absent where they could not be counted.
        request_messages: Option<u64>,
        /// Messages that the server sent in this call; absent where they could not be counted.
        response_messages: Option<u64>,
        /// `error.code`: as of HTTP.
        error_code: Option<Text>,
    },
    /// DNS.
    Dns {
        /// `dns.question.name`.
        name: Text,
        /// `A`, `AAAA`, … as in the registry, `TYPE65` style for the unknown.
        question_type: Text,
        /// `NOERROR`, `NXDOMAIN`, …; absent where nothing answered.
        code: Option<Text>,
        /// Answers in text, joined by `, `.
        answers: Option<Text>,
        /// `dns.ttl`: the smallest TTL of the answers in seconds; absent where there is none.
        ttl: Option<u32>,
        /// `dns.retries`: how often the query was sent again; absent where it was not seen.
        retries: Option<u32>,
    },
    /// Redis, PostgreSQL, MySQL.
    Database {
        /// `db.operation`.
        operation: Option<Text>,
        /// `db.target`.
        target: Option<Text>,
        /// `db.query.text`: the statement with its literals replaced by `?`.
        statement: Option<Text>,
        /// `error.code`: the database's own code; absent where the exchange is no error.
        error_code: Option<Text>,
    },
    /// Kafka.
    Messaging {
        /// What was asked for, such as `Produce`.
        operation: Option<Text>,
        /// `messaging.destination`: the topic.
        destination: Option<Text>,
        /// `error.code`: the broker's own code; absent where the exchange is no error.
        error_code: Option<Text>,
    },
}

/// A dropped packet, or a group of like ones.
#[derive(Clone, Debug, PartialEq)]
pub struct DropRecord {
    /// When it was dropped; of a group, the last.
    pub time: Timestamp,
    /// Between whom the packet went.
    pub ends: Ends,
    /// The kernel's own name without its prefix, such as `NETFILTER_DROP` (`enum skb_drop_reason`).
    pub reason: Text,
    /// The kernel function that dropped it, where kallsyms can be read.
    pub place: Option<Text>,
    /// How many packets.
    pub count: u64,
    /// Their size together.
    pub bytes: u64,
}

/// What happened to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProcessEvent {
    /// It began to run a program.
    Exec,
    /// It ended.
    Exit,
    /// It was noticed, and nothing was seen of its beginning: it is older than the daemon, or was forked and executed
    /// nothing.
    Seen,
}

/// A process began, ended or was noticed.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessRecord {
    /// When.
    pub time: Timestamp,
    /// What happened.
    pub event: ProcessEvent,
    /// Its process id, in the node's own process namespace.
    pub pid: u32,
    /// Its parent's.
    pub parent: u32,
    /// Its command name (`comm`).
    pub process: Text,
    /// Path of its executable.
    pub executable: Option<Text>,
    /// Its command line: arguments joined by spaces, at most 512 bytes of them, with what looks like a secret replaced by
    /// `***` and ` …` behind it where there is more. Absent where it could not be read.
    pub arguments: Option<Text>,
    /// Name of its effective user, else the number.
    pub user: Option<Text>,
    /// When it was made (forked): to the nanosecond, to a hundredth of a second where it was noticed only. Absent where
    /// the kernel did not tell.
    pub start: Option<Timestamp>,
    /// What groups processes for people.
    pub workload: Option<Text>,
    /// Name or id of its container.
    pub container: Option<Text>,
    /// Names of the parents, nearest first, joined by ` < `.
    pub ancestry: Option<Text>,
    /// As in `wait(2)`: present on exit only.
    pub exit_code: Option<i32>,
}

/// Node-wide saturation counters of the kernel (`/proc/net/netstat`), as increments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SaturationRecord {
    /// End of the interval that the increments are of.
    pub time: Timestamp,
    /// `ListenOverflows`
    pub accept_queue_overflows: u64,
    /// `TCPToZeroWindowAdv`
    pub zero_windows: u64,
}

/// Anything that history takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A report on a flow.
    Flow(FlowRecord),
    /// An exchange.
    Request(RequestRecord),
    /// Dropped packets.
    Drop(DropRecord),
    /// A process began or ended.
    Process(ProcessRecord),
    /// The node's own counters.
    Saturation(SaturationRecord),
}
