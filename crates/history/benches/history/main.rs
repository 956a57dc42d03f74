//! Ingest, memory and queries beside their bars (design, section 11).

mod counting;
mod world;

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use goldwire_history::History;
use goldwire_model::query::Query;

use self::world::{World, core_time, execute, figure, history, is_wanted, query};

const ROOMY: usize = 2 << 30;
const MILLION: usize = 1_000_000;

/// Records into history on one core, tables and rollups both, with the budget's evictions: at a rate at which a core has
/// much to do, and at a rate at which steps hold few records, so that rollups cost most.
fn ingest(criterion: &mut Criterion) {
    if !is_wanted("ingest") {
        return;
    }
    for (name, seconds, bar) in [("ingest", 5, ">=2"), ("ingest-few-records-a-step", 100, "-")] {
        let records = World::default().requests(MILLION, seconds);
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let history = history(256 << 20);
            best = best.min(core_time(|| history.append_all(&records)));
        }
        figure(name, MILLION as f64 / best.as_secs_f64() / 1e6, "million_records/s", bar);
    }
    let records = World::default().requests(100_000, 1);
    criterion.bench_function("ingest 100k requests", |bencher| {
        let history = history(256 << 20);
        bencher.iter(|| history.append_all(&records));
    });
}

/// Bytes that the allocator gave for raw records alone, chunks and dictionaries and all.
fn bytes_per_record(_: &mut Criterion) {
    if !is_wanted("bytes") {
        return;
    }
    let records = World::default().requests(MILLION, 1_000);
    let before = counting::bytes();
    let history = history(ROOMY);
    history.append_all(&records);
    let allocated = counting::bytes() - before;
    let report = history.report(goldwire_model::time::Timestamp(0));
    let raw: usize = report.tiers.iter().filter(|tier| tier.table == "requests").take(1).map(|tier| tier.bytes).sum();
    let rollups: usize = report.tiers.iter().map(|tier| tier.bytes).sum::<usize>() - raw;
    figure("raw-request-bytes", raw as f64 / MILLION as f64, "bytes", "<=100");
    figure("bytes-accounted-of-allocated", report.bytes as f64 / allocated as f64, "ratio", ">=1");
    figure("rollup-bytes", rollups as f64 / 1e6, "MB", "-");
}

fn time(history: &History, query: &Query) -> Duration {
    let once = || core_time(|| drop(black_box(execute(history, query))));
    let mut times: Vec<Duration> = (0..15).map(|_| once()).collect();
    times.sort();
    times[times.len() / 2]
}

fn measure(criterion: &mut Criterion, history: &History, name: &str, bar: u32, text: &str) {
    let query = query(text);
    let tier = execute(history, &query).coverage.tier;
    let millis = time(history, &query).as_secs_f64() * 1e3;
    figure(name, millis, "ms", &format!("<={bar} from {tier:?}"));
    criterion.bench_function(&format!("{name} ({tier:?})"), |bencher| {
        bencher.iter(|| execute(history, &query));
    });
}

/// An hour of signals over a million raw records.
fn raw_queries(criterion: &mut Criterion) {
    if !is_wanted("raw") {
        return;
    }
    let history = history(ROOMY);
    history.append_all(&World::default().requests(MILLION, 3_600));
    let of = r#""queryType":"signals","signals":["request_rate","error_ratio","latency_p95"]"#;
    measure(
        criterion,
        &history,
        "raw-1h-signals-by-workload",
        50,
        &format!(r#"{of},"groupBy":["destination.workload"]"#),
    );
    measure(
        criterion,
        &history,
        "raw-1h-signals-filtered",
        50,
        &format!(r#"{of},"groupBy":["destination.workload"],"filter":"url.path =~ \"^/v1/\" and latency > 3ms""#),
    );
    measure(
        criterion,
        &history,
        "raw-1h-values",
        50,
        r#""queryType":"values","field":"source.workload","prefix":"work""#,
    );
    measure(criterion, &history, "raw-newest-rows", 50, r#""queryType":"requests","limit":1000"#);
}

/// An hour of rollups for 1,000 edges, each with an exchange a second, more than raw records have room for.
fn rollup_queries(criterion: &mut Criterion) {
    if !is_wanted("rollup") {
        return;
    }
    let history = history(256 << 20);
    let mut world = World::default();
    for second in 0..3_600 {
        let at = (world::START + second) * world::SECOND;
        let records: Vec<_> = (0..1_000).map(|edge| world.request(at + edge as i64 * 1_000, Some(edge))).collect();
        history.append_all(&records);
    }
    let rate = r#""queryType":"signals","signals":["request_rate"],"groupBy":["destination.workload"],"limit":1000"#;
    let p95 = r#""queryType":"signals","signals":["latency_p95"],"limit":1000"#;
    measure(criterion, &history, "rollup-1h-rate-by-25-destinations", 10, rate);
    let by_destination = format!(r#"{p95},"groupBy":["destination.workload"]"#);
    measure(criterion, &history, "rollup-1h-p95-by-25-destinations", 20, &by_destination);
    let by_edge = format!(r#"{p95},"groupBy":["source.workload","destination.workload"]"#);
    measure(criterion, &history, "rollup-1h-p95-by-edge", 100, &by_edge);
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(300));
    targets = ingest, bytes_per_record, raw_queries, rollup_queries
}
criterion_main!(benches);
