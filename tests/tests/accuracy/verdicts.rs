//! Trial 20: what became of traffic, by each verdict that there is, in the table of drops and in that of flows.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::{
    Launch,
    loss::{firewall_port, packets_dropped},
};
use goldwire_tests::{
    programs::{Link, Nginx, free_port},
    sheet::Line,
    watch::{Row, Watch, count, text},
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn each_verdict_is_found_in_flows_and_drops() -> Result<()> {
    const TIMES: u64 = 10;
    let watch = Watch::of_node("verdicts").await?;
    let link = Link::create("goldwire-test-verdict")?;
    let address = link.server_address;
    let nginx = Nginx::start_at(&watch.cgroup, Some(&link.server), address)?;
    let (walled, closed, open) = (free_port()?, free_port()?, nginx.address.port());
    firewall_port(&link.server, walled)?;
    // Nobody has the last address.
    let script = format!(
        "for i in $(seq {TIMES}); do \
         (timeout 0.3 bash -c 'exec 3<>/dev/tcp/{address}/{walled}') & \
         (exec 3<>/dev/tcp/{address}/{closed}) & \
         curl -s -o /dev/null http://{address}:{open}/ & \
         (exec 3<>/dev/tcp/10.79.0.99/{closed}) & \
         done 2>/dev/null; wait; true"
    );
    let launch = Launch::new("bash", "bash").args(["-c", &script]).cgroup(&watch.cgroup)?.namespace(&link.client)?;
    let ended = launch.spawn()?.wait(Duration::from_secs(30))?.context("the script does not end")?;
    ensure!(ended.success(), "the script: {ended}");
    for (verdict, filter) in [
        ("dropped", format!("destination.port = {walled}")),
        ("refused", format!("destination.port = {closed} and destination.address = {address}")),
        ("forwarded", format!("destination.port = {open}")),
        ("error", "destination.address = 10.79.0.99".to_owned()),
    ] {
        let query = json!({ "queryType": "flows", "columns": ["verdict", "ending"], "limit": 1000,
            "filter": format!("{filter} and verdict = \"{verdict}\" and ending = \"*\"") });
        let rows = watch.settled(query, |rows| rows.len() as u64 >= TIMES).await?;
        Line::new(20, &format!("connections with the verdict {verdict}"), TIMES).client(rows.len() as u64).exact()?;
        let others = json!({ "queryType": "flows", "columns": ["verdict", "ending"], "limit": 1000,
            "filter": format!("{filter} and verdict != \"{verdict}\"") });
        let others = watch.rows(others).await?;
        ensure!(others.is_empty(), "{verdict}: {others:?}");
    }
    let dropped = packets_dropped(&link.server)?;
    let query = json!({ "queryType": "table", "table": "drops", "groupBy": ["verdict", "drop.reason"],
        "aggregates": ["sum(count)"], "filter": format!("verdict = \"dropped\" and destination.port = {walled}") });
    let sum = |rows: &[Row]| rows.iter().map(|row| count(row, "sum(count)")).sum::<u64>();
    let rows = watch.settled(query, |rows| sum(rows) >= dropped).await?;
    ensure!(rows.iter().all(|row| text(row, "drop.reason") == "NETFILTER_DROP"), "{rows:?}");
    Line::new(20, "packets dropped, by their verdict", dropped).server(sum(&rows)).exact()?;
    let rows =
        json!({ "queryType": "drops", "columns": ["verdict"], "filter": format!("destination.port = {walled}") });
    let rows = watch.rows(rows).await?;
    ensure!(!rows.is_empty() && rows.iter().all(|row| text(row, "verdict") == "dropped"), "{rows:?}");
    Ok(())
}
