//! `goldwire status`: what each node records, how far back, and what it lost.

use std::process::ExitCode;

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use futures::future::join_all;
use goldwire_answer::coverage::Loss;
use goldwire_protocol::status::{QueryMemoryReport, Retention, StatusReport};
use serde_json::json;

use super::{
    arguments::{OutputFormat, StatusArguments},
    nodes::Nodes,
    text::number,
};

/// Fails where no node answers, so that scripts can wait for one.
pub(crate) async fn run(arguments: &StatusArguments) -> Result<ExitCode> {
    let nodes = Nodes::from_arguments(&arguments.nodes)?;
    let asked =
        nodes.clients().iter().map(|client| async { (client.address(), client.status(nodes.deadline()).await) });
    let mut answered = 0;
    for (address, report) in join_all(asked).await {
        match report {
            Ok(report) => {
                answered += 1;
                show(&address.to_string(), &report, arguments.output)?;
            }
            Err(error) if arguments.output == OutputFormat::Json => {
                println!("{}", json!({ "address": address.to_string(), "error": error.to_string() }));
            }
            Err(error) => eprintln!("{address}: {error}"),
        }
    }
    Ok(if answered > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(address: &str, report: &StatusReport, format: OutputFormat) -> Result<()> {
    if format == OutputFormat::Json {
        let mut json = serde_json::to_value(report)?;
        json["address"] = json!(address);
        println!("{json}");
        return Ok(());
    }
    println!("{} at {address}: goldwire {} on Linux {}", report.node, report.version, report.kernel);
    println!("  recording since  {}", calendar(report.started));
    println!(
        "  memory           {} of {}",
        number(report.memory_used as f64, Some("bytes")),
        number(report.memory_budget as f64, Some("bytes"))
    );
    if let Some(memory) = &report.query_memory {
        println!("  queries          {}", of_queries(memory));
    }
    println!("  connections      {}", report.connections);
    for retention in &report.retention {
        println!("  {}", reach(retention, report.now));
    }
    let of = |loss: &Loss| format!("{} ({} bytes of payload) at {}", loss.events, loss.bytes, stage(loss));
    let lost: Vec<_> = report.lost.iter().map(of).collect();
    println!("  lost             {}", if lost.is_empty() { "nothing".to_owned() } else { lost.join(", ") });
    for signal in report.signals.iter().filter(|signal| !signal.available) {
        println!("  not available    {}: {}", signal.signal, signal.reason.as_deref().unwrap_or("unknown"));
    }
    for note in &report.notes {
        println!("  note             {note}");
    }
    Ok(())
}

/// `0 B of 64 MiB now, 20 MiB at most so far, 48 MiB a query`
fn of_queries(memory: &QueryMemoryReport) -> String {
    let bytes = |bytes: u64| number(bytes as f64, Some("bytes"));
    format!(
        "{} of {} now, {} at most so far, {} a query",
        bytes(memory.taken),
        bytes(memory.all),
        bytes(memory.most_taken),
        bytes(memory.one),
    )
}

fn stage(loss: &Loss) -> String {
    serde_json::to_value(loss.stage).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// `requests raw    12,345 rows, 1.2 MiB, back to …, reach 2.5 h`
fn reach(retention: &Retention, now: i64) -> String {
    let tier =
        serde_json::to_value(retention.tier).ok().and_then(|tier| tier.as_str().map(str::to_owned)).unwrap_or_default();
    let name = format!("{} {tier}", retention.table);
    let Some(oldest) = retention.oldest else { return format!("{name:<16} empty") };
    let back = number((now - oldest) as f64 / 1000.0, Some("s"));
    let projected = retention
        .reach_seconds
        .map_or_else(String::new, |seconds| format!(", reaches {} at this rate", number(seconds, Some("s"))));
    format!(
        "{name:<16} {} rows in {}, back {back}{projected}",
        retention.rows,
        number(retention.bytes as f64, Some("bytes"))
    )
}

fn calendar(millis: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(millis)
        .map_or_else(|| millis.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}
