//! nginx.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use anyhow::Result;
use goldwire_demo::nodes::{Cgroup, Launch, Namespace, Process};
use tempfile::TempDir;

use super::{free_port, serve};

/// nginx on a port of its own, with one answer of each kind that the scenarios ask for.
#[derive(Debug)]
pub struct Nginx {
    process: Process,
    folder: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Nginx {
    /// Starts it in `cgroup`. It answers `/` 200, `/missing` 404, `/broken` 500, `/moved` 301, `/empty` 204, and files
    /// from [`Nginx::write_file`] below `/files/`.
    pub fn start(cgroup: &Cgroup) -> Result<Self> {
        Self::start_at(cgroup, None, Ipv4Addr::LOCALHOST)
    }

    /// The same with an address of its own, in a network namespace.
    pub fn start_at(cgroup: &Cgroup, namespace: Option<&Namespace>, address: Ipv4Addr) -> Result<Self> {
        let folder = TempDir::new()?;
        fs::create_dir(folder.path().join("files"))?;
        let address = SocketAddr::from((address, free_port()?));
        let configuration_file = folder.path().join("nginx.conf");
        fs::write(&configuration_file, configuration(folder.path(), address))?;
        let arguments = [Path::new("-p"), folder.path(), Path::new("-c"), &configuration_file];
        let process = serve(Launch::new("nginx", "nginx").args(arguments).cgroup(cgroup)?, namespace, address)?;
        Ok(Self { process, folder, address })
    }

    /// Process id of the master.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Puts a file of `bytes` zeros below `/files/`.
    pub fn write_file(&self, name: &str, bytes: u64) -> Result<()> {
        let path = self.folder.path().join("files").join(name);
        Ok(fs::File::create(path)?.set_len(bytes)?)
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn configuration(folder: &Path, address: SocketAddr) -> String {
    let root = folder.display();
    format!(
        "daemon off; user root; worker_processes 2; pid {root}/nginx.pid; error_log {root}/error.log warn;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n access_log off; keepalive_requests 100000000; keepalive_timeout 300s; sendfile on; default_type text/plain;\n\
         client_body_temp_path {root}/body; client_max_body_size 2g; proxy_temp_path {root}/proxy;\n\
         server {{ listen {address} backlog=4096;\n\
         location / {{ return 200 'hello from nginx\\n'; }}\n\
         location /missing {{ return 404; }}\n location /broken {{ return 500; }}\n\
         location /moved {{ return 301 /; }}\n location /empty {{ return 204; }}\n\
         location /files/ {{ root {root}; }}\n }} }}\n"
    )
}
