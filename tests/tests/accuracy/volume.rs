//! Trials 8 and 9: bytes, round trip times and retransmissions, as the kernel's own tools say.

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::{Launch, Namespace, loss::lossy_link};
use goldwire_tests::{
    programs::{Link, Nginx, run},
    sheet::Line,
    watch::{Watch, count},
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_counted_as_ss_counts_it() -> Result<()> {
    const GIGABYTE: u64 = 1 << 30;
    let watch = Watch::start("gigabyte").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    nginx.write_file("big", GIGABYTE)?;

    // A client of our own, so that the connection is still open when `ss` looks at it.
    let port = nginx.address.port();
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET /files/big HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3; \
         head -c {GIGABYTE} <&3 >/dev/null; ss -tieHn 'sport = :{port} and dst = 127.0.0.1'"
    );
    let printed = run(&watch.cgroup, "bash", &["-c", &script])?;
    let by_ss = (field_of_ss(&printed, "bytes_sent:")? - field_of_ss(&printed, "bytes_retrans:").unwrap_or(0.0)) as u64;

    let query = json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port} and bytes_received > 0 and reporter = \"server\""),
        "aggregates": ["sum(bytes_received)"],
    });
    let rows =
        watch.settled(query, |rows| rows.iter().any(|row| count(row, "sum(bytes_received)") >= GIGABYTE)).await?;
    Line::new(8, "bytes of 1 GiB, by `ss -tie`", by_ss).server(count(&rows[0], "sum(bytes_received)")).exact()?;

    // In milliseconds.
    let smoothed = field_of_ss(&printed, " rtt:")? * 1e3;
    let rtt = json!({
        "queryType": "flows", "columns": ["rtt"], "filter": format!("source.port != {port} and destination.port = {port} and bytes_received > 0"),
    });
    let rows = watch.rows(rtt).await?;
    let ours = rows.first().and_then(|row| row["rtt"].as_f64()).context("a round trip time")? * 1e6;
    // `ss` was asked while the connection idled: the kernel's own figure has not moved since.
    ensure!((ours - smoothed).abs() <= 0.05 * smoothed, "{ours} us here, {smoothed} us by ss");
    Ok(())
}

fn field_of_ss(printed: &str, name: &str) -> Result<f64> {
    let start = printed.find(name).with_context(|| format!("ss has no {name}: {printed}"))? + name.len();
    let digits: String =
        printed[start..].chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect();
    Ok(digits.parse()?)
}

/// The kernel counts segments; one call to its retransmission function may send several.
#[tokio::test(flavor = "multi_thread")]
async fn retransmissions_are_those_of_nstat() -> Result<()> {
    for offload in [true, false] {
        let watch = Watch::start("loss").await?;
        let link = Link::create("goldwire-test-loss")?;
        link.offload(offload)?;
        let nginx = Nginx::start_at(&watch.cgroup, Some(&link.server), link.server_address)?;
        nginx.write_file("much", 20_000_000)?;
        let before = link.retransmitted()?;
        lossy_link(&link.client, Link::DEVICE, 2, 0)?;
        lossy_link(&link.server, Link::DEVICE, 2, 0)?;
        for _ in 0..3 {
            let url = nginx.url("/files/much");
            run_in(&watch, &link.client, "curl", &["-s", "-o", "/dev/null", &url])?;
        }
        // Handshakes lose segments too: their SYN and SYN-ACK count like all others.
        for _ in 0..100 {
            run_in(&watch, &link.client, "curl", &["-s", "-o", "/dev/null", &nginx.url("/")])?;
        }
        let query = json!({
            "queryType": "table", "table": "flows", "filter": format!("destination.port = {}", nginx.address.port()),
            "aggregates": ["sum(retransmits)"],
        });
        drop(nginx);
        // Sockets that are closing still send again, so both counts are taken until they stand.
        let is_whole = |rows: &[_]| {
            let so_far = link.retransmitted().map_or(u64::MAX, |count| count - before);
            rows.iter().any(|row| count(row, "sum(retransmits)") == so_far)
        };
        let rows = watch.settled(query, is_whole).await?;
        let by_nstat = link.retransmitted()? - before;
        ensure!(by_nstat > 100, "a link that loses 2 % had {by_nstat} retransmissions");
        let ours = rows.first().map_or(0, |row| count(row, "sum(retransmits)"));
        let offload = if offload { "on" } else { "off" };
        let what = format!("segments sent again on a link that loses 2 %, offload {offload}, by `nstat`");
        Line::new(9, &what, by_nstat).server(ours).exact()?;
    }
    Ok(())
}

fn run_in(watch: &Watch, namespace: &Namespace, program: &str, arguments: &[&str]) -> Result<()> {
    let launch = Launch::new(program, program).args(arguments).cgroup(&watch.cgroup)?.namespace(namespace)?;
    let ended = launch.spawn()?.wait(std::time::Duration::from_secs(120))?.context("it does not end")?;
    ensure!(ended.success(), "{program}: {ended}");
    Ok(())
}
