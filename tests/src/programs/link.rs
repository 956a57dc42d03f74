//! Two network namespaces, and what their kernel counted.

use std::{net::Ipv4Addr, process::Command};

use anyhow::{Context, Result};
use goldwire_demo::nodes::Namespace;

/// Two network namespaces with a cable between them.
#[derive(Debug)]
pub struct Link {
    /// Where clients run.
    pub client: Namespace,
    /// Where servers run.
    pub server: Namespace,
    /// Of the server's end.
    pub server_address: Ipv4Addr,
}

impl Link {
    /// Name of the device at either end.
    pub const DEVICE: &str = "wire";

    /// Makes both namespaces; their names begin with `name`.
    pub fn create(name: &str) -> Result<Self> {
        let (client, server) = (Namespace::create(&format!("{name}-c"))?, Namespace::create(&format!("{name}-s"))?);
        client.ip(&[
            "link",
            "add",
            Self::DEVICE,
            "type",
            "veth",
            "peer",
            "name",
            Self::DEVICE,
            "netns",
            server.name(),
        ])?;
        for (namespace, address) in [(&client, "10.79.0.1/24"), (&server, "10.79.0.2/24")] {
            namespace.ip(&["address", "add", address, "dev", Self::DEVICE])?;
            namespace.ip(&["link", "set", Self::DEVICE, "up"])?;
        }
        Ok(Self { client, server, server_address: Ipv4Addr::new(10, 79, 0, 2) })
    }

    /// Has the kernel cut and join segments in large buffers, or not.
    pub fn offload(&self, on: bool) -> Result<()> {
        let state = if on { "on" } else { "off" };
        for namespace in [&self.client, &self.server] {
            namespace.run("ethtool", &["-K", Self::DEVICE, "tso", state, "gso", state, "gro", state])?;
        }
        Ok(())
    }

    /// `TcpRetransSegs` of both ends together.
    pub fn retransmitted(&self) -> Result<u64> {
        Ok(kernel_count(&self.client, "TcpRetransSegs")? + kernel_count(&self.server, "TcpRetransSegs")?)
    }
}

/// One of the kernel's counters of a namespace, as `nstat` names it.
pub fn kernel_count(namespace: &Namespace, name: &str) -> Result<u64> {
    count_of(&namespace.run("nstat", &["-asz", name])?, name)
}

/// The same of the namespace that the test itself is in.
pub fn own_kernel_count(name: &str) -> Result<u64> {
    let printed = Command::new("nstat").args(["-asz", name]).output().context("nstat does not run")?.stdout;
    count_of(&String::from_utf8_lossy(&printed), name)
}

fn count_of(printed: &str, name: &str) -> Result<u64> {
    let line = printed.lines().find(|line| line.starts_with(name)).context("nstat has no such line")?;
    Ok(line.split_ascii_whitespace().nth(1).context("a count")?.parse()?)
}
