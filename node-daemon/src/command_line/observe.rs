//! `goldwire observe`: records as they were, or as they come.

use anyhow::Result;
use goldwire_answer::table::{Finished, Table};
use serde_json::{Value, json};

use super::{
    arguments::{ObserveArguments, ObservedTable},
    follow,
    nodes::{Nodes, Options, window},
    output,
};

const OPTIONS: Options = Options(&[("limit", "--last"), ("filter", "--filter"), ("columns", "--columns")]);

pub(crate) async fn run(arguments: &ObserveArguments) -> Result<()> {
    let nodes = Nodes::from_arguments(&arguments.nodes)?;
    if arguments.follow {
        return follow::follow(query(arguments), OPTIONS, arguments.output, &nodes).await;
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
