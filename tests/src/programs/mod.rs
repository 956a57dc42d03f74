//! Real servers and clients, each started for one test and stopped with it.

mod dnsmasq;
mod engine;
mod go;
mod h2load;
mod link;
mod nginx;
mod packet_counter;
mod peer;
mod router;
mod server;
mod tls;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use goldwire_demo::nodes::{Cgroup, Launch, Namespace, Process};
use tempfile::TempDir;

pub use dnsmasq::Dnsmasq;
pub use engine::{Engine, IMAGE, Make};
pub use go::go_peer;
pub use h2load::{LoadReport, h2load, h2load_http2, undisturbed_h2load};
pub use link::{Link, kernel_count, own_kernel_count};
pub use nginx::Nginx;
pub use packet_counter::PacketCounter;
pub use peer::{Peer, PeerBook};
pub use router::Router;
pub use server::Server;
pub use tls::{certificate, nginx_over_tls};

/// Patience with anything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Patience with a program that runs to its end.
const RUN_PATIENCE: Duration = Duration::from_secs(120);

/// A port of loopback that nobody listens on right now.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Waits until `condition` gives a value; an error that names `what` after [`PATIENCE`].
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(value) = condition() {
            return Ok(value);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("waited {} s in vain for {what}", PATIENCE.as_secs())
}

/// Runs a program to its end in `cgroup`, and gives what it printed on either stream; an error where it fails.
pub fn run(cgroup: &Cgroup, program: &str, arguments: &[&str]) -> Result<String> {
    let folder = TempDir::new()?;
    let log = folder.path().join("output");
    let mut process = Launch::new(program, program).args(arguments).cgroup(cgroup)?.log(&log)?.spawn()?;
    let ended = process.wait(RUN_PATIENCE)?;
    let output = fs::read_to_string(&log).unwrap_or_default();
    match ended {
        Some(status) if status.success() => Ok(output),
        Some(status) => bail!("{program} {}: {status}\n{output}", arguments.join(" ")),
        None => bail!("{program} {} did not end within {} s", arguments.join(" "), RUN_PATIENCE.as_secs()),
    }
}

/// Starts a server, and waits until it listens.
fn serve(launch: Launch, namespace: Option<&Namespace>, address: SocketAddr) -> Result<Process> {
    let launch = match namespace {
        Some(namespace) => launch.namespace(namespace)?,
        None => launch,
    };
    let mut process = launch.spawn()?;
    wait_for_listener(namespace, address)?;
    ensure!(process.ended()?.is_none(), "{} ended early", process.name());
    Ok(process)
}

/// Waits until somebody listens: the kernel is asked, since knocking would be counted as what no client did.
fn wait_for_listener(namespace: Option<&Namespace>, address: SocketAddr) -> Result<()> {
    let arguments = ["-tlHn", &format!("sport = :{}", address.port())];
    wait_for("a listener", || {
        let lines = match namespace {
            Some(namespace) => namespace.run("ss", &arguments).ok()?,
            None => String::from_utf8(Command::new("ss").args(arguments).output().ok()?.stdout).ok()?,
        };
        (!lines.is_empty()).then_some(())
    })
}

/// The folder that `cargo` builds programs into, found from the running test's own place.
pub fn built_program(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).context("the test runs from a target folder")?;
    let path = folder.join(name);
    ensure!(path.exists(), "{} is not built; `cargo xtask test` builds it", path.display());
    Ok(path)
}
