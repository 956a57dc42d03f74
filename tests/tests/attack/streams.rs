//! Live queries and connections that nobody reads or uses.

use std::{
    io::Read,
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use goldwire_protocol::client::{Connection, NodeClient};
use goldwire_tests::{
    programs::{Nginx, h2load},
    watch::Watch,
};

use crate::{ensure_within, length};

/// More than a node takes, a few on each connection.
const FOLLOWERS: usize = 80;
const TAKEN: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn live_queries_that_nobody_reads_stay_within_memory_and_are_bounded() -> Result<()> {
    let watch = Watch::with_options("unread", &["--memory", "64MiB"]).await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let (mut streams, mut refused) = (Vec::new(), Vec::new());
    for number in 0..FOLLOWERS {
        let client = NodeClient::new(watch.address.to_string().parse()?, &Connection::default())?;
        let filter = if number % 2 == 0 { "" } else { r#","filter":"url.path = \"/*\"""# };
        let query = format!("{{\"queryType\":\"requests\",\"live\":true,\"limit\":10000{filter}}}");
        match client.live(&query, Duration::from_secs(5)).await {
            Ok(rows) => streams.push((client, Box::pin(rows))),
            Err(error) => refused.push(error.to_string()),
        }
    }
    ensure!(streams.len() == TAKEN, "{} are followed", streams.len());
    ensure!(refused.iter().all(|why| why.contains("this node takes 64 live queries at once")), "{refused:?}");
    let begun = Instant::now();
    while begun.elapsed() < length() {
        let urls: Vec<String> =
            (0..500).map(|number| nginx.url(&format!("/{number}/{}", "long-".repeat(100)))).collect();
        h2load(&watch.cgroup, 10_000, 8, 1, &urls)?;
    }
    ensure_within(&watch, 64 << 20)?;
    drop(streams);
    // The places are free again.
    let client = NodeClient::new(watch.address.to_string().parse()?, &Connection::default())?;
    for _ in 0..100 {
        if client.live(r#"{"queryType":"requests","live":true}"#, Duration::from_secs(5)).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("no live query is taken after all were given up")
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_not_used_are_closed() -> Result<()> {
    let watch = Watch::with_options("idle", &["--memory", "64MiB"]).await?;
    let mut idle = (0..500).map(|_| TcpStream::connect(watch.address)).collect::<Result<Vec<_>, _>>()?;
    // It answers beside them.
    watch.status().await?;
    let first = idle.first_mut().context("a connection")?;
    first.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut rest = Vec::new();
    let begun = Instant::now();
    let ended = first.read_to_end(&mut rest);
    let waited = begun.elapsed();
    ensure!(
        !matches!(&ended, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock),
        "still open after {waited:?}"
    );
    ensure!(waited < Duration::from_secs(8), "closed after {waited:?}");
    ensure_within(&watch, 64 << 20)
}
