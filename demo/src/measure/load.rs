//! Load: as much as goes (wrk), and a steady rate (h2load in its HTTP/1 mode).

use std::{fs, ops::AddAssign, time::Duration};

use anyhow::Context;

use super::{
    cpu::CpuTime,
    ground::{Ground, PORT},
};

/// Length of a turn at full load.
pub(super) const TURN: Duration = Duration::from_secs(8);
/// Length of a turn at a steady rate.
const STEADY_SECONDS: u32 = 5;
pub(super) const CONNECTIONS: u32 = 32;

/// What came of full load.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Saturation {
    pub(super) requests: u64,
    length: Duration,
    /// Of the whole machine.
    busy: Duration,
}

impl Saturation {
    /// Requests a second.
    pub(super) fn rate(&self) -> f64 {
        self.requests as f64 / self.length.as_secs_f64()
    }

    /// All that the machine did, by the request: client, server, kernel and, where it ran, daemon.
    pub(super) fn cpu_microseconds_a_request(&self) -> f64 {
        self.busy.as_secs_f64() * 1e6 / self.requests as f64
    }
}

impl AddAssign for Saturation {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.length += other.length;
        self.busy += other.busy;
    }
}

/// Has wrk send as much as it can.
pub(super) fn saturate(ground: &Ground, length: Duration) -> anyhow::Result<Saturation> {
    let arguments = ["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{}s", length.as_secs()), &address()];
    let before = CpuTime::of_machine()?;
    let printed = ground.run_client("wrk", &arguments.map(str::to_owned))?;
    let busy = CpuTime::of_machine()?.since(before);
    let (requests, length) = wrk_totals(&printed).with_context(|| format!("wrk printed no totals: {printed}"))?;
    Ok(Saturation { requests, length, busy })
}

fn address() -> String {
    format!("http://127.0.0.1:{PORT}/")
}

/// `  484332 requests in 8.01s, 75.29MB read`
fn wrk_totals(printed: &str) -> Option<(u64, Duration)> {
    let line = printed.lines().find(|line| line.contains(" requests in "))?;
    let (requests, rest) = line.split_once(" requests in ")?;
    let (length, _) = rest.split_once("s,")?;
    Some((requests.trim().parse().ok()?, Duration::try_from_secs_f64(length.parse().ok()?).ok()?))
}

/// What came of a steady load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steady {
    pub(super) length: Duration,
    /// The client's own.
    pub(super) p99: Duration,
}

/// Has h2load send at a steady rate.
pub(super) fn steady(ground: &Ground, rate: u32) -> anyhow::Result<Steady> {
    let log = ground.path("h2load.log");
    if log.exists() {
        fs::remove_file(&log)?;
    }
    let requests = (rate * STEADY_SECONDS).to_string();
    let (clients, each) = (CONNECTIONS.to_string(), (f64::from(rate) / f64::from(CONNECTIONS)).to_string());
    let log_file = format!("--log-file={}", log.display());
    let arguments = ["--h1", "-t1", "-n", &requests, "-c", &clients, "--rps", &each, &log_file, &address()];
    ground.run_client("h2load", &arguments.map(str::to_owned))?;
    let latencies = h2load_latencies(&fs::read_to_string(&log)?);
    let p99 = quantile(latencies, 0.99).context("h2load logged no requests")?;
    Ok(Steady { length: Duration::from_secs(STEADY_SECONDS.into()), p99: Duration::from_micros(p99) })
}

/// A line has: start, status, latency (all but the status in microseconds).
fn h2load_latencies(log: &str) -> Vec<u64> {
    log.lines().filter_map(|line| line.split('\t').nth(2)?.trim().parse().ok()).collect()
}

fn quantile(mut values: Vec<u64>, share: f64) -> Option<u64> {
    values.sort_unstable();
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_read_from_what_wrk_prints() {
        let printed =
            "  2 threads and 8 connections\n  484332 requests in 8.01s, 75.29MB read\nRequests/sec:  60465.92\n";
        assert_eq!(wrk_totals(printed), Some((484_332, Duration::from_secs_f64(8.01))));
        assert_eq!(wrk_totals("unable to connect"), None);
    }

    #[test]
    fn latencies_are_the_third_column() {
        assert_eq!(h2load_latencies("1700000000000000\t200\t153\n1700000000000100\t200\t99\n"), [153, 99]);
    }

    #[test]
    fn a_quantile_is_a_value_that_occurred() {
        assert_eq!(quantile((1..=100).rev().collect(), 0.99), Some(99));
        assert_eq!(quantile(vec![7], 0.5), Some(7));
        assert_eq!(quantile(Vec::new(), 0.5), None);
    }
}
