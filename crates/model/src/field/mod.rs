//! Fields as users spell them, and what each is.
//!
//! The names are those of OpenTelemetry where it has one. `catalogue` holds the one list of them: name, kind, tables
//! and description; everything else here asks it.

use std::borrow::Cow;

mod catalogue;
mod parse;
mod table;

pub use parse::UnknownField;
pub use table::{Table, UnknownTable};

/// A property of one end of a connection: the part behind `source.` or `destination.`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndField {
    /// `address`: the IP address. Always known.
    Address,
    /// `port`: the TCP or UDP port. Always known.
    Port,
    /// `workload`: what groups processes for people: Kubernetes workload, systemd unit, container, else the executable's name.
    Workload,
    /// `namespace`: of Kubernetes.
    Namespace,
    /// `pod`: of Kubernetes.
    Pod,
    /// `service`: of Kubernetes.
    Service,
    /// `container`: its name or id.
    Container,
    /// `image`: of the container.
    Image,
    /// `process`: the command name.
    Process,
    /// `executable`: its path.
    Executable,
    /// `pid`: as the node's own process namespace has it.
    Pid,
    /// `ancestry`: names of the parents, nearest first, joined by ` < `.
    Ancestry,
    /// `node`: the node that this end runs on.
    Node,
    /// `dns`: the name that the client had asked for to get this address.
    Dns,
    /// `reverse_dns`: what the reverse DNS calls this address, where no name was asked for and the daemon looks it up.
    ReverseDns,
    /// `proxied_address`: this end's address on the connection that a proxy passes on (PROXY protocol).
    ProxiedAddress,
    /// `labels.<key>`
    Label(Box<str>),
}

/// Stands for all keys in the place of a label's.
pub const LABEL_KEYS: &str = "*";

/// Which end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The client: who opened the connection.
    Source,
    /// The server.
    Destination,
}

/// A field of a table, by the names of the design (section 3). Its text is [`Field::name`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// `source.*` and `destination.*`
    End(Side, EndField),
    /// `time`: when the record ended.
    Time,
    /// `start`: when the connection was opened, or the request's first byte was seen.
    Start,
    /// `connection`: names a connection on its node.
    Connection,
    /// `network.transport`: `tcp`, `udp`, else the IP protocol's number.
    NetworkTransport,
    /// `network.protocol`: the application protocol.
    NetworkProtocol,
    /// `network.type`: `ipv4` or `ipv6`
    NetworkType,
    /// `direction`: `egress` where the client reports, `ingress` where the server does
    Direction,
    /// `verdict`: `forwarded`, `dropped`, `refused`, `error`
    Verdict,
    /// `drop.reason`: the kernel's own name, such as `NETFILTER_DROP`
    DropReason,
    /// `drop.place`: the kernel function that dropped it
    DropPlace,
    /// `drop.bytes`: size of the dropped packets
    DropBytes,
    /// `tcp.flags`: lower-case names joined by commas
    TcpFlags,
    /// `tcp.state`: lower-case, such as `established`
    TcpState,
    /// `ending`: how the connection ended: `closed`, `refused` …
    Ending,
    /// `http.request.method`
    HttpMethod,
    /// `url.path`: without its query string
    UrlPath,
    /// `http.route`: the path with its ids replaced by `{id}`
    HttpRoute,
    /// `http.host`
    HttpHost,
    /// `http.response.status_code`
    HttpStatus,
    /// `user_agent.class`: what kind of client asked, such as `browser` or `curl`
    UserAgentClass,
    /// `rpc.method`: `service/method`
    RpcMethod,
    /// `rpc.status_code`: gRPC's number
    RpcStatus,
    /// `dns.question.name`
    DnsName,
    /// `dns.question.type`
    DnsType,
    /// `dns.response_code`
    DnsCode,
    /// `dns.answers`: joined by `, `
    DnsAnswers,
    /// `db.system`: `redis`, `postgresql`, `mysql`
    DbSystem,
    /// `db.operation`
    DbOperation,
    /// `db.target`: table or key
    DbTarget,
    /// `db.query.text`: the statement without its literals
    DbQueryText,
    /// `messaging.destination`: the topic
    MessagingDestination,
    /// `error.type`: `status`, `no_answer`, `truncated`, `closed_by_client`, `reset_by_client`, `reset_by_server`, `refused`; absent where the
    /// exchange went as it should
    ErrorType,
    /// `error.code`: what the database, the broker or HTTP/2 calls the error
    ErrorCode,
    /// `trace.id`: 32 hexadecimal digits
    TraceId,
    /// `span.id`: 16 hexadecimal digits
    SpanId,
    /// `tls.sni`
    TlsSni,
    /// `tls.alpn`
    TlsAlpn,
    /// `tls.version`
    TlsVersion,
    /// `node.name`: the node that reports
    NodeName,
    /// `reporter`: `client` or `server`
    Reporter,
    /// `process.name`
    ProcessName,
    /// `process.executable`
    ProcessExecutable,
    /// `process.arguments`: the command line, without its secrets
    ProcessArguments,
    /// `process.user`: the effective user's name, else its number
    ProcessUser,
    /// `process.start`: when the process was made
    ProcessStart,
    /// `process.pid`
    ProcessPid,
    /// `process.parent_pid`
    ProcessParent,
    /// `process.workload`
    ProcessWorkload,
    /// `process.container`
    ProcessContainer,
    /// `process.ancestry`
    ProcessAncestry,
    /// `process.event`: `exec`, `exit` or `seen`
    ProcessEvent,
    /// `process.exit_code`: as in `wait(2)`; present on exit only
    ProcessExitCode,
    /// `latency`: first byte of the request to last byte of the answer
    Latency,
    /// `latency_first_byte`: first byte of the request to first byte of the answer
    LatencyFirstByte,
    /// `duration`: how long the connection has been open at its last report
    Duration,
    /// `connect_latency`: SYN to established, on the client's side
    ConnectLatency,
    /// `tls_handshake_latency`: from the client's hello to the end of the handshake
    TlsHandshakeLatency,
    /// `rtt`: smoothed
    Rtt,
    /// `rtt_min`
    RttMin,
    /// `request_bytes`: headers included
    RequestBytes,
    /// `response_bytes`: headers included
    ResponseBytes,
    /// `request_messages`: messages of a gRPC call, from the client
    RequestMessages,
    /// `response_messages`: messages of a gRPC call, from the server
    ResponseMessages,
    /// `dns.ttl`: smallest TTL of the answers, in seconds
    DnsTtl,
    /// `dns.retries`: how often the query was sent again
    DnsRetries,
    /// `bytes_sent`: payload, source to destination
    BytesSent,
    /// `bytes_received`: payload, destination to source
    BytesReceived,
    /// `packets_sent`: segments or datagrams, source to destination
    PacketsSent,
    /// `packets_received`: segments or datagrams, destination to source
    PacketsReceived,
    /// `retransmits`: retransmitted segments
    Retransmits,
    /// `resets`
    Resets,
    /// `count`: 1 for a record, more for a group of drops.
    Count,
    /// What both reports of a connection have in common, for the merge: 16 hexadecimal digits. No name of users'.
    Pairing,
    /// Where an exchange is on its connection, for the merge. No name of users'.
    Position,
    /// Which ends do not run on the reporting node, for the merge: `source`, `destination` or `both`. No name of users'.
    Elsewhere,
}

/// What values a field has, and so which operators and units it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Names.
    Text,
    /// IP addresses.
    Address,
    /// A whole number that names rather than measures: port, pid, status.
    Integer,
    /// Seconds.
    Duration,
    /// A size.
    Bytes,
    /// A plain number.
    Number,
    /// A moment: in filters, milliseconds since the epoch.
    Time,
}

impl Kind {
    /// `text`, `address`, …: as the editor's `fields` resource spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Address => "address",
            Self::Integer => "integer",
            Self::Duration => "duration",
            Self::Bytes => "bytes",
            Self::Number => "number",
            Self::Time => "time",
        }
    }
}

impl Side {
    /// `source` or `destination`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
        }
    }
}

impl Field {
    /// The keys of an end's labels, which a query for values may ask for as `source.labels.*`. No label has this key.
    #[must_use]
    pub fn is_label_keys(&self) -> bool {
        matches!(self, Self::End(_, EndField::Label(key)) if **key == *LABEL_KEYS)
    }

    /// Every field with a fixed name, in the order in which a list should show them. Labels are not among them: their
    /// names are only known from records.
    pub fn all() -> impl Iterator<Item = Self> {
        let ends = [Side::Source, Side::Destination]
            .into_iter()
            .flat_map(|side| catalogue::ENDS.iter().map(move |end| Self::End(side, end.clone())));
        ends.chain(catalogue::PLAIN.iter().cloned())
    }

    /// As users spell it, such as `destination.workload`.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::End(_, EndField::Label(key)) => format!("{}.{key}", self.facts().name).into(),
            _ => self.facts().name.into(),
        }
    }

    /// What its values are.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.facts().kind
    }

    /// The tables that have it.
    #[must_use]
    pub const fn tables(&self) -> &'static [Table] {
        self.facts().tables
    }

    /// True where records of this table have it.
    #[must_use]
    pub fn is_in(&self, table: Table) -> bool {
        self.tables().contains(&table)
    }

    /// One sentence for people, without its full stop.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        self.facts().description
    }

    /// A name rather than a number or a moment, so records can be grouped by it.
    #[must_use]
    pub fn is_groupable(&self) -> bool {
        matches!(self.kind(), Kind::Text | Kind::Address | Kind::Integer)
    }

    /// A number that can be summed, averaged and so on.
    #[must_use]
    pub fn is_measure(&self) -> bool {
        matches!(self.kind(), Kind::Duration | Kind::Bytes | Kind::Number)
    }

    /// Says who an end is, beyond its address and port: may be unknown on a node that the end does not run on.
    #[must_use]
    pub fn is_end_identity(&self) -> bool {
        matches!(self, Self::End(_, end) if end.is_identity())
    }

    /// How Grafana names its unit; absent for names, moments and plain numbers.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        match self.kind() {
            Kind::Duration => Some("s"),
            Kind::Bytes => Some("bytes"),
            Kind::Text | Kind::Address | Kind::Integer | Kind::Number | Kind::Time => None,
        }
    }
}

impl EndField {
    /// The part behind `source.` or `destination.`, such as `workload` or `labels.app`.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Label(key) => format!("{}.{key}", self.facts().name).into(),
            other => other.facts().name.into(),
        }
    }

    /// Every one with a fixed name; labels are not among them.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        catalogue::ENDS
    }

    /// What its values are.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.facts().kind
    }

    /// Anything but the address and the port, which every report knows.
    #[must_use]
    pub const fn is_identity(&self) -> bool {
        !matches!(self, Self::Address | Self::Port)
    }
}
