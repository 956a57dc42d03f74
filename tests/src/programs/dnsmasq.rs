//! dnsmasq.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use goldwire_demo::nodes::{Cgroup, Launch, Namespace, Process};

use super::{free_port, serve};

/// dnsmasq as an authority for `.test`: names given here have addresses, all others do not exist.
#[derive(Debug)]
pub struct Dnsmasq {
    _process: Process,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Dnsmasq {
    /// Starts it in `cgroup`, knowing `names`.
    pub fn start(cgroup: &Cgroup, names: &[(&str, Ipv4Addr)]) -> Result<Self> {
        Self::start_at(cgroup, None, SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)), names)
    }

    /// The same with an address of its own, in a network namespace.
    pub fn start_at(
        cgroup: &Cgroup,
        namespace: Option<&Namespace>,
        address: SocketAddr,
        names: &[(&str, Ipv4Addr)],
    ) -> Result<Self> {
        let listen = format!("--listen-address={}", address.ip());
        let mut arguments: Vec<String> = [
            "--keep-in-foreground",
            "--no-resolv",
            "--no-hosts",
            "--conf-file=/dev/null",
            "--local=/test/",
            "--bind-interfaces",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.extend([&listen, "--user=root", "--pid-file="].map(str::to_owned));
        arguments.push(format!("--port={}", address.port()));
        arguments.extend(names.iter().map(|(name, ip)| format!("--host-record={name},{ip}")));
        let launch = Launch::new("dnsmasq", "dnsmasq").args(arguments).cgroup(cgroup)?;
        Ok(Self { _process: serve(launch, namespace, address)?, address })
    }
}
