//! Trial 12: what the kernel dropped, and what it did not.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::{
    Launch,
    loss::{firewall_port, packets_dropped},
};
use goldwire_tests::{
    programs::{Link, Nginx, free_port, kernel_count, run, wait_for},
    sheet::Line,
    watch::{Row, Watch, count, text},
};
use serde_json::json;

use crate::line;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_clean_connections_have_no_drop() -> Result<()> {
    let watch = Watch::start("clean").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let url = nginx.url("/?[1-2000]");
    for _ in 0..5 {
        run(&watch.cgroup, "curl", &["-s", "-H", "Connection: close", "-o", "/dev/null", &url])?;
    }
    let filter = format!("destination.port = {} and url.path = \"/\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &["http.response.status_code"], 20_000).await?;
    line(12, "clean connections: requests", 10_000, &rows).exact()?;
    let port = nginx.address.port();
    let drops = json!({
        "queryType": "table", "table": "drops", "filter": format!("either.port = {port}"),
        "groupBy": ["drop.reason"], "aggregates": ["sum(count)"],
    });
    let drops: u64 = watch.rows(drops).await?.iter().map(|row: &Row| count(row, "sum(count)")).sum();
    Line::new(12, "clean connections: drops", 0).server(drops).exact()?;
    let endings = json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port} and ending != \"\" and reporter = \"client\""),
        "groupBy": ["ending"], "aggregates": ["count()"],
    });
    let endings = watch.rows(endings).await?;
    // A report that ends nothing has no ending.
    let ends: Vec<_> = endings.iter().filter(|row| !text(row, "ending").is_empty()).collect();
    assert!(
        ends.len() == 1 && text(ends[0], "ending") == "closed" && count(ends[0], "count()") == 10_000,
        "{endings:?}"
    );
    Ok(())
}

/// Each in its own words: the firewall, a port that nobody has, a socket that nobody reads.
#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_drop_has_its_reason() -> Result<()> {
    let watch = Watch::of_node("kinds").await?;
    let link = Link::create("goldwire-test-drop")?;
    let address = link.server_address;
    let (walled, closed, full) = (free_port()?, free_port()?, free_port()?);
    firewall_port(&link.server, walled)?;
    let receiver = format!("UDP4-RECVFROM:{full},bind={address},rcvbuf=4096,fork");
    // It takes no datagram from its buffer: it is stopped as soon as it listens.
    let launch = Launch::new("socat", "socat").args([&receiver, "EXEC:true"]).cgroup(&watch.cgroup)?;
    let mut receiver = launch.namespace(&link.server)?.spawn()?;
    wait_for("socat", || {
        let sockets = link.server.run("ss", &["-ulHn", &format!("sport = :{full}")]).ok()?;
        (!sockets.is_empty()).then_some(())
    })?;
    receiver.signal(nix::sys::signal::Signal::SIGSTOP)?;

    let script = format!(
        "for i in $(seq 5); do timeout 0.3 bash -c 'exec 3<>/dev/tcp/{address}/{walled}' 2>/dev/null; done; \
         exec 4<>/dev/udp/{address}/{full}; for i in $(seq 50); do head -c 1000 /dev/zero >&4; done; \
         for i in $(seq 40); do echo x > /dev/udp/{address}/{closed}; done; true"
    );
    let launch = Launch::new("bash", "bash").args(["-c", &script]).cgroup(&watch.cgroup)?.namespace(&link.client)?;
    let ended = launch.spawn()?.wait(Duration::from_secs(30))?.context("the script does not end")?;
    ensure!(ended.success(), "the script: {ended}");

    let wanted = [
        (walled, "NETFILTER_DROP", packets_dropped(&link.server)?),
        (closed, "NO_SOCKET", kernel_count(&link.server, "UdpNoPorts")?),
        (full, "SOCKET_RCVBUFF", kernel_count(&link.server, "UdpRcvbufErrors")?),
    ];
    for (port, reason, dropped) in wanted {
        ensure!(dropped > 0, "nothing was dropped for {reason}");
        let query = json!({
            "queryType": "table", "table": "drops", "filter": format!("destination.port = {port}"),
            "groupBy": ["drop.reason"], "aggregates": ["sum(count)"],
        });
        let is_whole = |rows: &[Row]| rows.iter().map(|row| count(row, "sum(count)")).sum::<u64>() >= dropped;
        let rows = watch.settled(query, is_whole).await?;
        let seen =
            rows.iter().filter(|row| text(row, "drop.reason") == reason).map(|row| count(row, "sum(count)")).sum();
        ensure!(rows.len() == 1, "{reason}: {rows:?}");
        Line::new(12, &format!("packets dropped as {reason}"), dropped).server(seen).exact()?;
    }
    Ok(())
}
