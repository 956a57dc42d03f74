//! Each query type, on real traffic.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use goldwire_tests::{
    programs::built_program,
    system::{CONNECTIONS, EDGES, System, numbers, only, shown, texts},
};
use goldwire_workbench::{frame::Frame, plugin_host::SubscriptionStatus};
use serde_json::{Value, json};

crate::tests![
    every_signal_answers,
    series_have_labels_units_and_a_rest_that_keeps_totals_true,
    the_map_shows_who_talks_to_whom,
    the_map_can_be_of_nodes_or_addresses,
    flows_are_one_row_a_connection,
    requests_of_every_protocol_are_rows,
    requests_are_lines_of_a_log,
    a_request_is_followed_through_all_services,
    what_the_firewall_drops_has_its_reason,
    processes_have_their_parents,
    aggregates_are_one_row_a_group,
    heatmaps_have_cells_with_bounds,
    values_complete_what_a_user_types,
    editors_get_fields_signals_and_nodes,
    live_rows_come_as_they_happen,
    rows_that_a_limit_cuts_are_the_first_of_all,
    last_requests_of_the_command_line_are_each_exchange_once,
    an_answer_says_what_it_rests_on,
];

/// What this traffic has none of.
const QUIET: [&str; 6] = [
    "client_closed_rate",
    "client_closed_ratio",
    "accept_queue_overflow_rate",
    "zero_window_rate",
    "dns_error_rate",
    "reset_rate",
];

fn every_signal_answers(system: &mut System) -> Result<()> {
    let listed = system.get("signals")?.json()?;
    let names: Vec<&str> =
        listed.as_array().into_iter().flatten().filter_map(|signal| signal["name"].as_str()).collect();
    ensure!(names.len() >= 30, "{names:?}");
    for name in names {
        let query = json!({ "queryType": "signals", "signals": [name], "step": "1s" });
        let wanted = |frame: &Frame| frame.name == name && (QUIET.contains(&name) || has_positive(frame, name));
        let series = system.frame_when(query, wanted)?;
        let field = series.field(name).context("the value field bears the signal's name")?;
        ensure!(field.unit().is_some(), "{name} has no unit");
        ensure!(series.meta["type"] == "timeseries-multi", "{name}: {}", series.meta);
    }
    Ok(())
}

fn has_positive(frame: &Frame, field: &str) -> bool {
    numbers(frame, field).is_ok_and(|values| values.iter().any(|value| *value > 0.0))
}

fn series_have_labels_units_and_a_rest_that_keeps_totals_true(system: &mut System) -> Result<()> {
    let window = system.settled(5);
    let ask = |more: Value| {
        let mut query = json!({ "queryType": "signals", "signals": ["request_rate"], "step": "1s" });
        query.as_object_mut().into_iter().for_each(|keys| keys.extend(more.as_object().cloned().unwrap_or_default()));
        system.frames_within(query, window)
    };
    let sum = |frames: &[Frame]| -> Result<f64> {
        Ok(frames.iter().map(|frame| numbers(frame, "request_rate")).collect::<Result<Vec<_>>>()?.concat().iter().sum())
    };
    let total = sum(&ask(json!({}))?)?;
    ensure!(total > 0.0, "nothing in {window:?}");

    let grouped = ask(json!({ "groupBy": ["source.workload", "destination.workload"], "limit": 100 }))?;
    let labels: BTreeSet<(String, String)> = grouped
        .iter()
        .filter_map(|frame| {
            let labels = &frame.field("request_rate")?.labels;
            Some((labels.get("source.workload")?.clone(), labels.get("destination.workload")?.clone()))
        })
        .collect();
    for (from, to) in EDGES {
        ensure!(labels.contains(&(from.to_owned(), to.to_owned())), "{from} > {to} is not among {labels:?}");
    }
    ensure!((sum(&grouped)? - total).abs() < 1e-6, "{} by group, {total} in all", sum(&grouped)?);

    let cut = ask(json!({ "groupBy": ["destination.workload"], "limit": 2 }))?;
    ensure!(cut.len() == 3, "two series and the rest, not {}", cut.len());
    let of = |frame: &Frame| frame.field("request_rate").and_then(|field| field.labels.values().next().cloned());
    ensure!(cut.iter().filter(|frame| of(frame).as_deref() == Some("other")).count() == 1, "no series `other`");
    ensure!((sum(&cut)? - total).abs() < 1e-6, "{} with the rest, {total} in all", sum(&cut)?);
    Ok(())
}

fn the_map_shows_who_talks_to_whom(system: &mut System) -> Result<()> {
    let frames = system.frames(json!({ "queryType": "serviceMap" }))?;
    let [nodes, edges] = frames.as_slice() else { anyhow::bail!("{} frames", frames.len()) };
    ensure!((nodes.name.as_str(), edges.name.as_str()) == ("nodes", "edges"));
    for frame in &frames {
        ensure!(frame.meta["preferredVisualisationType"] == "nodeGraph", "{}", frame.meta);
    }
    let ids: HashSet<String> = texts(nodes, "id")?.into_iter().collect();
    for end in ["source", "target"] {
        let lost: Vec<String> = texts(edges, end)?.into_iter().filter(|id| !ids.contains(id)).collect();
        ensure!(lost.is_empty(), "edges without their {end}: {lost:?}");
    }
    let there: Vec<(String, String)> = texts(edges, "source")?.into_iter().zip(texts(edges, "target")?).collect();
    for (from, to) in EDGES.into_iter().chain(CONNECTIONS) {
        ensure!(there.contains(&(from.to_owned(), to.to_owned())), "{from} > {to} is not among {there:?}");
    }
    // An edge of requests tells their rate; numbers with a unit would be printed raw.
    for ((from, to), stat) in there.iter().zip(texts(edges, "mainstat")?) {
        let of_requests = EDGES.contains(&(from.as_str(), to.as_str()));
        ensure!(!of_requests || stat.ends_with("req/s"), "{from} > {to}: {stat}");
    }
    // Every twelfth charge fails.
    let payments = texts(nodes, "id")?.iter().position(|id| id == "payments").context("payments")?;
    let errors = numbers(nodes, "arc__errors")?[payments];
    ensure!(errors > 0.01 && errors < 0.3, "payments fails in {errors} of its requests");
    Ok(())
}

fn the_map_can_be_of_nodes_or_addresses(system: &mut System) -> Result<()> {
    for (group, wanted) in [("node", "node-a"), ("address", "10.77.0.1"), ("process", "nginx")] {
        let frames = system.frames(json!({ "queryType": "serviceMap", "groupBy": group }))?;
        let ids = texts(&frames[0], "id")?;
        ensure!(ids.iter().any(|id| id == wanted), "{wanted} is not among {ids:?}");
        ensure!(frames[1].row_count() > 0, "the map of {group} has no edge");
    }
    Ok(())
}

fn flows_are_one_row_a_connection(system: &mut System) -> Result<()> {
    let query = json!({
        "queryType": "flows", "filter": "destination.workload = \"gateway\" and source.workload = \"traffic\"",
        "columns": ["time", "source.address", "source.port", "destination.address", "destination.port",
            "source.node", "destination.node", "bytes_sent", "bytes_received", "network.protocol"],
        "limit": 500,
    });
    let flows = system.frame_when(query, |frame| frame.row_count() > 3)?;
    let mut seen = HashSet::new();
    for row in flows.rows() {
        ensure!(seen.insert(row["source.port"].to_string()), "a connection in two rows: {}", shown(&flows));
        let ends = [&row["source.node"], &row["destination.node"]];
        ensure!(ends == [&json!("node-c"), &json!("node-a")], "each end's node is known: {row:?}");
        ensure!(row["destination.port"] == 80 || row["destination.port"] == "80", "{row:?}");
    }
    ensure!(flows.meta["preferredVisualisationType"] == "table");
    ensure!(flows.field("bytes_sent").and_then(|field| field.unit()).is_some(), "bytes have no unit");
    Ok(())
}

fn requests_of_every_protocol_are_rows(system: &mut System) -> Result<()> {
    let named = [("http", "http.request.method"), ("dns", "dns.question.name")];
    for (protocol, field) in named {
        let query = json!({
            "queryType": "requests", "filter": format!("network.protocol = \"{protocol}\""), "limit": 50,
            "columns": ["time", "source.workload", "destination.workload", field, "latency"],
        });
        let rows = system.frame_when(query, |frame| frame.row_count() >= 10)?;
        let known = texts(&rows, field)?;
        ensure!(known.iter().all(|text| !text.is_empty()), "{protocol} without {field}: {}", shown(&rows));
        ensure!(rows.field("latency").and_then(|field| field.unit()) == Some("s"), "latency is in seconds");
    }
    // The default columns hold what a link to the flow and to the trace needs.
    let rows = system.frame(json!({ "queryType": "requests", "filter": "url.path = \"/orders\"", "limit": 5 }))?;
    for field in ["trace.id", "source.address", "destination.address"] {
        let config = &rows.field(field).with_context(|| format!("no column {field}"))?.config;
        ensure!(config["links"][0]["internal"]["query"].is_object(), "{field} has no link: {config}");
    }
    Ok(())
}

fn requests_are_lines_of_a_log(system: &mut System) -> Result<()> {
    let query = json!({ "queryType": "requests", "as": "logs", "limit": 200,
        "filter": "destination.workload = \"payments\" and http.response.status_code = 500" });
    let logs = system.frame_when(query, |frame| frame.row_count() > 0)?;
    for field in ["timestamp", "body", "severity", "id", "labels"] {
        ensure!(logs.field(field).is_some(), "no field {field}");
    }
    ensure!(logs.meta["type"] == "log-lines" && logs.meta["preferredVisualisationType"] == "logs", "{}", logs.meta);
    for (body, severity) in texts(&logs, "body")?.iter().zip(texts(&logs, "severity")?) {
        ensure!(body.starts_with("orders -> payments: POST /charges/") && body.contains(" 500 "), "{body}");
        ensure!(severity == "error", "{body}: {severity}");
    }
    let ids: HashSet<String> = texts(&logs, "id")?.into_iter().collect();
    ensure!(ids.len() == logs.row_count(), "two lines with one id");
    Ok(())
}

fn a_request_is_followed_through_all_services(system: &mut System) -> Result<()> {
    let query = json!({ "queryType": "requests", "columns": ["trace.id"], "limit": 1, "orderBy": ["time"],
        "filter": "source.workload = \"orders\" and url.path = \"/risk\"" });
    let asked = system.frame_when(query, |frame| frame.row_count() == 1)?;
    let id = texts(&asked, "trace.id")?.remove(0);
    let query = json!({ "queryType": "requests", "as": "traces", "filter": format!("trace.id = \"{id}\"") });
    let trace = system.frame_when(query, |frame| {
        texts(frame, "serviceName").is_ok_and(|services| services.iter().any(|name| name == "gateway"))
    })?;
    ensure!(trace.meta["preferredVisualisationType"] == "trace", "{}", trace.meta);
    let (ids, parents) = (texts(&trace, "spanID")?, texts(&trace, "parentSpanID")?);
    let services = texts(&trace, "serviceName")?;
    let service_of: BTreeMap<&str, &str> =
        ids.iter().map(String::as_str).zip(services.iter().map(String::as_str)).collect();
    let calls: BTreeSet<(&str, &str)> = parents
        .iter()
        .zip(&services)
        .map(|(parent, service)| (service_of.get(parent.as_str()).copied().unwrap_or_default(), service.as_str()))
        .collect();
    let expected = [("", "gateway"), ("gateway", "shop"), ("shop", "orders"), ("orders", "payments")];
    ensure!(calls == expected.into(), "{calls:?} in {}", shown(&trace));
    ensure!(texts(&trace, "traceID")?.iter().all(|of| *of == id), "spans of other traces");
    ensure!(numbers(&trace, "duration")?.iter().any(|millis| *millis >= 220.0), "the slow one takes 220 ms");
    Ok(())
}

fn what_the_firewall_drops_has_its_reason(system: &mut System) -> Result<()> {
    let query = json!({
        "queryType": "drops", "filter": "destination.port = 9999", "limit": 50,
        "columns": ["time", "drop.reason", "source.workload", "source.address", "destination.address", "node.name", "count"],
    });
    let drops = system.frame_when(query, |frame| frame.row_count() > 0)?;
    for row in drops.rows() {
        ensure!(row["drop.reason"] == "NETFILTER_DROP", "{row:?}");
        ensure!(row["node.name"] == "node-b" && row["destination.address"] == "10.77.0.2", "{row:?}");
        ensure!(row["source.address"] == "10.77.0.3", "{row:?}");
    }
    let signal = json!({ "queryType": "signals", "signals": ["drop_rate"], "groupBy": ["drop.reason"], "step": "1s" });
    let of_firewall = |frame: &&Frame| {
        let reason = frame.field("drop_rate").and_then(|field| field.labels.get("drop.reason"));
        reason.is_some_and(|reason| reason == "NETFILTER_DROP")
    };
    // Its step is shown once it is finished.
    system.until("the series of NETFILTER_DROP has the drop", || {
        let series = system.frames(signal.clone())?;
        let has_drop = series.iter().find(of_firewall).is_some_and(|series| has_positive(series, "drop_rate"));
        Ok(if has_drop { Ok(()) } else { Err(series.iter().map(shown).collect::<String>()) })
    })?;
    let table = json!({ "queryType": "table", "table": "drops", "groupBy": ["drop.reason"], "aggregates": ["sum(count)"],
        "filter": "destination.port = 9999" });
    let table = system.frame(table)?;
    ensure!(texts(&table, "drop.reason")? == ["NETFILTER_DROP"], "{}", shown(&table));
    ensure!(numbers(&table, "sum(count)")?[0] >= 1.0, "{}", shown(&table));
    Ok(())
}

fn processes_have_their_parents(system: &mut System) -> Result<()> {
    let rows = system.frame_when(json!({ "queryType": "processes" }), |frame| frame.row_count() > 0)?;
    ensure!(rows.field("time").is_some_and(|field| field.is_time()), "{}", shown(&rows));
    Ok(())
}

fn aggregates_are_one_row_a_group(system: &mut System) -> Result<()> {
    let aggregates = [
        "count()",
        "sum(response_bytes)",
        "avg(latency)",
        "min(latency)",
        "max(latency)",
        "p50(latency)",
        "p99(latency)",
        "quantile(latency, 0.95)",
    ];
    let query = json!({
        "queryType": "table", "table": "requests", "groupBy": ["http.route", "http.response.status_code"],
        "aggregates": aggregates, "filter": "destination.workload = \"payments\"",
    });
    let table = system.frame_when(query, |frame| frame.row_count() >= 4)?;
    let groups: HashSet<String> = table.rows().iter().map(|row| row["http.response.status_code"].to_string()).collect();
    ensure!(groups.len() >= 2, "{}", shown(&table));
    for row in table.rows() {
        let value = |name: &str| row[name].as_f64().with_context(|| format!("{name} of {row:?}"));
        ensure!(value("count()")? >= 1.0, "{row:?}");
        let ascending = ["min(latency)", "p50(latency)", "quantile(latency, 0.95)", "p99(latency)", "max(latency)"];
        let values = ascending.map(value).into_iter().collect::<Result<Vec<f64>>>()?;
        // A quantile of a sketch is within 1 % of the value.
        ensure!(values.windows(2).all(|pair| pair[0] <= pair[1] * 1.01), "{ascending:?}: {values:?}");
        ensure!((values[0]..=values[4]).contains(&value("avg(latency)")?), "{row:?}");
    }
    Ok(())
}

fn heatmaps_have_cells_with_bounds(system: &mut System) -> Result<()> {
    for signal in ["latency", "rtt", "response_bytes", "dns_latency"] {
        let query = json!({ "queryType": "heatmap", "signal": signal, "step": "5s" });
        let cells = system.frame_when(query, |frame| frame.row_count() > 1)?;
        ensure!(cells.meta["type"] == "heatmap-cells", "{}", cells.meta);
        let (lower, upper) = (numbers(&cells, "yMin")?, numbers(&cells, "yMax")?);
        ensure!(lower.iter().zip(&upper).all(|(lower, upper)| lower < upper), "{}", shown(&cells));
        ensure!(numbers(&cells, "count")?.iter().all(|count| *count > 0.0), "{}", shown(&cells));
    }
    Ok(())
}

fn values_complete_what_a_user_types(system: &mut System) -> Result<()> {
    let query = json!({ "queryType": "values", "field": "destination.workload", "prefix": "pay" });
    let values = texts(&system.frame(query)?, "value")?;
    ensure!(values == ["payments"], "{values:?}");
    let (from, to) = system.all_time();
    let answer = system.get(&format!("values?field=source.workload&prefix=traf&from={from}&to={to}"))?.json()?;
    ensure!(answer["values"] == json!(["traffic"]), "{answer}");
    Ok(())
}

fn editors_get_fields_signals_and_nodes(system: &mut System) -> Result<()> {
    let fields = system.get("fields")?.json()?;
    ensure!(fields.as_array().is_some_and(|fields| fields.iter().any(|field| field["name"] == "destination.workload")));
    let nodes = system.get("nodes")?.json()?;
    let names: Vec<&str> = nodes.as_array().into_iter().flatten().filter_map(|node| node["name"].as_str()).collect();
    ensure!(names == ["node-a", "node-b", "node-c"], "{nodes}");
    let (ok, message) = system.health(&system.source)?;
    ensure!(ok && message.contains("3 of 3 nodes reached"), "{message}");
    Ok(())
}

fn live_rows_come_as_they_happen(system: &mut System) -> Result<()> {
    let query = json!({ "queryType": "requests", "live": true, "filter": "destination.workload = \"gateway\"",
        "columns": ["time", "source.workload", "destination.workload", "url.path"] });
    let path = "live/0123abcd";
    let source = system.source.clone();
    let rows = system.block_on(async |plugin| {
        let subscription = plugin.subscribe(&source, path, &query).await?;
        ensure!(subscription.status == SubscriptionStatus::Ok, "{subscription:?}");
        let mut packets = plugin.run_stream(&source, path, &query).await?;
        for _ in 0..100 {
            let packet = packets.next().await.context("the stream ended")??;
            let columns = packet["data"]["values"].as_array().cloned().unwrap_or_default();
            let workloads = columns.get(2).and_then(Value::as_array).cloned().unwrap_or_default();
            if !workloads.is_empty() {
                return Ok(workloads);
            }
        }
        anyhow::bail!("a hundred messages without a row")
    })?;
    ensure!(rows.iter().all(|workload| workload == "gateway"), "{rows:?}");
    Ok(())
}

fn rows_that_a_limit_cuts_are_the_first_of_all(system: &mut System) -> Result<()> {
    let window = system.settled(5);
    let ask = |order: &str, limit: usize| -> Result<Vec<_>> {
        let query = json!({ "queryType": "requests", "limit": limit, "orderBy": [order], "columns": ["time",
            "source.workload", "source.port", "destination.workload", "url.path", "http.response.status_code",
            "error.type", "latency"] });
        let frame = only(system.frames_within(query, window)?)?;
        Ok(frame.rows())
    };
    for order in ["-time", "-latency", "source.workload"] {
        let all = ask(order, 5_000)?;
        ensure!(all.len() > 12, "{} rows", all.len());
        for limit in [1, 12, all.len() - 1] {
            let cut = ask(order, limit)?;
            ensure!(cut == all[..limit], "{limit} by {order}: {cut:?}, and of all {:?}", &all[..limit]);
        }
        for row in &all {
            let status = row["http.response.status_code"].as_i64().unwrap_or(0);
            let is_error = row["error.type"].as_str().is_some_and(|error| error == "status");
            ensure!(!is_error || status == 0 || status >= 500, "the error of another exchange: {row:?}");
            let named = |end: &str| row[end].as_str().is_some_and(|name| !name.contains('.'));
            ensure!(named("source.workload") && named("destination.workload"), "not named: {row:?}");
        }
    }
    Ok(())
}

fn last_requests_of_the_command_line_are_each_exchange_once(system: &mut System) -> Result<()> {
    let mut command = std::process::Command::new(built_program("goldwire")?);
    command.args(["observe", "requests", "--last", "12", "--output", "csv", "--until", "3s"]);
    command.args(["--columns", "source.workload,source.port,destination.workload,url.path,time"]);
    command.arg("--token-file").arg(system.demo.token_file()).arg("--tls-ca").arg(system.demo.authority_file());
    for node in system.demo.nodes() {
        command.args(["--node", &node]);
    }
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    ensure!(rows.len() == 12, "{text}");
    let exchanges: HashSet<&Vec<&str>> = rows.iter().collect();
    ensure!(exchanges.len() == 12, "an exchange twice: {text}");
    for row in &rows {
        let is_named = EDGES.iter().chain(&CONNECTIONS).any(|edge| *edge == (row[0], row[2]));
        ensure!(is_named, "not named: {row:?} in {text}");
    }
    Ok(())
}

fn an_answer_says_what_it_rests_on(system: &mut System) -> Result<()> {
    let query = json!({ "queryType": "signals", "signals": ["latency_p95"], "groupBy": ["destination.workload"] });
    let frames = system.frames(query)?;
    let coverage = frames[0].coverage();
    ensure!(coverage["nodesAsked"] == 3 && coverage["nodesAnswered"] == 3, "{coverage}");
    ensure!(["raw", "1s"].map(Value::from).contains(&coverage["tier"]), "{coverage}");
    ensure!(["exact", "sketch"].map(Value::from).contains(&coverage["quantiles"]), "{coverage}");
    for node in coverage["nodes"].as_array().context("of each node")? {
        ensure!(node["recordingSince"].is_i64() && node["lost"].is_array(), "{node}");
    }
    // Only the first says it, lest a panel of many series repeats it.
    ensure!(frames[1..].iter().all(|frame| frame.coverage().is_null()));
    Ok(())
}
