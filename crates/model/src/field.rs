//! Fields as users spell them, and what each is.

/// A property of one end of a connection: the part behind `source.` or `destination.`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EndField {
    Address,
    Port,
    Workload,
    Namespace,
    Pod,
    Service,
    Container,
    Image,
    Process,
    Executable,
    Pid,
    Ancestry,
    Node,
    Dns,
    /// `labels.<key>`
    Label(Box<str>),
}

/// Which end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Source,
    Destination,
}

/// A field of a table, by the names of the design (section 3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    End(Side, EndField),
    /// `time`: when the record ended.
    Time,
    Start,
    Connection,
    NetworkTransport,
    NetworkProtocol,
    /// `ipv4` or `ipv6`
    NetworkType,
    /// `egress` where the client reports, `ingress` where the server does
    Direction,
    Verdict,
    DropReason,
    DropPlace,
    TcpFlags,
    TcpState,
    /// How the connection ended: `closed`, `refused` …
    Ending,
    HttpMethod,
    UrlPath,
    HttpRoute,
    HttpHost,
    HttpStatus,
    RpcMethod,
    RpcStatus,
    DnsName,
    DnsType,
    DnsCode,
    DnsAnswers,
    DbSystem,
    DbOperation,
    DbTarget,
    MessagingDestination,
    ErrorType,
    TraceId,
    SpanId,
    TlsSni,
    NodeName,
    Reporter,
    ProcessName,
    ProcessExecutable,
    ProcessPid,
    ProcessParent,
    ProcessWorkload,
    ProcessAncestry,
    ProcessEvent,
    ProcessExitCode,
    Latency,
    LatencyFirstByte,
    Duration,
    ConnectLatency,
    Rtt,
    RttMin,
    RequestBytes,
    ResponseBytes,
    BytesSent,
    BytesReceived,
    PacketsSent,
    PacketsReceived,
    Retransmits,
    Resets,
    /// How many: 1 for a record, more for a group of drops.
    Count,
}

/// The tables of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Table {
    Flows,
    Requests,
    Drops,
    Processes,
}

/// What values a field has, and so which operators and units it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Text,
    Address,
    /// A whole number that names rather than measures: port, pid, status.
    Integer,
    /// Seconds.
    Duration,
    Bytes,
    /// A plain number.
    Number,
    Time,
}
