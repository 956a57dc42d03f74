//! Trial 10: connections that fail, each for its own reason.

use std::{fs, net::Ipv4Addr, time::Duration};

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::{Launch, loss::firewall_port};
use goldwire_tests::{
    programs::{Link, Peer, built_program, free_port, run},
    sheet::Line,
    watch::{Row, Watch, count, text},
};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_refused_connections_are_a_thousand_refused() -> Result<()> {
    let watch = Watch::start("refused").await?;
    let port = free_port()?;
    let script = format!("for i in $(seq 1000); do (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; done; true");
    run(&watch.cgroup, "bash", &["-c", &script])?;
    let query = json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port}"),
        "groupBy": ["ending", "verdict"], "aggregates": ["count()"],
    });
    let rows = watch.settled(query, |rows| rows.iter().map(|row| count(row, "count()")).sum::<u64>() >= 1000).await?;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((text(&rows[0], "ending"), text(&rows[0], "verdict")), ("refused", "refused"));
    Line::new(10, "connects that are refused", 1000).client(count(&rows[0], "count()")).exact()?;
    Ok(())
}

fn endings(port: u16) -> Value {
    json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port} and ending != \"\""),
        "groupBy": ["reporter", "ending"], "aggregates": ["count()", "max(connect_latency)"],
    })
}

fn of(rows: &[Row], reporter: &str, ending: &str) -> u64 {
    let found = rows.iter().filter(|row| text(row, "reporter") == reporter && text(row, "ending") == ending);
    found.map(|row| count(row, "count()")).sum()
}

/// Tries to connect so often at once from the client's end of a link; an error where bash does not say each time that it failed
/// for this reason.
fn connect(watch: &Watch, link: &Link, to: (Ipv4Addr, u16), attempts: u64, reason: &str) -> Result<()> {
    let said = NamedTempFile::new()?;
    let script = format!("for i in $(seq {attempts}); do (exec 3<>/dev/tcp/{}/{}) & done; wait; true", to.0, to.1);
    let launch = Launch::new("bash", "bash").args(["-c", &script]).env("LC_ALL", "C").log(said.path())?;
    let launch = launch.cgroup(&watch.cgroup)?.namespace(&link.client)?;
    launch.spawn()?.wait(Duration::from_secs(60))?.context("the attempts do not end")?;
    let said = fs::read_to_string(said.path())?;
    // bash says it twice of each, the second time with the line of the script.
    let failed = said.lines().filter(|line| line.ends_with(&format!("connect: {reason}"))).count();
    ensure!(failed as u64 == attempts, "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_black_hole_is_a_timeout_and_not_a_refusal() -> Result<()> {
    const ATTEMPTS: u64 = 5;
    let watch = Watch::start("black-hole").await?;
    let link = Link::create("goldwire-test-hole")?;
    let port = free_port()?;
    firewall_port(&link.server, port)?;
    // The kernel gives up after one more SYN, within 3 s.
    link.client.run("sysctl", &["-q", "-w", "net.ipv4.tcp_syn_retries=1"])?;
    connect(&watch, &link, (link.server_address, port), ATTEMPTS, "Connection timed out")?;
    let rows = watch.settled(endings(port), |rows| of(rows, "client", "timed_out") >= ATTEMPTS).await?;
    Line::new(10, "connects into a black hole", ATTEMPTS).client(of(&rows, "client", "timed_out")).exact()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_syn_is_a_second_of_connect_latency() -> Result<()> {
    let watch = Watch::start("lost-syn").await?;
    let link = Link::create("goldwire-test-syn")?;
    let server = Peer::start_at(&watch.cgroup, &link.server, link.server_address)?;
    let port = server.address.port();
    firewall_port(&link.server, port)?;
    let to = server.address.to_string();
    let peer = built_program("goldwire-peer")?;
    let launch = Launch::new("peer", peer).args(["ways", &to, "write", "2"]).cgroup(&watch.cgroup)?;
    let mut client = launch.namespace(&link.client)?.spawn()?;
    // The first SYN falls into the firewall; the one after a second does not.
    tokio::time::sleep(Duration::from_millis(500)).await;
    link.server.run("nft", &["flush", "ruleset"])?;
    ensure!(client.wait(Duration::from_secs(30))?.is_some_and(|ended| ended.success()), "the client failed");
    let rows = watch.settled(endings(port), |rows| of(rows, "client", "closed") >= 1).await?;
    let query = json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port}"),
        "aggregates": ["max(connect_latency)"],
    });
    let answer = watch.rows(query).await?;
    let latency = answer
        .first()
        .and_then(|row| row["max(connect_latency)"].as_f64())
        .with_context(|| format!("a connect latency: {answer:?}, {rows:?}"))?;
    ensure!((1.0..1.2).contains(&latency), "{latency} s: {rows:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reset_a_transfer_is_told() -> Result<()> {
    const TIMES: u64 = 20;
    let watch = Watch::start("resets").await?;
    let server = Peer::start(&watch.cgroup)?;
    let times = TIMES.to_string();
    server.talk(&watch.cgroup, &["messages", &server.address.to_string(), &times])?;
    let port = server.address.port();
    let rows = watch.settled(endings(port), |rows| of(rows, "server", "reset_by_destination") >= TIMES).await?;
    let seen = ["client", "server"].map(|reporter| of(&rows, reporter, "reset_by_destination"));
    Line::new(10, "transfers reset by the server", TIMES).client(seen[0]).server(seen[1]).exact()?;
    ensure!(of(&rows, "client", "reset_by_source") == 0, "{rows:?}");
    Ok(())
}

/// Nobody answers who has this address: the kernel gives up after some questions to the neighbours.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_nobody_has_is_unreachable() -> Result<()> {
    const ATTEMPTS: u64 = 5;
    let watch = Watch::start("unreachable").await?;
    let link = Link::create("goldwire-test-none")?;
    let port = free_port()?;
    connect(&watch, &link, (Ipv4Addr::new(10, 79, 0, 99), port), ATTEMPTS, "No route to host")?;
    let rows = watch.settled(endings(port), |rows| of(rows, "client", "unreachable") >= ATTEMPTS).await?;
    let all: u64 = rows.iter().map(|row| count(row, "count()")).sum();
    ensure!(all == ATTEMPTS, "{rows:?}");
    Line::new(10, "connects to an address that nobody has", ATTEMPTS).client(of(&rows, "client", "unreachable")).exact()
}
