//! Trial 17: addresses that are written in two ways, and addresses that stand for others.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::Launch;
use goldwire_tests::{
    programs::{Link, Peer, built_program, run},
    sheet::Line,
    watch::{Row, Watch, count, text},
};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::sleep;

/// Questions, connections and requests of each trial.
const TIMES: u64 = 50;

/// A server that listens on `::` has IPv4 clients as `::ffff:a.b.c.d`, which is nobody else than `a.b.c.d`.
#[tokio::test(flavor = "multi_thread")]
async fn ipv4_clients_of_a_dual_stack_server() -> Result<()> {
    const CONNECTIONS: u64 = 20;
    let watch = Watch::start("dual-stack").await?;
    let server = Peer::start_dual_stack("server", &watch.cgroup)?;
    let port = server.address.port();
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string();
    let arguments = ["steady", &to, &CONNECTIONS.to_string(), "4"];
    let mut client =
        Launch::new("peer", built_program("goldwire-peer")?).args(arguments).cgroup(&watch.cgroup)?.spawn()?;
    sleep(Duration::from_secs(2)).await;
    let truth = clients_by_ss(port)?;
    ensure!(client.wait(Duration::from_secs(30))?.is_some_and(|ended| ended.success()), "the client failed");
    ensure!(truth.len() as u64 == CONNECTIONS, "`ss` lists each connection: {truth:?}");
    let query = json!({
        "queryType": "table", "table": "flows",
        "filter": format!("destination.port = {port} and destination.address = 127.0.0.1 and network.type = \"ipv4\""),
        "groupBy": ["reporter", "source.address", "source.port"], "aggregates": ["count()"], "limit": 1_000,
    });
    let rows = watch.settled(query, |rows| rows.len() as u64 >= 2 * CONNECTIONS).await?;
    let seen = |reporter: &str| {
        let ours = rows.iter().filter(|row| text(row, "reporter") == reporter);
        let clients: BTreeSet<_> = ours.filter_map(|row| client_of(row).ok()).collect();
        clients.intersection(&truth).count() as u64
    };
    let what = "IPv4 connections to a server on `::`, by `ss`";
    Line::new(17, what, CONNECTIONS).client(seen("client")).server(seen("server")).exact()?;
    ensure!(rows.len() as u64 == 2 * CONNECTIONS, "no client under two addresses: {rows:?}");
    Ok(())
}

/// The clients that `ss` lists, without the prefix that it writes.
fn clients_by_ss(port: u16) -> Result<BTreeSet<SocketAddr>> {
    let arguments = ["-tnH", "state", "established", &format!("sport = :{port}")];
    let printed = String::from_utf8(Command::new("ss").args(arguments).output()?.stdout)?;
    printed
        .lines()
        .map(|line| {
            let remote: SocketAddr = line.split_ascii_whitespace().nth(3).context("a remote end")?.parse()?;
            Ok(SocketAddr::new(remote.ip().to_canonical(), remote.port()))
        })
        .collect()
}

fn client_of(row: &Row) -> Result<SocketAddr> {
    Ok(SocketAddr::new(text(row, "source.address").parse()?, text(row, "source.port").parse()?))
}

/// In both directions: an IPv4 client of a server on `::`, and a socket of IPv6 that talks to an IPv4 server.
#[tokio::test(flavor = "multi_thread")]
async fn ipv4_in_sockets_of_ipv6() -> Result<()> {
    let watch = Watch::start("mapped").await?;
    let asked = [
        (Peer::start_dual_stack("dns", &watch.cgroup)?, ("AF_INET", "127.0.0.1"), "sent to a server on `::`"),
        (Peer::start_dns(&watch.cgroup)?, ("AF_INET6", "::ffff:127.0.0.1"), "sent by a socket of IPv6"),
    ];
    for (server, (family, to), what) in asked {
        ask(&watch, family, to, server.address.port())?;
        let filter = format!("destination.port = {} and network.protocol = \"dns\"", server.address.port());
        let fields = ["source.address", "destination.address", "network.transport"];
        let rows = watch.requests_by(&filter, &fields, 2 * TIMES).await?;
        let is_right = |row: &&Row| {
            text(row, "source.address") == "127.0.0.1"
                && text(row, "destination.address") == "127.0.0.1"
                && text(row, "network.transport") == "udp"
        };
        let seen = |reporter: &str| {
            let right = rows.iter().filter(is_right).filter(|row| text(row, "reporter") == reporter);
            right.map(|row| count(row, "count()")).sum()
        };
        let what = format!("questions over IPv4 and UDP, {what}");
        Line::new(17, &what, TIMES).client(seen("client")).server(seen("server")).exact()?;
        ensure!(once(&watch, &filter, TIMES).await? == TIMES, "each question counts once");
    }
    Ok(())
}

/// As kube-proxy does: the packets go to one that is behind the address that was asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_address_has_the_backend_that_answered() -> Result<()> {
    let watch = Watch::start("service-udp").await?;
    let services = Services::start(&watch, "goldwire-test-svc", 1)?;
    let (_folder, list) = questions()?;
    let service = services.of[0].address.to_string();
    let dig = Launch::new("dig", "dig").args([&format!("@{service}"), "+tries=1", "+noedns", "-f", &list]);
    services.run(&watch, dig)?;
    let what = "questions to a service address over UDP, with the backend that answered";
    services.expect(&watch, what).await
}

/// musl's resolver never connects its socket, and asks all its servers with one: each datagram says where it goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_is_not_connected_asks_two_service_addresses() -> Result<()> {
    let watch = Watch::start("service-sendto").await?;
    let services = Services::start(&watch, "goldwire-test-two", 2)?;
    let [first, second] = [0, 1].map(|index: usize| services.of[index].address);
    let script = format!(
        "import socket\n\
         s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)\n\
         for number in range({TIMES}):\n \
           for to in '{first}', '{second}':\n  \
             s.sendto(bytes([0, number]) + b'\\1\\0\\0\\1' + bytes(6) + b'\\4here\\4test\\0\\0\\1\\0\\1', (to, 53))\n  \
             assert s.recvfrom(512)[1] == (to, 53)\n"
    );
    services.run(&watch, Launch::new("python", "python3").args(["-c", &script]))?;
    let what = "questions to two service addresses by one socket that is not connected";
    services.expect(&watch, what).await
}

/// Service addresses, each with one server behind it, over a link.
struct Services {
    link: Link,
    of: Vec<Service>,
}

struct Service {
    address: Ipv4Addr,
    server: Peer,
}

impl Services {
    fn start(watch: &Watch, name: &str, count: u8) -> Result<Self> {
        let link = Link::create(name)?;
        link.client.ip(&["route", "add", "10.96.0.0/16", "via", &link.server_address.to_string()])?;
        for words in ["add table ip nat", "add chain ip nat output { type nat hook output priority -100 ; }"] {
            link.client.run("nft", &[words])?;
        }
        let mut of = Vec::new();
        for number in 0..count {
            let address = Ipv4Addr::new(10, 96, 0, 10 + number);
            let server = Peer::start_dns_at(&watch.cgroup, &link.server, link.server_address)?;
            let rule = format!("ip daddr {address} udp dport 53 dnat to {}", server.address);
            link.client.run("nft", &[&format!("add rule ip nat output {rule}")])?;
            of.push(Service { address, server });
        }
        Ok(Self { link, of })
    }

    /// Runs a client to its end.
    fn run(&self, watch: &Watch, client: Launch) -> Result<()> {
        let mut client = client.cgroup(&watch.cgroup)?.namespace(&self.link.client)?.spawn()?;
        let ended = client.wait(Duration::from_secs(60))?;
        ensure!(ended.is_some_and(|ended| ended.success()), "the client failed");
        Ok(())
    }

    /// Each service was asked [`TIMES`] times, and each question and its answer are of one flow.
    async fn expect(&self, watch: &Watch, what: &str) -> Result<()> {
        let filter = "network.protocol = \"dns\"";
        let sent = TIMES * self.of.len() as u64;
        let fields = ["source.address", "destination.address", "destination.port", "destination.service", "error.type"];
        let rows = watch.requests_by(filter, &fields, 2 * sent).await?;
        let is_right = |row: &&Row| {
            let service = self.of.iter().find(|service| {
                text(row, "destination.port") == service.server.address.port().to_string()
                    && text(row, "destination.service") == format!("{}:53", service.address)
            });
            service.is_some()
                && text(row, "error.type").is_empty()
                && text(row, "source.address") == "10.79.0.1"
                && text(row, "destination.address") == self.link.server_address.to_string()
        };
        let seen = |reporter: &str| {
            let right = rows.iter().filter(is_right).filter(|row| text(row, "reporter") == reporter);
            right.map(|row| count(row, "count()")).sum::<u64>()
        };
        let (client, server) = (seen("client"), seen("server"));
        ensure!(client + server == 2 * sent, "{rows:?}");
        Line::new(17, what, sent).client(client).server(server).exact()?;
        ensure!(once(watch, filter, sent).await? == sent, "each question counts once");
        let query = json!({
            "queryType": "table", "table": "flows", "filter": "network.transport = \"udp\"",
            "groupBy": ["reporter", "destination.port"], "aggregates": ["sum(packets_sent)", "sum(packets_received)"],
        });
        let is_whole = |rows: &[Row]| {
            let both = |row: &Row| ["sum(packets_sent)", "sum(packets_received)"].map(|sum| count(row, sum));
            rows.len() == 2 * self.of.len() && rows.iter().all(|row| both(row) == [TIMES, TIMES])
        };
        let rows = watch.settled(query, is_whole).await?;
        ensure!(is_whole(&rows), "both ways of a conversation are of one flow: {rows:?}");
        Ok(())
    }
}

/// What is counted where both ends' reports are one.
async fn once(watch: &Watch, filter: &str, sent: u64) -> Result<u64> {
    let query = json!({ "queryType": "table", "table": "requests", "filter": filter, "aggregates": ["count()"] });
    let rows = watch.settled(query, |rows| rows.first().is_some_and(|row| count(row, "count()") == sent)).await?;
    Ok(rows.first().map_or(0, |row| count(row, "count()")))
}

/// Asks with a socket of this family; dig would not ask a mapped address.
fn ask(watch: &Watch, family: &str, to: &str, port: u16) -> Result<()> {
    let script = format!(
        "import socket\n\
         for number in range({TIMES}):\n \
           s = socket.socket(socket.{family}, socket.SOCK_DGRAM); s.settimeout(5); s.connect(('{to}', {port}))\n \
           s.send(bytes([0, number]) + b'\\1\\0\\0\\1' + bytes(6) + b'\\4here\\4test\\0\\0\\1\\0\\1'); s.recv(512)\n"
    );
    run(&watch.cgroup, "python3", &["-c", &script])?;
    Ok(())
}

fn questions() -> Result<(TempDir, String)> {
    let folder = TempDir::new()?;
    let list = folder.path().join("questions");
    let names = (0..TIMES).map(|number| format!("here-{number}.test\n"));
    std::fs::write(&list, names.collect::<String>())?;
    Ok((folder, list.display().to_string()))
}
