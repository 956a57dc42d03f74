//! The summary: what the demo's programs and the kernel counted, beside what Goldwire says, asked through the plugin.

mod counted;
mod kernel;
mod plugin;
mod sheet;

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use serde_json::json;

pub(super) use self::kernel::KernelCounts;
use self::{
    counted::Counted,
    plugin::{Frame, Plugin},
    sheet::{Line, Sheet},
};
use crate::services::{
    address::{CLOSED_PORT, SILENT_PORT},
    ledger::Entry,
};

/// The clients start after this, but the window is that of a panel, which begins at some round time.
const BEFORE: Duration = Duration::from_secs(5);

/// Compares and prints; an error where the numbers are not the same.
pub(super) fn print(page: &str, began: SystemTime, books: &[Entry], kernel: &KernelCounts) -> anyhow::Result<()> {
    let plugin = Plugin::new(page, millis(began - BEFORE), millis(SystemTime::now()))?;
    let mut sheet = Sheet::default();
    requests(&plugin, &Counted::of(books, "http"), &mut sheet)?;
    others(&plugin, books, kernel, &mut sheet)?;
    let nodes = plugin.nodes()?;
    print!("{sheet}");
    println!("{nodes}");
    sheet.verdict()
}

fn millis(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    u64::try_from(since_epoch).unwrap_or(u64::MAX)
}

/// HTTP requests of each edge.
fn requests(plugin: &Plugin, counted: &Counted<'_>, sheet: &mut Sheet) -> anyhow::Result<()> {
    let all = edges(plugin, "network.protocol = \"http\"")?;
    let failed = edges(plugin, "network.protocol = \"http\" and http.response.status_code >= 500")?;
    for (edge, tally) in counted.edges() {
        let seen = all.get(&edge).copied().unwrap_or_default();
        let errors = failed.get(&edge).map_or(0, |seen| seen.count);
        let p95 = tally.quantile(0.95).zip(Some(seen.p95));
        sheet.add(Line::edge(&edge, (tally.sent, seen.count), (tally.errors, errors), p95));
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count: u64,
    p95: Duration,
}

fn edges(plugin: &Plugin, filter: &str) -> anyhow::Result<BTreeMap<(String, String), Seen>> {
    let answer = plugin.ask(&json!({
        "queryType": "table", "table": "requests", "filter": filter, "limit": 1000,
        "groupBy": ["source.workload", "destination.workload"], "aggregates": ["count()", "p95(latency)"],
    }))?;
    let edge = |frame: &Frame, row| {
        let ends = (frame.text("source.workload", row)?, frame.text("destination.workload", row)?);
        let p95 = Duration::try_from_secs_f64(frame.number("p95(latency)", row).unwrap_or_default()).ok()?;
        Some((ends, Seen { count: frame.number("count()", row)? as u64, p95 }))
    };
    answer.rows(edge).context("an answer to a table query without its columns")
}

/// What is no HTTP request: connections that failed, names that are not there, drops, retransmissions.
fn others(plugin: &Plugin, books: &[Entry], kernel: &KernelCounts, sheet: &mut Sheet) -> anyhow::Result<()> {
    let sent = |kind| Counted::of(books, kind).total();
    let refused = connections(plugin, &format!("destination.port = {CLOSED_PORT} and verdict = \"refused\""))?;
    // Where the refusal was lost on the way, the client gave up before the kernel asked again.
    let refusals = Counted::of(books, "refused").with_status("refused");
    sheet.add(Line::count("connections refused", refusals, refused));
    let silent = format!("destination.port = {SILENT_PORT} and not verdict = \"forwarded\"");
    sheet.add(Line::count("connections without answer", sent("silent"), connections(plugin, &silent)?));
    let unknown = "network.protocol = \"dns\" and dns.response_code = \"NXDOMAIN\"";
    sheet.add(Line::count(
        "DNS questions for no such name",
        sent("nxdomain"),
        total(plugin, "requests", unknown, "count()")?,
    ));
    let dropped = format!("destination.port = {SILENT_PORT} and drop.reason = \"NETFILTER_DROP\"");
    sheet.add(Line::count(
        "packets the firewall dropped",
        kernel.firewall,
        total(plugin, "drops", &dropped, "sum(count)")?,
    ));
    // Each end counts what it sent again itself, so both ends' reports are wanted.
    let both_ends = "network.transport = \"tcp\" and reporter in (\"client\", \"server\")";
    let retransmitted = total(plugin, "flows", both_ends, "sum(retransmits)")?;
    sheet.add(Line::count("segments sent again", kernel.retransmitted, retransmitted));
    Ok(())
}

/// The flows query has a row for each connection, however many reports there are on it.
fn connections(plugin: &Plugin, filter: &str) -> anyhow::Result<u64> {
    let query = json!({ "queryType": "flows", "filter": filter, "columns": ["source.port"], "limit": 10_000 });
    Ok(plugin.ask(&query)?.length() as u64)
}

fn total(plugin: &Plugin, table: &str, filter: &str, aggregate: &str) -> anyhow::Result<u64> {
    let query = json!({
        "queryType": "table", "table": table, "filter": filter, "groupBy": [], "aggregates": [aggregate],
    });
    let answer = plugin.ask(&query)?;
    Ok(answer.number(aggregate, 0).unwrap_or_default() as u64)
}
