//! The demo's own books: what each program itself sent and got, to be held against what Goldwire saw.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// Who asked whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// Workload of the client.
    pub source: String,
    /// Workload of the server, or what the client wanted of it.
    pub destination: String,
    /// `http`, `nxdomain`, `refused` (connections) or `silent` (connections).
    pub kind: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Requests sent, or connections tried.
    pub sent: u64,
    /// Answers that are errors (HTTP 500 and above, connections refused), or no answer.
    pub errors: u64,
    /// How often each status came.
    pub statuses: BTreeMap<String, u64>,
    /// Upper bounds of latency buckets in microseconds, each 2 % above the one before, with how many fell in.
    pub latencies: BTreeMap<u64, u64>,
}

impl Tally {
    /// The latency that this share of the requests did not exceed, rounded up to its bucket's bound.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let total: u64 = self.latencies.values().sum();
        let wanted = (share * total as f64).ceil() as u64;
        let mut seen = 0;
        self.latencies.iter().find_map(|(bound, count)| {
            seen += count;
            (seen >= wanted.max(1)).then(|| Duration::from_micros(*bound))
        })
    }

    fn add(&mut self, status: &str, is_error: bool, latency: Duration) {
        self.sent += 1;
        self.errors += u64::from(is_error);
        *self.statuses.entry(status.to_owned()).or_default() += 1;
        *self.latencies.entry(bucket_bound(latency)).or_default() += 1;
    }
}

fn bucket_bound(latency: Duration) -> u64 {
    let exponent = (latency.as_micros().max(1) as f64).log(1.02).ceil();
    1.02f64.powf(exponent).ceil() as u64
}

/// Books that all tasks of a program write to.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    tallies: Arc<Mutex<BTreeMap<Edge, Tally>>>,
}

/// One edge's books as they are stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Who asked whom.
    pub edge: Edge,
    /// What came of it.
    pub tally: Tally,
}

impl Ledger {
    /// Notes one request or connection.
    pub fn note(&self, edge: &Edge, status: &str, is_error: bool, latency: Duration) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.entry(edge.clone()).or_default().add(status, is_error, latency);
    }

    /// Stores the books.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        let tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let entries: Vec<Entry> =
            tallies.iter().map(|(edge, tally)| Entry { edge: edge.clone(), tally: tally.clone() }).collect();
        Ok(fs::write(file, serde_json::to_vec_pretty(&entries)?)?)
    }
}

/// Reads books that a program stored.
pub fn read(file: &Path) -> anyhow::Result<Vec<Entry>> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

/// An edge between two workloads.
pub fn edge(source: &str, destination: &str, kind: &str) -> Edge {
    Edge { source: source.to_owned(), destination: destination.to_owned(), kind: kind.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_come_back_as_they_were_written() {
        let ledger = Ledger::default();
        let asked = edge("shop", "catalog", "http");
        ledger.note(&asked, "200", false, Duration::from_millis(3));
        ledger.note(&asked, "500", true, Duration::from_millis(9));
        let file = tempfile::NamedTempFile::new().unwrap();
        ledger.write(file.path()).unwrap();
        let entries = read(file.path()).unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].tally.sent, entries[0].tally.errors), (2, 1));
        assert_eq!(entries[0].tally.statuses["500"], 1);
    }

    #[test]
    fn quantiles_are_right_within_a_bucket() {
        let mut tally = Tally::default();
        for millis in 1..=100 {
            tally.add("200", false, Duration::from_millis(millis));
        }
        let p95 = tally.quantile(0.95).unwrap();
        assert!((95..=105).contains(&p95.as_millis()), "{p95:?}");
        assert_eq!(Tally::default().quantile(0.5), None);
    }
}
