//! The small real system: which program runs on which node, and how it is started.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;

use super::{
    observers::{Built, DAEMON_PORT},
    place::Place,
    running::Running,
    signals::Signals,
};
use crate::{
    nodes::{Cluster, Launch, Node, loss},
    services::{
        Service,
        address::{
            CATALOG_PORT, DNS_PORT, GATEWAY_PORT, NAMES, ORDERS_PORT, PAYMENTS_PORT, REDIS_PORT, SHOP_PORT, SILENT_PORT,
        },
        ledger::{self, Entry, Tally},
    },
};

/// Of what node-b sends, this much is lost on the way.
const LOSS_PERCENT: u8 = 1;
const PATIENCE: Duration = Duration::from_secs(10);

/// The running system. Its clients start apart, when all who watch are ready.
#[derive(Debug)]
pub(super) struct System {
    running: Vec<Running>,
    books: Vec<PathBuf>,
    /// A line for each question and each answer of the DNS server.
    dns_log: PathBuf,
    /// `goldwire-demo`, which has the services in it.
    program: PathBuf,
}

impl System {
    /// Starts the servers and waits until each accepts connections.
    pub(super) fn start(cluster: &Cluster, built: &Built, place: &Place, signals: &Signals) -> anyhow::Result<Self> {
        let [a, b, c] = cluster.nodes() else { anyhow::bail!("the demo's system is made for three nodes") };
        // What daemons answer is spared, so that all retransmissions on node-b are of the shop.
        loss::lossy_link(cluster.bridge(), b.name(), LOSS_PERCENT, DAEMON_PORT)?;
        loss::firewall_port(b.namespace(), SILENT_PORT)?;
        write_resolver_files(place, cluster.nodes())?;
        let program = built.program("goldwire-demo");
        let mut system =
            Self { running: Vec::new(), books: Vec::new(), dns_log: place.log("dns"), program: program.clone() };
        let service = |service, node| start_service(&program, service, place, node);
        system.add(start_dns(place, cluster.nodes(), c)?, (c, DNS_PORT), signals)?;
        system.add(service(Service::Payments, c)?, (c, PAYMENTS_PORT), signals)?;
        system.running.push(start_redis(place, b)?);
        system.add(service(Service::Catalog, b)?, (b, CATALOG_PORT), signals)?;
        system.add(service(Service::Orders, b)?, (b, ORDERS_PORT), signals)?;
        system.add(service(Service::Shop, a)?, (a, SHOP_PORT), signals)?;
        system.add(start_gateway(place, a)?, (a, GATEWAY_PORT), signals)?;
        system.books = [Service::Shop, Service::Orders].map(|service| books_file(place, service)).into();
        Ok(system)
    }

    fn add(&mut self, mut running: Running, door: (&Node, u16), signals: &Signals) -> anyhow::Result<()> {
        let (node, port) = door;
        running.await_door((node.address(), port).into(), PATIENCE, signals)?;
        self.running.push(running);
        Ok(())
    }

    /// Starts the clients.
    pub(super) fn start_traffic(&mut self, cluster: &Cluster, place: &Place) -> anyhow::Result<()> {
        let node = cluster.nodes().last().context("a cluster without nodes")?;
        self.running.push(start_service(&self.program, Service::Traffic, place, node)?);
        self.books.push(books_file(place, Service::Traffic));
        Ok(())
    }

    /// All that should be running.
    pub(super) fn running(&mut self) -> impl Iterator<Item = &mut Running> {
        self.running.iter_mut()
    }

    /// Ends all programs, from the clients inwards, and reads their books.
    pub(super) fn close_books(&mut self) -> anyhow::Result<Vec<Entry>> {
        for running in self.running.iter_mut().rev() {
            running.stop()?;
        }
        let books = self.books.iter().map(|file| ledger::read(file).with_context(|| format!("{}", file.display())));
        let mut entries = books.collect::<anyhow::Result<Vec<_>>>()?.concat();
        entries.push(unknown_names(&self.dns_log)?);
        Ok(entries)
    }
}

/// How often the DNS server said that there is no such name. A resolver asks again where an answer is late, so the programs
/// that look names up do not know.
fn unknown_names(log: &Path) -> anyhow::Result<Entry> {
    let text = fs::read_to_string(log).with_context(|| format!("cannot read {}", log.display()))?;
    let sent = text.lines().filter(|line| line.ends_with(" is NXDOMAIN")).count() as u64;
    Ok(Entry { edge: ledger::edge("traffic", "dns", "nxdomain"), tally: Tally { sent, ..Tally::default() } })
}

fn books_file(place: &Place, service: Service) -> PathBuf {
    place.path(&format!("{}.books.json", service.name()))
}

/// A program on a node: in the group and namespace that belong to it there.
fn on_node(launch: Launch, name: &str, place: &Place, node: &Node) -> anyhow::Result<Running> {
    let group = node.cgroup().child(name)?;
    let launch = launch.namespace(node.namespace())?;
    Running::start(launch, group, place.log(name)).with_context(|| format!("cannot start {name}"))
}

fn start_service(program: &Path, service: Service, place: &Place, node: &Node) -> anyhow::Result<Running> {
    let mut launch = Launch::new(service.name(), program).args(["serve", service.name(), "--books"]);
    launch = launch.args([books_file(place, service)]);
    for file in ["resolv.conf", "nsswitch.conf"] {
        let covered = Path::new("/etc").join(file);
        if covered.exists() {
            launch = launch.with_file(&place.path(file), &covered)?;
        }
    }
    on_node(launch, service.name(), place, node)
}

/// The nodes' programs look names up at the demo's own DNS server, whatever this machine does.
fn write_resolver_files(place: &Place, nodes: &[Node]) -> anyhow::Result<()> {
    let server = nodes.last().context("a cluster without nodes")?.address();
    place.write("resolv.conf", &format!("nameserver {server}\nsearch .\noptions timeout:1 attempts:3\n"))?;
    place.write("nsswitch.conf", "hosts: files dns\n")?;
    Ok(())
}

fn start_dns(place: &Place, nodes: &[Node], node: &Node) -> anyhow::Result<Running> {
    let records = NAMES.map(|(name, at)| format!("--host-record={name},{}", nodes[at].address()));
    let launch = Launch::new("dns", "dnsmasq")
        .args(["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--local=/demo/"])
        .args([
            "--bind-interfaces",
            "--user=nobody",
            "--group=nogroup",
            "--pid-file=",
            "--log-facility=-",
            "--log-queries",
        ])
        .args([format!("--listen-address={}", node.address())])
        .args(records);
    on_node(launch, "dns", place, node)
}

fn start_redis(place: &Place, node: &Node) -> anyhow::Result<Running> {
    let port = REDIS_PORT.to_string();
    let launch = Launch::new("redis", "redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"])
        .directory(Path::new("/"));
    on_node(launch, "redis", place, node)
}

fn start_gateway(place: &Place, node: &Node) -> anyhow::Result<Running> {
    let folder = place.path("nginx");
    std::fs::create_dir(&folder)?;
    let configuration = place.write("nginx.conf", &nginx_configuration(&folder))?;
    let launch = Launch::new("gateway", "nginx").args(["-e", "stderr", "-g", "daemon off;", "-p"]).args([&folder]);
    on_node(launch.args(["-c"]).args([&configuration]), "gateway", place, node)
}

fn nginx_configuration(folder: &Path) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path {}/{kind};\n", folder.display()))
        .concat();
    format!(
        "user nobody nogroup;
worker_processes 1;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 512; }}
http {{
  access_log off;
{temporary}  upstream shop {{ server 127.0.0.1:{SHOP_PORT}; keepalive 32; }}
  server {{
    listen {GATEWAY_PORT};
    location / {{
      proxy_pass http://shop;
      proxy_http_version 1.1;
      proxy_set_header Connection \"\";
    }}
  }}
}}
",
        folder = folder.display()
    )
}
