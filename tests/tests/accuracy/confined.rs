//! A daemon that is confined to a control group, which is removed and made again.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::Cgroup;
use goldwire_tests::{
    programs::{Nginx, run},
    sheet::Line,
    watch::{Watch, text},
};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::by_reporter;

const REQUESTS: u64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn control_group_made_again_is_observed_again_and_said() -> Result<()> {
    let watch = Watch::start("remade").await?;
    let first = Nginx::start(&watch.cgroup)?;
    ask(&watch.cgroup, &first, 1)?;
    drop(first);
    Cgroup::remove_leftover("goldwire-test-remade")?;
    wait_for_sight(&watch, false).await?;
    let status = watch.status().await?;
    ensure!(status.notes.iter().any(|note| note.contains("goldwire-test-remade is gone")), "{:?}", status.notes);

    let again = Cgroup::create("goldwire-test-remade")?;
    wait_for_sight(&watch, true).await?;
    ensure!(watch.status().await?.notes.is_empty());
    let nginx = Nginx::start(&again)?;
    ask(&again, &nginx, REQUESTS)?;
    let filter = format!("destination.port = {}", nginx.address.port());
    let rows = watch.requests_by(&filter, &["source.process"], 2 * REQUESTS).await?;
    let seen = by_reporter(&rows);
    let line = Line::new(15, "requests in a control group that was removed and made again", REQUESTS);
    line.client(seen.get("client").copied().unwrap_or(0)).server(seen.get("server").copied().unwrap_or(0)).exact()?;
    ensure!(rows.iter().any(|row| text(row, "source.process") == "curl"), "its processes are known too: {rows:?}");

    let query = json!({ "queryType": "table", "table": "requests", "aggregates": ["count()"] });
    let answer = watch.ask(query).await?;
    let notes = answer.frames.first().context("no frame")?.coverage()["nodes"][0]["notes"].to_string();
    ensure!(notes.contains("is gone") && notes.contains("removed and made again"), "{notes}");
    Ok(())
}

/// Waits until every signal that the daemon had is there, or none is.
async fn wait_for_sight(watch: &Watch, sees: bool) -> Result<()> {
    let start = Instant::now();
    while watch.status().await?.signals.iter().any(|signal| signal.available) != sees {
        ensure!(
            start.elapsed() < Duration::from_secs(5),
            "signals are still {}available",
            if sees { "not " } else { "" }
        );
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn ask(cgroup: &Cgroup, nginx: &Nginx, times: u64) -> Result<()> {
    let script = format!("for i in $(seq {times}); do curl -s -o /dev/null http://{}/; done", nginx.address);
    run(cgroup, "bash", &["-c", &script]).map(drop)
}
