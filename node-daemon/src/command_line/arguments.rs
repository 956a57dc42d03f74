//! What can be typed after `goldwire`.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};

use super::units::{ByteSize, Moment, count, listen, seconds};
use crate::identity::engines::Place;

/// Golden signals, service maps and flows, straight from the kernel.
#[derive(Debug, Parser)]
#[command(name = "goldwire", version, about, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Load the probes, keep history in memory and serve it. Needs root, or the capabilities that `check` lists.
    Daemon(DaemonArguments),
    /// Show flows, requests, drops or processes, past or live.
    Observe(ObserveArguments),
    /// Ask any query, as JSON or by options.
    Query(QueryArguments),
    /// Show who talks to whom, with golden signals on each edge.
    Map(MapArguments),
    /// Watch the golden signals live in the terminal.
    Top(TopArguments),
    /// Show what each node records, how far back, and what it lost.
    Status(StatusArguments),
    /// Say what this kernel lets us see, and what to do about what it does not.
    Check(CheckArguments),
    /// Print a completion script for a shell.
    Completion {
        /// The shell to complete for.
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Clone, Debug)]
pub(crate) struct DaemonArguments {
    /// Address to serve on. Any but a loopback address needs TLS and a token.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:4270", env = "GOLDWIRE_LISTEN", value_parser = listen)]
    pub(crate) listen: SocketAddr,
    /// Name of this node in every record and answer; the host's name by default.
    #[arg(long, value_name = "NAME", env = "GOLDWIRE_NODE_NAME")]
    pub(crate) node_name: Option<String>,
    /// Watch this cgroup v2 subtree only, so that several daemons on one kernel can each be a node.
    #[arg(long, value_name = "PATH")]
    pub(crate) cgroup: Option<PathBuf>,
    /// File with rules that name workloads by hand, before all else that names them (YAML).
    #[arg(long, value_name = "FILE", env = "GOLDWIRE_WORKLOADS")]
    pub(crate) workloads: Option<PathBuf>,
    /// Whether to keep command lines of processes: without what looks like a secret, or none.
    #[arg(long, value_name = "WHETHER", value_enum, default_value = "redacted", env = "GOLDWIRE_PROCESS_ARGUMENTS")]
    pub(crate) process_arguments: ProcessArguments,
    /// Memory for history and for the queries on it: a part of it is set aside for queries, and the rest is shared by raw
    /// records and rollups.
    #[arg(long, value_name = "SIZE", default_value = "256MiB", env = "GOLDWIRE_MEMORY")]
    pub(crate) memory: ByteSize,
    /// The part of --memory that all queries may take together until their answers are sent; three eighths of it by default. A
    /// 32nd part of --memory is for live queries beside that.
    #[arg(long, value_name = "SIZE", env = "GOLDWIRE_QUERIES_MEMORY")]
    pub(crate) queries_memory: Option<ByteSize>,
    /// Memory that one query may take; seven eighths of --queries-memory by default. Where groups need more, about the
    /// largest are answered, exactly, and the others as one, `other`.
    #[arg(long, value_name = "SIZE", env = "GOLDWIRE_QUERY_MEMORY")]
    pub(crate) query_memory: Option<ByteSize>,
    /// Size of the kernel's ring buffer for payload events, rounded up to a power of two.
    #[arg(long, value_name = "SIZE", default_value = "32MiB")]
    pub(crate) ring: ByteSize,
    /// Whether to read what programs say inside of TLS, at the functions of OpenSSL, GnuTLS and Go.
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    pub(crate) tls: TlsReading,
    /// User that the daemon's threads become once the probes are loaded, by name or number: `goldwire` where there is such a
    /// user, else `nobody`. `root` stays what it is.
    #[arg(long, value_name = "USER", env = "GOLDWIRE_USER")]
    pub(crate) user: Option<String>,
    /// Certificate chain (PEM) to serve TLS with.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Accept only clients with a certificate signed by this authority (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// File with the tokens to accept, one a line; a client sends one as `authorization: Bearer`.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Ask the Kubernetes API for the names of pods and services; `auto` does where the daemon runs in a pod.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", env = "GOLDWIRE_KUBERNETES")]
    pub(crate) kubernetes: Kubernetes,
    /// Reach the Kubernetes API as this file's current context says, not as the pod that the daemon runs in.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Ask container engines for the names, images and labels of containers, at the usual sockets of Docker, Podman, containerd
    /// and CRI-O.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", env = "GOLDWIRE_CONTAINERS")]
    pub(crate) containers: Containers,
    /// Ask an engine at another socket too: `docker=PATH`, `podman=PATH` or `cri=PATH`; repeat for more.
    #[arg(long = "container-engine", value_name = "KIND=PATH")]
    pub(crate) container_engines: Vec<Place>,
    /// Believe this DNS server's answers for every connection of the node, whoever asked; repeat for more. Those that the node is
    /// configured to ask (`/etc/resolv.conf`, systemd-resolved) are believed without.
    #[arg(long = "dns-resolver", value_name = "ADDRESS", env = "GOLDWIRE_DNS_RESOLVERS", value_delimiter = ',')]
    pub(crate) dns_resolvers: Vec<IpAddr>,
    /// Ask the system's resolver for names of addresses that no client asked for by name: `source.reverse_dns`,
    /// `destination.reverse_dns`. The questions go to the network as the daemon's own.
    #[arg(long, env = "GOLDWIRE_REVERSE_DNS", value_parser = FalseyValueParser::new())]
    pub(crate) reverse_dns: bool,
}

/// What is kept of processes' command lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProcessArguments {
    /// Nothing: `process.arguments` is absent, and rules of `--workloads` cannot ask for it.
    Off,
    /// All but what looks like a secret.
    Redacted,
}

/// Whether to ask container engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Containers {
    /// Those that are there.
    Auto,
    /// None; what Docker's files say is read all the same.
    Off,
}

/// Whether to ask the Kubernetes API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kubernetes {
    /// Where there is a way to it.
    Auto,
    /// Yes, and end where there is no way to it.
    On,
    /// No.
    Off,
}

/// Whether the plaintext of TLS is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsReading {
    /// Where the kernel lets us.
    Auto,
    /// Never: TLS is named as such, and nothing of what runs inside.
    Off,
}

/// Which nodes to ask, and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct NodeArguments {
    /// Node to ask; repeat for more. `https://HOST:PORT` speaks TLS.
    #[arg(
        long = "node",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:4270",
        env = "GOLDWIRE_NODES",
        value_delimiter = ','
    )]
    pub(crate) nodes: Vec<String>,
    /// Authority (PEM) that signed the nodes' certificates; the system's by default.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Own certificate (PEM), for nodes that ask for one.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the own certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Name to expect in the nodes' certificates, where it is not the address.
    #[arg(long, value_name = "NAME")]
    pub(crate) tls_server_name: Option<String>,
    /// File whose first line is the token to send.
    #[arg(long, value_name = "FILE", env = "GOLDWIRE_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// How long to wait for a node, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) timeout: u64,
}

/// The window of time to look at.
#[derive(Args, Clone, Debug)]
pub(crate) struct WindowArguments {
    /// Start: how long ago (`5m`, `90s`, `2h`), or a time (`2026-01-31T12:00:00Z`).
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub(crate) since: Moment,
    /// End, written in the same way; now by default.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Aligned columns.
    Text,
    /// One JSON object a row.
    Json,
    /// Comma-separated values under a line of names.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ObservedTable {
    Flows,
    Requests,
    Drops,
    Processes,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ObserveArguments {
    /// What to show.
    #[arg(default_value = "requests")]
    pub(crate) table: ObservedTable,
    /// Keep showing what comes, until interrupted.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Show the last N only.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = count, allow_negative_numbers = true)]
    pub(crate) last: usize,
    /// Show what matches, e.g. 'destination.workload = "shop" and latency > 250ms'.
    #[arg(short = 'F', long, value_name = "FILTER", default_value = "")]
    pub(crate) filter: String,
    /// Columns to show, in this order.
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// How to print it.
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: OutputFormat,
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    #[command(flatten)]
    pub(crate) nodes: NodeArguments,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct QueryArguments {
    /// The query as JSON, `@FILE`, or `-` for standard input. Without it, the options below make the query.
    pub(crate) json: Option<String>,
    /// Signals over time, e.g. request_rate,latency_p95.
    #[arg(long, value_name = "SIGNAL,…", value_delimiter = ',', conflicts_with = "json")]
    pub(crate) signals: Vec<String>,
    /// Table to aggregate: flows, requests, drops or processes.
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["json", "signals"])]
    pub(crate) table: Option<String>,
    /// Aggregates of the table, e.g. 'count(),p99(latency)'.
    #[arg(long, value_name = "AGGREGATE,…", value_delimiter = ',', requires = "table")]
    pub(crate) aggregates: Vec<String>,
    /// Fields to group by.
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', conflicts_with = "json")]
    pub(crate) group_by: Vec<String>,
    /// Aggregate what matches only, e.g. 'destination.workload = "shop" and latency > 250ms'.
    #[arg(short = 'F', long, value_name = "FILTER", conflicts_with = "json")]
    pub(crate) filter: Option<String>,
    /// Width of a step, e.g. 10s.
    #[arg(long, value_name = "DURATION", requires = "signals")]
    pub(crate) step: Option<String>,
    /// Most groups or series to answer.
    #[arg(long, value_name = "N", conflicts_with = "json", value_parser = count, allow_negative_numbers = true)]
    pub(crate) limit: Option<usize>,
    /// How to print it.
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: OutputFormat,
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    #[command(flatten)]
    pub(crate) nodes: NodeArguments,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct MapArguments {
    /// What a node of the map is: workload, namespace, pod, process, address, node …
    #[arg(long, value_name = "FIELD", default_value = "workload")]
    pub(crate) by: String,
    /// Count what matches only, e.g. 'destination.workload = "shop"'.
    #[arg(short = 'F', long, value_name = "FILTER", default_value = "")]
    pub(crate) filter: String,
    /// How to print it.
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: OutputFormat,
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    #[command(flatten)]
    pub(crate) nodes: NodeArguments,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct TopArguments {
    /// Count what matches only, e.g. 'destination.workload = "shop"'.
    #[arg(short = 'F', long, value_name = "FILTER", default_value = "")]
    pub(crate) filter: String,
    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) interval: u64,
    /// Print one look as text and end, for scripts and for terminals that can't be drawn on.
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) nodes: NodeArguments,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct StatusArguments {
    /// Text or JSON.
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: OutputFormat,
    #[command(flatten)]
    pub(crate) nodes: NodeArguments,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct CheckArguments {
    /// Text or JSON.
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: OutputFormat,
}
