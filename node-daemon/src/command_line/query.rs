//! `goldwire query`: any query.

use std::io::Read;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{
    arguments::QueryArguments,
    nodes::{Nodes, Options, window},
    output,
};

const OPTIONS: Options = Options(&[
    ("signals", "--signals"),
    ("table", "--table"),
    ("aggregates", "--aggregates"),
    ("groupBy", "--group-by"),
    ("filter", "--filter"),
    ("step", "--step"),
    ("limit", "--limit"),
]);

pub(crate) async fn run(arguments: &QueryArguments) -> Result<()> {
    let (query, options) = match &arguments.json {
        Some(source) => (from_source(source)?, Options::NONE),
        None => (from_options(arguments)?, OPTIONS),
    };
    let nodes = Nodes::from_arguments(&arguments.nodes)?;
    let (query, answer) = nodes.ask(query, window(&arguments.window)?, options).await?;
    output::write(&query, &answer, arguments.output)
}

fn from_source(source: &str) -> Result<Value> {
    let text = match source.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("failed to read {path}"))?,
        None if source == "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
        None => source.to_owned(),
    };
    serde_json::from_str(&text).context("the query is not JSON")
}

fn from_options(arguments: &QueryArguments) -> Result<Value> {
    let mut query = if let Some(table) = &arguments.table {
        let aggregates =
            if arguments.aggregates.is_empty() { vec!["count()".to_owned()] } else { arguments.aggregates.clone() };
        json!({ "queryType": "table", "table": table, "aggregates": aggregates })
    } else if arguments.signals.is_empty() {
        bail!("say what to ask: a query as JSON, --signals or --table (see `goldwire query --help`)");
    } else {
        json!({ "queryType": "signals", "signals": arguments.signals })
    };
    let optional = [
        ("filter", arguments.filter.as_ref().map(|filter| json!(filter))),
        ("step", arguments.step.as_ref().map(|step| json!(step))),
        ("limit", arguments.limit.map(|limit| json!(limit))),
        ("groupBy", (!arguments.group_by.is_empty()).then(|| json!(arguments.group_by))),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            query[key] = value;
        }
    }
    Ok(query)
}
