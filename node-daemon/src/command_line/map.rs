//! `goldwire map`: who talks to whom.

use std::io::{self, Write};

use anyhow::Result;
use goldwire_answer::{
    column::Column,
    table::{Answer, Finished, MapEdge, NamedColumn, ServiceMap, Table},
};
use serde_json::json;

use super::{
    arguments::{MapArguments, OutputFormat},
    nodes::{Nodes, Options, window},
    output, text,
};

const OPTIONS: Options = Options(&[("groupBy", "--by"), ("filter", "--filter")]);

pub(crate) async fn run(arguments: &MapArguments) -> Result<()> {
    let query = json!({ "queryType": "serviceMap", "groupBy": [arguments.by], "filter": arguments.filter });
    let nodes = Nodes::from_arguments(&arguments.nodes)?;
    let (query, answer) = nodes.ask(query, window(&arguments.window)?, OPTIONS).await?;
    match (&answer, arguments.output) {
        (Answer { body: Finished::Map(map), coverage }, OutputFormat::Text) => {
            text::write_table(&mut io::stdout().lock(), &edges(map))?;
            for line in output::shortcomings(coverage) {
                eprintln!("note: {line}");
            }
            Ok(io::stdout().flush()?)
        }
        _ => output::write(&query, &answer, arguments.output),
    }
}

/// One row an edge, busiest first.
pub(super) fn edges(map: &ServiceMap) -> Table {
    let mut edges: Vec<&MapEdge> = map.edges.iter().collect();
    edges.sort_by(|a, b| b.golden.requests.cmp(&a.golden.requests).then_with(|| a.id.cmp(&b.id)));
    let texts = |of: fn(&MapEdge) -> &std::sync::Arc<str>| {
        Column::Text(edges.iter().map(|edge| Some(of(edge).clone())).collect())
    };
    let numbers = |of: fn(&MapEdge) -> Option<f64>| Column::Float(edges.iter().map(|edge| of(edge)).collect());
    let counts = |of: fn(&MapEdge) -> u64| {
        Column::Integer(edges.iter().map(|edge| Some(i64::try_from(of(edge)).unwrap_or(i64::MAX))).collect())
    };
    let column = |name: &str, unit, values| NamedColumn { name: name.into(), unit, values };
    Table {
        columns: vec![
            column("SOURCE", None, texts(|edge| &edge.source)),
            column("DESTINATION", None, texts(|edge| &edge.target)),
            column("PROTOCOL", None, texts(|edge| &edge.protocols)),
            column("REQUESTS", None, counts(|edge| edge.golden.requests)),
            column("RATE", Some("reqps"), numbers(|edge| Some(edge.golden.request_rate))),
            column("ERRORS", Some("percentunit"), numbers(|edge| edge.golden.error_ratio)),
            column("P50", Some("s"), numbers(|edge| edge.golden.latency_p50)),
            column("P95", Some("s"), numbers(|edge| edge.golden.latency_p95)),
            column("P99", Some("s"), numbers(|edge| edge.golden.latency_p99)),
            column("SENT", Some("bytes"), counts(|edge| edge.golden.bytes_sent)),
            column("RECEIVED", Some("bytes"), counts(|edge| edge.golden.bytes_received)),
            column("CONNECTS", None, counts(|edge| edge.golden.connections)),
            column("FAILED", None, counts(|edge| edge.golden.connect_failures)),
            column("RETRANSMITS", None, counts(|edge| edge.golden.retransmits)),
            column("RTT P95", Some("s"), numbers(|edge| edge.golden.rtt_p95)),
        ],
    }
}
