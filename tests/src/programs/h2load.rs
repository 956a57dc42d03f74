//! h2load.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};
use goldwire_demo::nodes::Cgroup;
use tempfile::TempDir;

use super::run;

/// What h2load counted itself.
#[derive(Debug)]
pub struct LoadReport {
    /// Requests that got an answer.
    pub answered: u64,
    /// Latencies in seconds, ascending.
    pub latencies: Vec<f64>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
}

impl LoadReport {
    /// Nearest-rank quantile in seconds.
    #[must_use]
    pub fn quantile(&self, q: f64) -> f64 {
        let rank = (q * self.latencies.len() as f64).ceil() as usize;
        self.latencies.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }
}

/// h2load in its HTTP/1.1 mode: `requests` over `connections`, each at most `pipeline` deep, over `urls` in turn.
pub fn h2load(cgroup: &Cgroup, requests: u64, connections: u32, pipeline: u32, urls: &[String]) -> Result<LoadReport> {
    load(cgroup, &["h2load", "--h1"], (requests, connections, pipeline), urls)
}

/// The same in HTTP/2, which it speaks over TLS where the server does: so many streams of each connection at once.
pub fn h2load_http2(cgroup: &Cgroup, requests: u64, connections: u32, streams: u32, url: &str) -> Result<LoadReport> {
    load(cgroup, &["h2load"], (requests, connections, streams), &[url.to_owned()])
}

/// The first over one connection, and before all other programs: it never waits for a processor with an answer in hand, so
/// that its latencies are those of the wire.
pub fn undisturbed_h2load(cgroup: &Cgroup, requests: u64, url: &str) -> Result<LoadReport> {
    load(cgroup, &["chrt", "--fifo", "1", "h2load", "--h1"], (requests, 1, 1), &[url.to_owned()])
}

fn load(
    cgroup: &Cgroup,
    program: &[&str],
    (requests, connections, pipeline): (u64, u32, u32),
    urls: &[String],
) -> Result<LoadReport> {
    let folder = TempDir::new()?;
    let log = folder.path().join("requests.log");
    let (requests, connections, pipeline) = (requests.to_string(), connections.to_string(), pipeline.to_string());
    let log_option = format!("--log-file={}", log.display());
    let mut arguments = program[1..].to_vec();
    arguments.extend(["-t", "1", "-n", &requests, "-c", &connections, "-m", &pipeline, &log_option]);
    arguments.extend(urls.iter().map(String::as_str));
    run(cgroup, program[0], &arguments)?;
    read_load_log(&log)
}

/// A line a request: start in µs, status, latency in µs (`h2load(1)`, `--log-file`).
fn read_load_log(log: &Path) -> Result<LoadReport> {
    let text = fs::read_to_string(log).context("reading h2load's log")?;
    let mut report = LoadReport { answered: 0, latencies: Vec::new(), statuses: BTreeMap::new() };
    for line in text.lines() {
        let mut columns = line.split('\t').skip(1);
        let (Some(status), Some(micros)) = (columns.next(), columns.next()) else { bail!("h2load wrote {line:?}") };
        report.answered += 1;
        *report.statuses.entry(status.parse()?).or_default() += 1;
        report.latencies.push(micros.parse::<f64>()? / 1e6);
    }
    report.latencies.sort_by(f64::total_cmp);
    Ok(report)
}
