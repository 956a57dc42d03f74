//! The one list of fields: name, kind, tables, description.

use super::{EndField, Field, Kind, Side, Table};

/// What is fixed about a field.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    /// Of a label: what comes before its key.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) tables: &'static [Table],
    pub(super) description: &'static str,
}

/// What is fixed about a field of an end, whichever end.
#[derive(Clone, Copy)]
pub(super) struct EndFacts {
    pub(super) name: &'static str,
    /// The name with its side before it, so that names need no allocation.
    source: &'static str,
    destination: &'static str,
    pub(super) kind: Kind,
    description: &'static str,
}

impl EndFacts {
    const fn of_side(self, side: Side) -> Facts {
        let name = match side {
            Side::Source => self.source,
            Side::Destination => self.destination,
        };
        Facts { name, kind: self.kind, tables: WITH_ENDS, description: self.description }
    }
}

const EVERY: &[Table] = &Table::ALL;
/// Tables whose records have two ends.
const WITH_ENDS: &[Table] = &[Table::Flows, Table::Requests, Table::Drops];
const FLOWS: &[Table] = &[Table::Flows];
const REQUESTS: &[Table] = &[Table::Requests];
const DROPS: &[Table] = &[Table::Drops];
const PROCESSES: &[Table] = &[Table::Processes];
const FLOWS_REQUESTS: &[Table] = &[Table::Flows, Table::Requests];
const FLOWS_DROPS: &[Table] = &[Table::Flows, Table::Drops];

macro_rules! fields_of_ends {
    ($($variant:ident $name:literal $kind:ident $description:literal;)*) => {
        /// Fields of an end that have a fixed name.
        pub(super) const ENDS: &[EndField] = &[$(EndField::$variant),*];

        impl EndField {
            pub(super) const fn facts(&self) -> EndFacts {
                match self {
                    $(Self::$variant => EndFacts {
                        name: $name,
                        source: concat!("source.", $name),
                        destination: concat!("destination.", $name),
                        kind: Kind::$kind,
                        description: $description,
                    },)*
                    Self::Label(_) => EndFacts {
                        name: "labels",
                        source: "source.labels",
                        destination: "destination.labels",
                        kind: Kind::Text,
                        description: "A label of the pod or container at this end",
                    },
                }
            }
        }
    };
}

macro_rules! other_fields {
    (
        $($variant:ident $name:literal $kind:ident $tables:ident $description:literal;)*
        =>
        $($hidden:ident $hidden_name:literal $hidden_kind:ident $hidden_tables:ident $hidden_description:literal;)*
    ) => {
        /// Fields that are no end's.
        pub(super) const PLAIN: &[Field] = &[$(Field::$variant),*];
        /// Fields that nodes add to their answers, for the merge, and nobody may ask for.
        pub(super) const HIDDEN: &[Field] = &[$(Field::$hidden),*];

        impl Field {
            pub(super) const fn facts(&self) -> Facts {
                match self {
                    Self::End(side, end) => end.facts().of_side(*side),
                    $(Self::$variant => Facts {
                        name: $name,
                        kind: Kind::$kind,
                        tables: $tables,
                        description: $description,
                    },)*
                    $(Self::$hidden => Facts {
                        name: $hidden_name,
                        kind: Kind::$hidden_kind,
                        tables: $hidden_tables,
                        description: $hidden_description,
                    },)*
                }
            }
        }
    };
}

fields_of_ends! {
    Address "address" Address "IP address of this end";
    Port "port" Integer "TCP or UDP port of this end";
    Workload "workload" Text "What groups processes for people: by hand, Kubernetes workload, compose service, systemd unit, container, else the executable's name";
    Namespace "namespace" Text "Kubernetes namespace";
    Pod "pod" Text "Kubernetes pod";
    Service "service" Text "Kubernetes service";
    Container "container" Text "Container";
    Image "image" Text "Image of the container";
    Process "process" Text "Command name of the process";
    Executable "executable" Text "Path of the executable";
    Pid "pid" Integer "Process id on its node";
    Ancestry "ancestry" Text "Names of the parent processes, nearest first, joined by ` < `";
    Node "node" Text "Node that this end runs on";
    Dns "dns" Text "DNS name that the client had asked for to get this address";
    ReverseDns "reverse_dns" Text "Name of this address in the reverse DNS, where --reverse-dns is on and no name was asked for";
    ProxiedAddress "proxied_address" Address "This end's address on the connection that a proxy passes on, as its PROXY protocol says";
}

other_fields! {
    Time "time" Time EVERY "When the record ended";
    Start "start" Time FLOWS_REQUESTS "When the connection was opened, or the first byte of the request was seen";
    Connection "connection" Text FLOWS_REQUESTS "Names a connection on its node";
    NetworkTransport "network.transport" Text WITH_ENDS "tcp, udp, else the number of the IP protocol";
    NetworkProtocol "network.protocol" Text FLOWS_REQUESTS "Application protocol: http, http2, grpc, dns, redis …";
    NetworkType "network.type" Text WITH_ENDS "ipv4 or ipv6";
    Direction "direction" Text WITH_ENDS "egress where the client reports, ingress where the server does; else unknown";
    Verdict "verdict" Text FLOWS_DROPS "forwarded, dropped, refused or error";
    DropReason "drop.reason" Text DROPS "The kernel's own reason, such as NETFILTER_DROP";
    DropPlace "drop.place" Text DROPS "The kernel function that dropped the packet";
    DropBytes "drop.bytes" Bytes DROPS "Size of the dropped packets";
    TcpFlags "tcp.flags" Text FLOWS "TCP flags seen: fin, syn, rst, psh, ack, urg, ece, cwr, joined by commas";
    TcpState "tcp.state" Text FLOWS "State of the TCP connection, such as established";
    Ending "ending" Text FLOWS "How the connection ended: closed, reset_by_source, refused, timed_out …";
    HttpMethod "http.request.method" Text REQUESTS "HTTP method";
    UrlPath "url.path" Text REQUESTS "Path of the URL, without its query string";
    HttpRoute "http.route" Text REQUESTS "Path of the URL with its ids replaced by {id}";
    HttpHost "http.host" Text REQUESTS "Host that the request named";
    HttpStatus "http.response.status_code" Integer REQUESTS "HTTP status";
    UserAgentClass "user_agent.class" Text REQUESTS "Kind of client that asked: browser, bot, curl, go, python …";
    RpcMethod "rpc.method" Text REQUESTS "gRPC service/method";
    RpcStatus "rpc.status_code" Integer REQUESTS "gRPC status, as its number";
    DnsName "dns.question.name" Text REQUESTS "Name that was asked for";
    DnsType "dns.question.type" Text REQUESTS "Type of record that was asked for: A, AAAA …";
    DnsCode "dns.response_code" Text REQUESTS "DNS answer code: NOERROR, NXDOMAIN …";
    DnsAnswers "dns.answers" Text REQUESTS "Answers, joined by commas";
    DbSystem "db.system" Text REQUESTS "Database: redis, postgresql, mysql";
    DbOperation "db.operation" Text REQUESTS "Database command, such as SELECT or GET";
    DbTarget "db.target" Text REQUESTS "Table or key that the command is about";
    DbQueryText "db.query.text" Text REQUESTS "Statement with its literals replaced by ?";
    MessagingDestination "messaging.destination" Text REQUESTS "Topic of a message";
    ErrorType "error.type" Text REQUESTS "Why the exchange failed: status, no_answer, truncated, closed_by_client, reset_by_client …";
    ErrorCode "error.code" Text REQUESTS "The database's, the broker's or HTTP/2's own code of the error";
    TraceId "trace.id" Text REQUESTS "Trace that the request belongs to";
    SpanId "span.id" Text REQUESTS "Span of the caller";
    TlsSni "tls.sni" Text FLOWS "Server name that the client gave in its TLS hello";
    TlsAlpn "tls.alpn" Text FLOWS "Application protocol of the TLS handshake, such as h2";
    TlsVersion "tls.version" Text FLOWS "Version of TLS, such as 1.3";
    NodeName "node.name" Text EVERY "Node that reports";
    Reporter "reporter" Text WITH_ENDS "client or server: whose socket was observed; unknown where nothing told yet who opened the connection";
    ProcessName "process.name" Text PROCESSES "Command name";
    ProcessExecutable "process.executable" Text PROCESSES "Path of the executable";
    ProcessArguments "process.arguments" Text PROCESSES "Command line, with secrets replaced by ***";
    ProcessUser "process.user" Text PROCESSES "Name of the effective user, else its number";
    ProcessStart "process.start" Time PROCESSES "When the process was made, which may be before it executed this";
    ProcessPid "process.pid" Integer PROCESSES "Process id";
    ProcessParent "process.parent_pid" Integer PROCESSES "Process id of the parent";
    ProcessWorkload "process.workload" Text PROCESSES "What groups processes for people";
    ProcessContainer "process.container" Text PROCESSES "Container";
    ProcessAncestry "process.ancestry" Text PROCESSES "Names of the parent processes, nearest first, joined by ` < `";
    ProcessEvent "process.event" Text PROCESSES "exec, exit, or seen where the beginning was not";
    ProcessExitCode "process.exit_code" Integer PROCESSES "Exit status as in wait(2)";
    Latency "latency" Duration REQUESTS "First byte of the request to last byte of the answer";
    LatencyFirstByte "latency_first_byte" Duration REQUESTS "First byte of the request to first byte of the answer";
    Duration "duration" Duration FLOWS "How long the connection has been open";
    ConnectLatency "connect_latency" Duration FLOWS "SYN to established, on the client's side";
    TlsHandshakeLatency "tls_handshake_latency" Duration FLOWS "TLS hello of the client to the end of the handshake";
    Rtt "rtt" Duration FLOWS "Round trip time, smoothed by the kernel";
    RttMin "rtt_min" Duration FLOWS "Smallest round trip time seen";
    RequestBytes "request_bytes" Bytes REQUESTS "Size of the request, headers included";
    ResponseBytes "response_bytes" Bytes REQUESTS "Size of the answer, headers included";
    RequestMessages "request_messages" Number REQUESTS "Messages from the client in a gRPC call";
    ResponseMessages "response_messages" Number REQUESTS "Messages from the server in a gRPC call";
    DnsTtl "dns.ttl" Number REQUESTS "Smallest TTL of the answers, in seconds";
    DnsRetries "dns.retries" Number REQUESTS "How often the query was sent again";
    BytesSent "bytes_sent" Bytes FLOWS "Payload from source to destination";
    BytesReceived "bytes_received" Bytes FLOWS "Payload from destination to source";
    PacketsSent "packets_sent" Number FLOWS "Segments or datagrams from source to destination";
    PacketsReceived "packets_received" Number FLOWS "Segments or datagrams from destination to source";
    Retransmits "retransmits" Number FLOWS "Retransmitted segments";
    Resets "resets" Number FLOWS "TCP resets";
    Count "count" Number EVERY "1 for a record, more for a group of dropped packets";
    =>
    Pairing "pairing" Text FLOWS_REQUESTS "What both reports of a connection have in common";
    Position "position" Number REQUESTS "Where an exchange is on its connection";
    Elsewhere "elsewhere" Text WITH_ENDS "Which ends do not run on the reporting node";
}
