//! Those who watch: a daemon for each node, and the plugin behind the workbench.

use std::{
    net::{SocketAddr, SocketAddrV4},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use serde_json::json;

use super::{
    credentials::{Credentials, NodeFiles},
    place::Place,
    running::Running,
    signals::Signals,
};
use crate::nodes::{Cluster, Launch, Node};

/// Where a daemon listens.
pub(super) const DAEMON_PORT: u16 = 4270;
/// By which queries name the data source.
pub(super) const DATA_SOURCE: &str = "goldwire-demo";
/// Loading the probes takes a second or two; the verifier of a slow machine more.
const DAEMON_PATIENCE: Duration = Duration::from_secs(60);
const WORKBENCH_PATIENCE: Duration = Duration::from_secs(30);

/// What was built, and where.
#[derive(Clone, Debug)]
pub struct Built {
    /// The folder with `goldwire`, `goldwire-demo` and `goldwire-workbench`.
    pub programs: PathBuf,
    /// The plugin as Grafana loads it.
    pub plugin: PathBuf,
    /// The workbench's page.
    pub page: PathBuf,
}

impl Built {
    /// Fails with what to do where something is missing.
    pub fn check(&self) -> anyhow::Result<()> {
        let [goldwire, demo, workbench] =
            ["goldwire", "goldwire-demo", "goldwire-workbench"].map(|name| self.program(name));
        let (plugin, page) = (self.plugin.join("plugin.json"), self.page.join("index.html"));
        for file in [goldwire, demo, workbench, plugin, page] {
            ensure!(file.exists(), "{} is missing: `cargo xtask demo` builds it", file.display());
        }
        Ok(())
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }
}

/// A node's address as clients write it.
pub(super) fn node_url(node: &Node) -> String {
    format!("https://{}", daemon_address(node))
}

fn daemon_address(node: &Node) -> SocketAddrV4 {
    SocketAddrV4::new(node.address(), DAEMON_PORT)
}

/// Starts a daemon for each node and waits until all answer.
pub(super) fn start_daemons(
    cluster: &Cluster,
    built: &Built,
    (credentials, files): (&Credentials, &[NodeFiles]),
    place: &Place,
    signals: &Signals,
) -> anyhow::Result<Vec<Running>> {
    let started = cluster.nodes().iter().zip(files).map(|(node, files)| {
        let name = format!("daemon-{}", node.name());
        let launch = daemon(node, &built.program("goldwire"), credentials, files).namespace(node.namespace())?;
        Ok(Running::start(launch, cluster.others().child(&name)?, place.log(&name))?)
    });
    let mut daemons = started.collect::<anyhow::Result<Vec<_>>>().context("cannot start a daemon")?;
    // It listens once its probes are attached.
    for (daemon, node) in daemons.iter_mut().zip(cluster.nodes()) {
        daemon.await_door(SocketAddr::V4(daemon_address(node)), DAEMON_PATIENCE, signals)?;
    }
    Ok(daemons)
}

fn daemon(node: &Node, program: &Path, credentials: &Credentials, files: &NodeFiles) -> Launch {
    let listen = daemon_address(node).to_string();
    Launch::new(&format!("the daemon of {}", node.name()), program)
        .args(["daemon", "--node-name", node.name(), "--listen", &listen])
        .args(["--cgroup".as_ref(), node.cgroup().path()])
        .args(["--tls-cert".as_ref(), files.certificate.as_path()])
        .args(["--tls-key".as_ref(), files.key.as_path()])
        .args(["--token-file".as_ref(), credentials.token_file.as_path()])
}

/// Starts the workbench, which starts the plugin; returns the address of its page.
pub(super) fn start_workbench(
    cluster: &Cluster,
    built: &Built,
    credentials: &Credentials,
    listen: SocketAddr,
    place: &Place,
    signals: &Signals,
) -> anyhow::Result<(Running, String)> {
    let settings = place.write_secret("data-source.json", &data_source(cluster.nodes(), credentials).to_string())?;
    let launch = Launch::new("the workbench", built.program("goldwire-workbench"))
        .args(["--plugin-dir".as_ref(), built.plugin.as_path()])
        .args(["--page-dir".as_ref(), built.page.as_path()])
        .args(["--datasource".as_ref(), settings.as_path()])
        .args(["--listen".to_owned(), listen.to_string()]);
    let mut workbench = Running::start(launch, cluster.others().child("workbench")?, place.log("workbench"))?;
    let address = workbench.await_line("listening on ", WORKBENCH_PATIENCE, signals)?;
    Ok((workbench, address))
}

/// The data source's settings, as Grafana would keep them.
fn data_source(nodes: &[Node], credentials: &Credentials) -> serde_json::Value {
    let addresses: Vec<String> = nodes.iter().map(|node| daemon_address(node).to_string()).collect();
    json!({
        "name": "Goldwire (demo)",
        "uid": DATA_SOURCE,
        "type": "goldwire-goldwire-datasource",
        "url": "",
        "jsonData": { "nodes": addresses, "timeoutSeconds": 5, "tlsAuthWithCACert": true },
        "secureJsonData": { "token": credentials.token, "tlsCACert": credentials.authority },
    })
}
