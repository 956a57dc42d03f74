//! One question to 1,000 nodes, through the built plugin, as Grafana asks it.
//!
//! Nodes, plugin and asker share this machine, so what serving costs the nodes is in the times, too; a network is not.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};

use crate::{
    cluster::{Cluster, MISSING, Memory},
    figure::{figure, is_wanted, millis, quantile, step},
    host::{Answer, Host},
    world::{EXCHANGES, NODES, SERVICES, World},
};

/// What the data source waits for nodes by default.
const PATIENT: Duration = Duration::from_secs(10);
/// What an operator sets who would rather have a partial answer within a second.
const IMPATIENT: Duration = Duration::from_millis(500);
const ASKED: usize = 100;
/// Partial answers take at least as long as the deadline; of so few, the slowest stands for the p99.
const ASKED_IMPATIENTLY: usize = 30;
const BAR: &str = "<=1000";
const NO_BAR: &str = "-";

/// A query with its name and how many series it gives.
type Named = (&'static str, usize, Value);

/// Those of the design.
fn queries() -> [Named; 3] {
    let query = |signal: &str, keys: &[&str]| json!({ "queryType": "signals", "signals": [signal], "groupBy": keys, "limit": 1_000 });
    let edge = ["source.workload", "destination.workload"];
    [
        ("rate-by-25-destinations", SERVICES, query("request_rate", &edge[1..])),
        ("p95-by-25-destinations", SERVICES, query("latency_p95", &edge[1..])),
        ("p95-by-edge", NODES, query("latency_p95", &edge)),
    ]
}

pub(crate) fn measure() {
    if !is_wanted("fan-out") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        one_server_a_service().await;
        forty_servers_a_service().await;
    });
}

/// The edges as they are in the benchmark of history: each between two pods.
async fn one_server_a_service() {
    step("1,000 nodes are filled with an hour of 1,000 edges");
    let cluster = Cluster::start(&World::new(1), Memory::ForRollups).await;
    all_answer("fan-out", &cluster, &queries(), ASKED, BAR).await;
    some_are_missing(&cluster).await;
}

/// The same traffic between many more pods: each client calls 40 servers of its service in turn. Both ends' nodes report
/// each of 40,000 pairs by step, so this says how a fan-out grows with pairs; it has no bar. Most seconds of most pairs
/// are empty, so that rollups are no smaller than raw records, which answer.
async fn forty_servers_a_service() {
    const FEW: usize = 2;
    step("1,000 nodes are filled with the same hour, each service on 40 of them");
    let cluster = Cluster::start(&World::new(40), Memory::ForAll).await;
    all_answer("fan-out-40-replicas", &cluster, &queries()[..1], FEW, NO_BAR).await;
}

async fn all_answer(prefix: &str, cluster: &Cluster, queries: &[Named], asked: usize, bar: &str) {
    let host = Host::start(&cluster.addresses(), PATIENT).await;
    for (name, series, query) in queries {
        let name = format!("{prefix}-{name}");
        let before = cluster.bytes();
        let first = host.ask(query).await;
        assert_eq!((first.nodes_answered(), first.series()), (NODES as u64, *series));
        assert!(bar == NO_BAR || first.tier() != "raw", "the bar is for rollups");
        if name.contains("rate") {
            assert_counted_once(&first);
            figure(&format!("{name}-first"), millis(first.took), "ms", NO_BAR);
        }
        figure(&format!("{name}-bytes"), (cluster.bytes() - before) as f64 / 1e6, "MB", NO_BAR);
        let times = ask(&host, &name, query, asked, NODES).await;
        figure(&name, millis(quantile(&times, 0.99)), "ms", bar);
        figure(&format!("{name}-median"), millis(quantile(&times, 0.5)), "ms", NO_BAR);
    }
}

/// The time of an answer to which ten nodes say nothing, and ten can't be reached.
async fn some_are_missing(cluster: &Cluster) {
    let addresses: Vec<SocketAddr> = cluster.with_missing().await;
    let host = Host::start(&addresses, IMPATIENT).await;
    // Connections are opened, which takes longer than this deadline allows; those in use stay open.
    for (_, _, query) in queries() {
        host.ask(&query).await;
    }
    for (name, _, query) in queries() {
        let name = format!("fan-out-partial-{name}");
        let times = ask(&host, &name, &query, ASKED_IMPATIENTLY, NODES - MISSING).await;
        figure(&name, millis(quantile(&times, 0.99)), "ms", BAR);
    }
}

/// Asks again and again; every answer must be of so many nodes.
async fn ask(host: &Host, name: &str, query: &Value, times: usize, nodes: usize) -> Vec<Duration> {
    step(&format!("{name}: asked {times} times"));
    let mut took = Vec::with_capacity(times);
    let mut fewest = nodes as u64;
    for _ in 0..times {
        let answer = host.ask(query).await;
        fewest = fewest.min(answer.nodes_answered());
        took.push(answer.took);
    }
    if fewest < nodes as u64 {
        step(&format!("{name}: an answer has {fewest} nodes of {nodes} that are well"));
    }
    took
}

/// Both ends report each exchange, on different nodes: the answer has it once.
fn assert_counted_once(answer: &Answer) {
    const STEP_SECONDS: f64 = 30.0;
    let counted = answer.sum() * STEP_SECONDS;
    assert!((counted / EXCHANGES - 1.0).abs() < 1e-6, "{counted} exchanges of {EXCHANGES}");
}
