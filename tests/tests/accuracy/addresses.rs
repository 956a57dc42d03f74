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
        ensure!(once(&watch, &filter).await? == TIMES, "each question counts once");
    }
    Ok(())
}

/// As kube-proxy does: the packets go to one that is behind the address that was asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_address_has_the_backend_that_answered() -> Result<()> {
    const SERVICE: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 10);
    let watch = Watch::start("service-udp").await?;
    let link = Link::create("goldwire-test-svc")?;
    let server = Peer::start_dns_at(&watch.cgroup, &link.server, link.server_address)?;
    let (backend, port) = (server.address.ip().to_string(), server.address.port());
    link.client.ip(&["route", "add", "10.96.0.0/16", "via", &backend])?;
    let rule = format!("ip daddr {SERVICE} udp dport 53 dnat to {backend}:{port}");
    for words in ["add table ip nat", "add chain ip nat output { type nat hook output priority -100 ; }"] {
        link.client.run("nft", &[words])?;
    }
    link.client.run("nft", &[&format!("add rule ip nat output {rule}")])?;
    let (folder, list) = questions()?;
    let dig = Launch::new("dig", "dig").args([&format!("@{SERVICE}"), "+tries=1", "+noedns", "-f", &list]);
    let ended = dig.cgroup(&watch.cgroup)?.namespace(&link.client)?.spawn()?.wait(Duration::from_secs(60))?;
    ensure!(ended.is_some_and(|ended| ended.success()), "dig failed");
    drop(folder);
    let fields = ["source.address", "destination.address", "destination.port", "destination.service"];
    let filter = "network.protocol = \"dns\"";
    let rows = watch.requests_by(filter, &fields, 2 * TIMES).await?;
    let is_right = |row: &&Row| {
        text(row, "source.address") == "10.79.0.1"
            && text(row, "destination.address") == backend
            && text(row, "destination.port") == port.to_string()
            && text(row, "destination.service") == format!("{SERVICE}:53")
    };
    let seen = |reporter: &str| {
        let right = rows.iter().filter(is_right).filter(|row| text(row, "reporter") == reporter);
        right.map(|row| count(row, "count()")).sum::<u64>()
    };
    let (client, server) = (seen("client"), seen("server"));
    ensure!(client + server == 2 * TIMES, "{rows:?}");
    let what = "questions to a service address over UDP, with the backend that answered";
    Line::new(17, what, TIMES).client(client).server(server).exact()?;
    ensure!(once(&watch, filter).await? == TIMES, "each question counts once");
    // Both ways of a conversation are of one flow.
    let query = json!({
        "queryType": "table", "table": "flows", "filter": "network.transport = \"udp\"",
        "groupBy": ["reporter", "destination.address"], "aggregates": ["sum(packets_sent)", "sum(packets_received)"],
    });
    let rows = watch.settled(query, |rows| rows.len() == 2).await?;
    for row in &rows {
        ensure!(text(row, "destination.address") == backend, "{rows:?}");
        let both = [count(row, "sum(packets_sent)"), count(row, "sum(packets_received)")];
        ensure!(both == [TIMES, TIMES], "{rows:?}");
    }
    Ok(())
}

/// What is counted where both ends' reports are one.
async fn once(watch: &Watch, filter: &str) -> Result<u64> {
    let query = json!({ "queryType": "table", "table": "requests", "filter": filter, "aggregates": ["count()"] });
    let rows = watch.settled(query, |rows| rows.first().is_some_and(|row| count(row, "count()") == TIMES)).await?;
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
