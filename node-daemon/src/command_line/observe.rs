//! `goldwire observe`: records as they were, or as they come.

use std::io::{self, Write};

use anyhow::{Result, bail};
use futures::{StreamExt, stream::SelectAll};
use goldwire_answer::{
    rows::Rows,
    table::{Finished, NamedColumn, Table},
};
use goldwire_model::query::Query;
use goldwire_protocol::encode;
use serde_json::{Value, json};

use super::{
    arguments::{ObserveArguments, ObservedTable, OutputFormat},
    nodes::{Nodes, Options, window},
    output,
    text::Aligned,
};

const OPTIONS: Options = Options(&[("limit", "--last"), ("filter", "--filter"), ("columns", "--columns")]);

pub(crate) async fn run(arguments: &ObserveArguments) -> Result<()> {
    let nodes = Nodes::from_arguments(&arguments.nodes)?;
    if arguments.follow {
        return follow(arguments, &nodes).await;
    }
    let mut query = query(arguments);
    query["limit"] = json!(arguments.last);
    // The last ones are asked for, and read best with the newest at the end.
    query["orderBy"] = json!(["-time"]);
    let (query, mut answer) = nodes.ask(query, window(&arguments.window)?, OPTIONS).await?;
    if let Finished::Table(table) = &mut answer.body {
        reverse(table);
    }
    output::write(&query, &answer, arguments.output)
}

fn query(arguments: &ObserveArguments) -> Value {
    let columns: Vec<&str> = match arguments.columns.as_slice() {
        [] => default_columns(arguments.table).to_vec(),
        chosen => chosen.iter().map(String::as_str).collect(),
    };
    json!({ "queryType": name(arguments.table), "filter": arguments.filter, "columns": columns })
}

fn name(table: ObservedTable) -> &'static str {
    match table {
        ObservedTable::Flows => "flows",
        ObservedTable::Requests => "requests",
        ObservedTable::Drops => "drops",
        ObservedTable::Processes => "processes",
    }
}

/// What fits a terminal.
fn default_columns(table: ObservedTable) -> &'static [&'static str] {
    match table {
        ObservedTable::Flows => &[
            "time",
            "source.workload",
            "source.address",
            "source.port",
            "destination.workload",
            "destination.address",
            "destination.port",
            "network.transport",
            "tcp.state",
            "ending",
            "bytes_sent",
            "bytes_received",
            "retransmits",
            "rtt",
        ],
        ObservedTable::Requests => &[
            "time",
            "source.workload",
            "destination.workload",
            "network.protocol",
            "http.request.method",
            "url.path",
            "http.response.status_code",
            "dns.question.name",
            "dns.response_code",
            "error.type",
            "latency",
        ],
        ObservedTable::Drops => &[
            "time",
            "source.workload",
            "source.address",
            "destination.workload",
            "destination.address",
            "destination.port",
            "network.transport",
            "drop.reason",
            "drop.place",
            "count",
        ],
        ObservedTable::Processes => &[
            "time",
            "process.event",
            "process.pid",
            "process.parent_pid",
            "process.user",
            "process.name",
            "process.arguments",
            "process.workload",
            "process.exit_code",
        ],
    }
}

async fn follow(arguments: &ObserveArguments, nodes: &Nodes) -> Result<()> {
    let mut query = query(arguments);
    query["live"] = json!(true);
    let checked = OPTIONS.check(&query)?;
    let text = query.to_string();
    let mut streams = SelectAll::new();
    for client in nodes.clients() {
        match client.live(&text, nodes.deadline()).await {
            Ok(rows) => {
                let address = client.address().to_string();
                streams.push(rows.map(move |rows| (address.clone(), rows)).boxed());
            }
            Err(error) => eprintln!("note: {} is not followed: {error}", client.address()),
        }
    }
    if streams.is_empty() {
        bail!("no node can be followed");
    }
    let mut printer = Printer::new(arguments.output);
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            next = streams.next() => match next {
                Some((_, Ok(rows))) => printer.print(&checked, &rows)?,
                Some((node, Err(error))) => eprintln!("note: {node} is followed no longer: {error}"),
                None => bail!("no node is left to follow"),
            },
        }
    }
}

/// Prints rows as they come, so that columns stay aligned and a header comes once.
struct Printer {
    format: OutputFormat,
    aligned: Aligned,
    header_written: bool,
}

impl Printer {
    fn new(format: OutputFormat) -> Self {
        Self { format, aligned: Aligned::default(), header_written: false }
    }

    fn print(&mut self, query: &Query, rows: &Rows) -> Result<()> {
        if rows.cut > 0 {
            eprintln!("note: {} rows were not sent, for they came faster than they were read", rows.cut);
        }
        let table = table(rows);
        if table.columns.first().is_none_or(|column| column.values.is_empty()) {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match self.format {
            OutputFormat::Text => self.aligned.write(&mut out, &table)?,
            OutputFormat::Csv => {
                let batch = encode::finished_batch(query, &Finished::Table(table))?;
                arrow_csv::WriterBuilder::new().with_header(!self.header_written).build(&mut out).write(&batch)?;
                self.header_written = true;
            }
            format => {
                drop(out);
                return output::write_batch(&encode::finished_batch(query, &Finished::Table(table))?, format);
            }
        }
        Ok(out.flush()?)
    }
}

/// The columns that were asked for; those that only a merge needs come after them.
fn table(rows: &Rows) -> Table {
    let column = |(field, values): &(goldwire_model::field::Field, goldwire_answer::column::Column)| NamedColumn {
        name: field.name().into_owned().into(),
        unit: field.unit(),
        values: values.clone(),
    };
    Table { columns: rows.columns.iter().map(column).collect() }
}

fn reverse(table: &mut Table) {
    use goldwire_answer::column::Column;
    for column in &mut table.columns {
        match &mut column.values {
            Column::Text(values) => values.reverse(),
            Column::Integer(values) | Column::Time(values) => values.reverse(),
            Column::Float(values) => values.reverse(),
        }
    }
}
