//! Nodes go, panels stay.

use anyhow::{Context, Result, ensure};
use goldwire_tests::system::{System, numbers, texts};
use serde_json::{Value, json};

crate::tests![a_panel_answers_with_one_node_of_three, no_node_at_all_is_an_error_that_names_all];

fn a_panel_answers_with_one_node_of_three(system: &mut System) -> Result<()> {
    system.demo.stop_daemon(0)?;
    system.demo.stop_daemon(2)?;
    let nodes = system.nodes();
    let gone = [&nodes[0], &nodes[2]];
    let queries = [
        json!({ "queryType": "signals", "signals": ["request_rate"], "groupBy": ["destination.workload"], "step": "1s" }),
        json!({ "queryType": "serviceMap" }),
        json!({ "queryType": "requests", "limit": 10 }),
        json!({ "queryType": "requests", "as": "logs", "limit": 10 }),
        json!({ "queryType": "heatmap", "signal": "latency" }),
        json!({ "queryType": "table", "table": "requests", "groupBy": ["destination.workload"], "aggregates": ["count()"] }),
    ];
    for query in queries {
        let frames = system.frames(query.clone())?;
        ensure!(frames[0].row_count() > 0, "{query}: node-b has an answer");
        let notices = frames[0].notices();
        let told = notices.iter().find(|notice| notice.starts_with("1 of 3 nodes answered. Missing: "));
        let told = told.with_context(|| format!("{query}: no notice of it in {notices:?}"))?;
        ensure!(frames[0].meta["notices"][0]["severity"] == "warning", "{query}: {}", frames[0].meta["notices"]);
        let coverage = frames[0].coverage();
        ensure!(coverage["nodesAsked"] == 3 && coverage["nodesAnswered"] == 1, "{query}: {coverage}");
        for node in gone {
            ensure!(told.contains(&format!("{node} (connection refused)")), "{query}: {told}");
            let unreachable = coverage["unreachable"].as_array().cloned().unwrap_or_default();
            let why = unreachable.iter().find(|one| one["node"] == node.as_str()).map(|one| &one["reason"]);
            ensure!(why == Some(&json!("connection refused")), "{query}: {coverage}");
        }
        ensure!(coverage["nodes"].as_array().is_some_and(|nodes| nodes.len() == 1 && nodes[0]["node"] == "node-b"));
    }
    // What the last node saw of both its neighbours is still there.
    let table = json!({ "queryType": "table", "table": "requests", "groupBy": ["destination.workload"], "aggregates": ["count()"] });
    let table = system.frame(table)?;
    let seen = texts(&table, "destination.workload")?;
    ensure!(["catalog", "orders"].iter().all(|name| seen.iter().any(|seen| seen == name)), "{seen:?}");
    ensure!(numbers(&table, "count()")?.iter().all(|count| *count > 0.0));
    let (ok, message) = system.health(&system.source)?;
    ensure!(ok && message.contains("1 of 3 nodes reached"), "{message}");
    let listed = system.get("nodes")?.json()?;
    let reachable: Vec<&Value> = listed.as_array().into_iter().flatten().map(|node| &node["reachable"]).collect();
    ensure!(reachable == [&json!(false), &json!(true), &json!(false)], "{listed}");
    Ok(())
}

fn no_node_at_all_is_an_error_that_names_all(system: &mut System) -> Result<()> {
    for number in 0..3 {
        system.demo.stop_daemon(number)?;
    }
    let answer = system.ask(&json!({ "queryType": "serviceMap" }))?;
    let said = answer.error.context("nobody is there to answer")?;
    ensure!(answer.status == 502 && said.starts_with("no node answered: "), "{}: {said}", answer.status);
    for node in system.nodes() {
        ensure!(said.contains(&format!("{node} (connection refused)")), "{node}: {said}");
    }
    let (ok, message) = system.health(&system.source)?;
    ensure!(!ok, "{message}");
    Ok(())
}
