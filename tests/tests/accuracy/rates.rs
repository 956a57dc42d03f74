//! Trial 26: rates over time, against a sender that keeps to a rate of its own.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::{Launch, Namespace, Process, loss::lossy_link};
use goldwire_tests::{
    programs::{Link, Peer, PeerBook, built_program},
    sheet::Line,
    watch::Watch,
};
use serde_json::json;
use tokio::time::sleep;

/// By how much a second may differ from the sender's rate: the sender itself sleeps and wakes late on a busy machine.
const TOLERANCE: f64 = 0.15;
/// Bytes the sender writes at once, and milliseconds between.
const AMOUNT: u64 = 20_000;
const PAUSE: u64 = 10;
const SECONDS: u64 = 8;

/// Values of finished steps by their time, each as it was first shown.
type Steps = BTreeMap<i64, f64>;

/// Looks at a series with steps of a second.
struct Look<'a> {
    watch: &'a Watch,
    signal: &'static str,
    filter: String,
    seen: Steps,
}

impl<'a> Look<'a> {
    fn new(watch: &'a Watch, signal: &'static str, server: SocketAddr) -> Self {
        let filter = format!("destination.port = {}", server.port());
        Self { watch, signal, filter, seen: Steps::new() }
    }

    /// Asks again; an error where a step that was shown has changed.
    async fn again(&mut self) -> Result<()> {
        let query = json!({ "queryType": "signals", "signals": [self.signal], "filter": self.filter, "step": "1s" });
        for row in self.watch.rows(query).await? {
            let (mut time, mut value) = (None, None);
            for (name, cell) in &row {
                if name.eq_ignore_ascii_case("time") { time = cell.as_i64() } else { value = cell.as_f64() }
            }
            let (Some(time), Some(value)) = (time, value) else { continue };
            let first = *self.seen.entry(time).or_insert(value);
            ensure!(first.to_bits() == value.to_bits(), "{}: {time} was {first} and is {value}", self.signal);
        }
        Ok(())
    }

    /// Looks again and again while the sender runs, and until its last steps are finished.
    async fn until_finished(&mut self, sender: &mut Process) -> Result<()> {
        let mut left = 35;
        while left > 0 {
            self.again().await?;
            sleep(Duration::from_millis(100)).await;
            if sender.ended()?.is_some() {
                left -= 1;
            }
        }
        Ok(())
    }

    /// What all steps after the first counted. That one is cut by the window, and nothing was sent in it.
    fn total(&self) -> u64 {
        self.seen.values().skip(1).sum::<f64>().round() as u64
    }
}

fn sender(watch: &Watch, to: SocketAddr, namespace: Option<&Namespace>, printed: &Path) -> Result<Process> {
    let (amount, pause, seconds) = (AMOUNT.to_string(), PAUSE.to_string(), SECONDS.to_string());
    let mut launch = Launch::new("sender", built_program("goldwire-peer")?)
        .args(["pace", &to.to_string(), &amount, &pause, &seconds])
        .cgroup(&watch.cgroup)?
        .log(printed)?;
    if let Some(namespace) = namespace {
        launch = launch.namespace(namespace)?;
    }
    launch.spawn().context("the sender")
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_a_steady_sender_fill_every_second_alike() -> Result<()> {
    let watch = Watch::start("steady-bytes").await?;
    let server = Peer::start_reader(&watch.cgroup)?;
    sleep(Duration::from_millis(1_500)).await;
    let printed = tempfile::NamedTempFile::new()?;
    let mut sender = sender(&watch, server.address, None, printed.path())?;
    let mut look = Look::new(&watch, "bytes_sent", server.address);
    look.until_finished(&mut sender).await?;
    let sent = PeerBook::read(printed.path())?.bytes_sent;
    let rate = (AMOUNT * 1_000 / PAUSE) as f64;
    let busy: Vec<f64> = look.seen.values().copied().skip_while(|value| *value == 0.0).collect();
    let busy = &busy[..=busy.iter().rposition(|value| *value > 0.0).context("no bytes at all")?];
    ensure!(busy.len() as u64 >= SECONDS, "there are too few steps: {busy:?}");
    let inner = &busy[1..busy.len() - 1];
    ensure!(inner.iter().all(|value| (value / rate - 1.0).abs() < TOLERANCE), "not near {rate}: {busy:?}");
    let ends = [busy[0], busy[busy.len() - 1]];
    ensure!(ends.iter().all(|value| *value < rate * (1.0 + TOLERANCE)), "a lump at an end: {busy:?}");
    Line::new(26, "bytes of a steady sender, added up over steps of a second", sent).server(look.total()).exact()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn retransmissions_over_time_add_up() -> Result<()> {
    let watch = Watch::start("steady-loss").await?;
    let link = Link::create("goldwire-test-rates")?;
    let server = Peer::start_reader_at(&watch.cgroup, &link.server, link.server_address)?;
    sleep(Duration::from_millis(1_500)).await;
    // Each segment by itself may be lost, so that there are many.
    link.offload(false)?;
    let before = link.retransmitted()?;
    lossy_link(&link.server, Link::DEVICE, 2, 0)?;
    let printed = tempfile::NamedTempFile::new()?;
    let mut sender = sender(&watch, server.address, Some(&link.client), printed.path())?;
    let mut look = Look::new(&watch, "retransmit_rate", server.address);
    look.until_finished(&mut sender).await?;
    let by_nstat = link.retransmitted()? - before;
    ensure!(by_nstat > 50, "a link that loses 2 % had {by_nstat} retransmissions");
    let what = "segments sent again, added up over steps of a second, by `nstat`";
    Line::new(26, what, by_nstat).server(look.total()).exact()?;
    let most = look.seen.values().copied().fold(0.0, f64::max);
    ensure!(most < by_nstat as f64 / 2.0, "{most} of {by_nstat} came in one step");
    Ok(())
}

/// A window that begins long before the daemon did says nothing about the time before.
#[tokio::test(flavor = "multi_thread")]
async fn a_rate_of_the_map_is_over_the_time_that_is_covered() -> Result<()> {
    const BACK: Duration = Duration::from_secs(7_200);
    let watch = Watch::start("map-rate").await?.looking_back(BACK);
    let begun = Instant::now();
    let peer = Peer::start(&watch.cgroup)?;
    let book = peer.talk(&watch.cgroup, &["steady", &peer.address.to_string(), "2", "3"])?;
    sleep(Duration::from_millis(300)).await;
    let answer = watch.ask(json!({ "queryType": "serviceMap" })).await?;
    let covered = begun.elapsed().as_secs_f64();
    let edges = answer.frames.iter().find(|frame| frame.name == "edges").context("the map has no edges")?.rows();
    let shown = edges.first().and_then(|row| row["mainstat"].as_str()).context("no rate")?;
    let rate: f64 = shown.strip_suffix(" req/s").context("no rate of requests")?.parse()?;
    // The daemon began a little before the traffic.
    let expected = book.total() as f64 / covered;
    ensure!(rate > expected * 0.6 && rate < expected * 1.05, "{rate} a second, and {expected} by the client");
    Ok(())
}
