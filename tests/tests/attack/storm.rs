//! The worst queries, many at once, while requests are counted.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use goldwire_protocol::client::{Connection, NodeClient};
use goldwire_tests::{
    programs::{Nginx, h2load},
    sheet::Line,
    watch::{Watch, count},
};
use serde_json::{Value, json};

use crate::{ensure_within, length};

const MEMORY: &str = "64MiB";

/// Clients that ask at once, and how many of their questions they take back soon after.
const ASKERS: usize = 12;

/// Queries that take most: very many groups, steps, values, and rows.
fn worst() -> Vec<Value> {
    let by_eight = json!([
        "url.path",
        "source.workload",
        "destination.workload",
        "http.request.method",
        "source.address",
        "destination.address",
        "source.port",
        "source.pid"
    ]);
    vec![
        json!({ "queryType": "table", "table": "requests", "aggregates": ["count()"], "groupBy": by_eight }),
        json!({ "queryType": "table", "table": "requests", "aggregates": ["count()", "p99(latency)"], "groupBy": ["url.path"], "limit": 10_000 }),
        json!({ "queryType": "values", "field": "url.path", "limit": 10_000 }),
        json!({ "queryType": "signals", "signals": ["request_rate", "latency_p95", "latency_max", "error_ratio"], "groupBy": ["url.path"], "limit": 1_000, "step": "100ms" }),
        json!({ "queryType": "signals", "signals": ["active_connections", "bytes_sent"], "groupBy": ["source.port"], "limit": 1_000, "step": "100ms" }),
        json!({ "queryType": "heatmap", "signal": "latency", "step": "100ms" }),
        json!({ "queryType": "serviceMap", "groupBy": "address" }),
        json!({ "queryType": "requests", "limit": 10_000, "orderBy": ["url.path", "-latency"], "filter": "url.path =~ \"(a|b|c|/)+.*[0-9]+$\"" }),
        json!({ "queryType": "flows", "limit": 10_000 }),
    ]
}

/// What the askers got.
#[derive(Default)]
struct Got {
    answers: AtomicU64,
    taken_back: AtomicU64,
    refused: AtomicU64,
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_all_counted_while_the_worst_queries_run() -> Result<()> {
    let watch = Watch::with_options("storm", &["--memory", MEMORY]).await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let (over, got) = (AtomicBool::new(false), Got::default());
    let address = watch.address.to_string();
    let sent = thread::scope(|scope| {
        for number in 0..ASKERS {
            let (over, got, address) = (&over, &got, &address);
            scope.spawn(move || ask_again_and_again(address, number, over, got));
        }
        let sent = load(&watch, &nginx);
        over.store(true, Ordering::Relaxed);
        sent
    })?;
    println!(
        "{} answers, {} taken back, {} refused",
        got.answers.load(Ordering::Relaxed),
        got.taken_back.load(Ordering::Relaxed),
        got.refused.load(Ordering::Relaxed)
    );
    let filter = format!("destination.port = {}", nginx.address.port());
    let rows = watch.requests_by(&filter, &[], 2 * sent).await?;
    let of = |reporter: &str| {
        let rows = rows.iter().filter(|row| row["reporter"] == reporter);
        rows.map(|row| count(row, "count()")).sum::<u64>()
    };
    ensure_within(&watch, 64 << 20)?;
    let what = "requests over HTTP/1.1 while the worst queries run";
    Line::new(30, what, sent).client(of("client")).server(of("server")).lost(watch.lost().await?).exact()
}

/// Requests of ever new paths until the time is over. Gives how many were answered.
fn load(watch: &Watch, nginx: &Nginx) -> Result<u64> {
    let (begun, mut sent) = (Instant::now(), 0);
    for round in 0.. {
        if begun.elapsed() > length() {
            break;
        }
        let urls: Vec<String> = (0..2_000).map(|number| nginx.url(&format!("/round-{round}/path-{number}"))).collect();
        sent += h2load(&watch.cgroup, 10_000, 8, 1, &urls)?.answered;
    }
    Ok(sent)
}

fn ask_again_and_again(address: &str, number: usize, over: &AtomicBool, got: &Got) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    let client = NodeClient::new(address.parse()?, &Connection::default())?;
    drop(entered);
    let begun = goldwire_tests::system::now_millis() - 5_000;
    for (turn, mut query) in worst().into_iter().cycle().skip(number).enumerate() {
        if over.load(Ordering::Relaxed) {
            return Ok(());
        }
        query["from"] = json!(begun);
        query["to"] = json!(goldwire_tests::system::now_millis() + 1);
        query["partial"] = json!(turn % 2 == 0);
        // Every third question is taken back at once.
        let patience = Duration::from_millis(if turn % 3 == 2 { 5 } else { 20_000 });
        let text = query.to_string();
        let (counter, answer) = runtime.block_on(async {
            let answer = match turn % 2 {
                0 => client.query_partial(&text, patience).await.map(|_| ()),
                _ => client.query_finished(&text, patience).await.map(|_| ()),
            };
            (
                if answer.is_ok() {
                    &got.answers
                } else if turn % 3 == 2 {
                    &got.taken_back
                } else {
                    &got.refused
                },
                answer,
            )
        });
        counter.fetch_add(1, Ordering::Relaxed);
        if let (Err(error), false) = (answer, turn % 3 == 2) {
            println!("{error}: {query:.80}");
        }
    }
    Ok(())
}
