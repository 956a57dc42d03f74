//! Servers that need no more than arguments.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use anyhow::{Context, Result};
use goldwire_demo::nodes::{Cgroup, Launch, Process};
use tempfile::TempDir;

use super::{free_port, serve};

/// Any other server, on a port of loopback.
#[derive(Debug)]
pub struct Server {
    process: Process,
    /// Where it listens.
    pub address: SocketAddr,
    /// Of its own; gone with it.
    pub folder: TempDir,
}

impl Server {
    /// Starts it in `cgroup` with the arguments that `arguments` makes of its port and its folder, and waits until it listens.
    pub fn start(cgroup: &Cgroup, program: &str, arguments: impl FnOnce(u16, &Path) -> Vec<String>) -> Result<Self> {
        Self::start_in(cgroup, TempDir::new()?, program, arguments)
    }

    /// The same with a folder that was made ready for it.
    pub fn start_in(
        cgroup: &Cgroup,
        folder: TempDir,
        program: &str,
        arguments: impl FnOnce(u16, &Path) -> Vec<String>,
    ) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let launch = Launch::new(program, program)
            .args(arguments(address.port(), folder.path()))
            .cgroup(cgroup)?
            .directory(folder.path());
        let log = folder.path().join("log");
        let process = serve(launch.log(&log)?, None, address)
            .with_context(|| format!("{program}: {}", fs::read_to_string(&log).unwrap_or_default()))?;
        Ok(Self { process, address, folder })
    }

    /// Process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}
