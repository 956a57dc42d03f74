//! The project's own client and server, which do what ordinary programs seldom do.

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use anyhow::{Context, Result};
use goldwire_demo::nodes::{Cgroup, Launch, Namespace, Process};
use serde::Deserialize;

use super::{built_program, free_port, run, serve};

/// The project's own odd server.
#[derive(Debug)]
pub struct Peer {
    process: Process,
    /// Where it listens.
    pub address: SocketAddr,
}

/// What the project's own odd client did, by its own count.
#[derive(Debug, Default, Deserialize)]
pub struct PeerBook {
    /// By method, path and status; status 0 where there was no whole answer.
    pub exchanges: BTreeMap<String, u64>,
    /// Bytes of requests.
    pub bytes_sent: u64,
    /// Bytes of answers.
    pub bytes_received: u64,
}

impl PeerBook {
    /// From what the client printed to a file.
    pub fn read(printed: &Path) -> Result<Self> {
        Self::parse(&fs::read_to_string(printed)?)
    }

    /// From what the client printed.
    pub fn parse(printed: &str) -> Result<Self> {
        serde_json::from_str(printed).with_context(|| format!("the peer printed {printed}"))
    }

    /// Adds what another client did.
    pub fn add(&mut self, other: Self) {
        for (key, count) in other.exchanges {
            *self.exchanges.entry(key).or_default() += count;
        }
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
    }

    /// Exchanges together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.exchanges.values().sum()
    }
}

impl Peer {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Starts the server in `cgroup`, on loopback.
    pub fn start(cgroup: &Cgroup) -> Result<Self> {
        Self::start_as("server", cgroup, None, Ipv4Addr::LOCALHOST)
    }

    /// The same with an address of its own, in a network namespace.
    pub fn start_at(cgroup: &Cgroup, namespace: &Namespace, address: Ipv4Addr) -> Result<Self> {
        Self::start_as("server", cgroup, Some(namespace), address)
    }

    /// Starts a server that reads whatever comes, in `cgroup`, on loopback.
    pub fn start_reader(cgroup: &Cgroup) -> Result<Self> {
        Self::start_as("receive", cgroup, None, Ipv4Addr::LOCALHOST)
    }

    /// The same with an address of its own, in a network namespace.
    pub fn start_reader_at(cgroup: &Cgroup, namespace: &Namespace, address: Ipv4Addr) -> Result<Self> {
        Self::start_as("receive", cgroup, Some(namespace), address)
    }

    /// Starts the DNS server in `cgroup`, on loopback: what a name begins with says how it is answered.
    pub fn start_dns(cgroup: &Cgroup) -> Result<Self> {
        Self::start_as("dns", cgroup, None, Ipv4Addr::LOCALHOST)
    }

    /// The same with an address of its own, in a network namespace.
    pub fn start_dns_at(cgroup: &Cgroup, namespace: &Namespace, address: Ipv4Addr) -> Result<Self> {
        Self::start_as("dns", cgroup, Some(namespace), address)
    }

    /// Starts a server (`server`, `dns`) in `cgroup`, on all addresses of both families.
    pub fn start_dual_stack(what: &str, cgroup: &Cgroup) -> Result<Self> {
        Self::start_as(what, cgroup, None, Ipv6Addr::UNSPECIFIED)
    }

    /// Starts the HTTP/2 server in `cgroup`, on loopback.
    pub fn start_http2(cgroup: &Cgroup) -> Result<Self> {
        Self::start_as("http2", cgroup, None, Ipv4Addr::LOCALHOST)
    }

    /// Starts the server in `cgroup`, where it is told to listen in a network namespace.
    pub fn start_on(cgroup: &Cgroup, namespace: &Namespace, address: SocketAddr) -> Result<Self> {
        Self::start_listening("server", cgroup, Some(namespace), address)
    }

    fn start_as(
        what: &str,
        cgroup: &Cgroup,
        namespace: Option<&Namespace>,
        address: impl Into<IpAddr>,
    ) -> Result<Self> {
        Self::start_listening(what, cgroup, namespace, SocketAddr::new(address.into(), free_port()?))
    }

    fn start_listening(
        what: &str,
        cgroup: &Cgroup,
        namespace: Option<&Namespace>,
        address: SocketAddr,
    ) -> Result<Self> {
        let launch = Launch::new("peer", built_program("goldwire-peer")?).args([what, &address.to_string()]);
        Ok(Self { process: serve(launch.cgroup(cgroup)?, namespace, address)?, address })
    }

    /// Runs the client to its end in `cgroup`.
    pub fn talk(&self, cgroup: &Cgroup, arguments: &[&str]) -> Result<PeerBook> {
        let program = built_program("goldwire-peer")?;
        PeerBook::parse(&run(cgroup, &program.to_string_lossy(), arguments)?)
    }
}
