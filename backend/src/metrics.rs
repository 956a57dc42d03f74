//! The plugin's own figures, as Grafana collects them.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use goldwire_protocol::client::NodeError;

use crate::fan_out::Reply;

/// Upper bounds of the histograms, in seconds.
const BOUNDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// What has happened since the plugin started.
#[derive(Debug, Default)]
pub struct Metrics {
    counted: Mutex<Counted>,
    live: Arc<AtomicI64>,
}

#[derive(Debug, Default)]
struct Counted {
    /// By query type and outcome.
    queries: BTreeMap<(String, &'static str), Histogram>,
    /// Questions to nodes, by outcome.
    nodes: BTreeMap<&'static str, Histogram>,
}

#[derive(Debug, Default)]
struct Histogram {
    /// Of each bound, not cumulative; the last is beyond all bounds.
    buckets: [u64; BOUNDS.len() + 1],
    seconds: f64,
}

impl Histogram {
    fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        self.buckets[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        self.seconds += seconds;
    }

    fn write(&self, text: &mut String, name: &str, labels: &str) {
        let mut count = 0;
        for (number, in_bucket) in self.buckets.iter().enumerate() {
            count += in_bucket;
            let bound = BOUNDS.get(number).map_or_else(|| "+Inf".to_owned(), ToString::to_string);
            // Writing to a String can't fail.
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
        }
        let _ = writeln!(text, "{name}_sum{{{labels}}} {}\n{name}_count{{{labels}}} {count}", self.seconds);
    }
}

/// While it lives, a live stream is counted.
pub struct LiveGuard(Arc<AtomicI64>);

impl Drop for LiveGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// A query was answered, or was not.
    pub fn answered(&self, query_type: &str, ok: bool, took: Duration) {
        let outcome = if ok { "ok" } else { "error" };
        // What users write must not make ever more series.
        let known = query_type.len() <= 16 && query_type.chars().all(|character| character.is_ascii_alphabetic());
        let query_type = if known { query_type } else { "other" };
        self.with(|counted| counted.queries.entry((query_type.to_owned(), outcome)).or_default().add(took));
    }

    /// A node was asked.
    pub fn asked<T>(&self, reply: &Reply<T>) {
        let outcome = match &reply.result {
            Ok(_) => "ok",
            Err(NodeError::Unreachable { .. }) => "unreachable",
            Err(NodeError::Late { .. }) => "late",
            Err(NodeError::Refused { .. }) => "refused",
            Err(NodeError::InClear) => "in_clear",
            Err(NodeError::BadQuery { .. }) => "bad_query",
            Err(NodeError::BadAnswer { .. }) => "bad_answer",
        };
        self.with(|counted| counted.nodes.entry(outcome).or_default().add(reply.took));
    }

    /// A live stream begins.
    pub fn live(&self) -> LiveGuard {
        self.live.fetch_add(1, Ordering::Relaxed);
        LiveGuard(Arc::clone(&self.live))
    }

    fn with(&self, change: impl FnOnce(&mut Counted)) {
        // Counts stay useful whatever has panicked.
        change(&mut self.counted.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// All of it, in Prometheus' text format.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let mut text = String::new();
        self.with(|counted| {
            text.push_str("# HELP goldwire_plugin_query_seconds Queries by type and outcome.\n");
            text.push_str("# TYPE goldwire_plugin_query_seconds histogram\n");
            for ((query_type, outcome), histogram) in &counted.queries {
                let labels = format!("type=\"{query_type}\",outcome=\"{outcome}\"");
                histogram.write(&mut text, "goldwire_plugin_query_seconds", &labels);
            }
            text.push_str("# HELP goldwire_plugin_node_seconds Questions to nodes by outcome.\n");
            text.push_str("# TYPE goldwire_plugin_node_seconds histogram\n");
            for (outcome, histogram) in &counted.nodes {
                histogram.write(&mut text, "goldwire_plugin_node_seconds", &format!("outcome=\"{outcome}\""));
            }
        });
        text.push_str("# HELP goldwire_plugin_live_streams Live streams open now.\n");
        text.push_str("# TYPE goldwire_plugin_live_streams gauge\n");
        let _ = writeln!(text, "goldwire_plugin_live_streams {}", self.live.load(Ordering::Relaxed));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative() {
        let metrics = Metrics::default();
        metrics.answered("signals", true, Duration::from_millis(7));
        metrics.answered("signals", true, Duration::from_secs(60));
        let text = metrics.prometheus();
        for line in [
            "goldwire_plugin_query_seconds_bucket{type=\"signals\",outcome=\"ok\",le=\"0.005\"} 0",
            "goldwire_plugin_query_seconds_bucket{type=\"signals\",outcome=\"ok\",le=\"10\"} 1",
            "goldwire_plugin_query_seconds_bucket{type=\"signals\",outcome=\"ok\",le=\"+Inf\"} 2",
            "goldwire_plugin_query_seconds_count{type=\"signals\",outcome=\"ok\"} 2",
            "goldwire_plugin_live_streams 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
