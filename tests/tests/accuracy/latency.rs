//! Trial 4: latency as the client measures it.

use std::fs;

use anyhow::{Context, Result, ensure};
use goldwire_tests::{
    programs::{Nginx, run, undisturbed_h2load},
    watch::{Watch, text},
};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn latency_is_what_the_client_measures() -> Result<()> {
    let watch = Watch::start("latency").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let load = undisturbed_h2load(&watch.cgroup, 5_000, &nginx.url("/"))?;
    let filter = format!("destination.port = {} and url.path = \"/\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &[], 10_000).await?;
    let client = rows.iter().find(|row| text(row, "reporter") == "client").context("the client's row")?;
    for (column, quantile) in [("p50(latency)", 0.5), ("p99(latency)", 0.99)] {
        let ours = client.get(column).and_then(Value::as_f64).context("a latency")?;
        let theirs = load.quantile(quantile);
        let tolerance = (0.02 * theirs).max(200e-6);
        assert!((ours - theirs).abs() <= tolerance, "{column}: {ours} s here, {theirs} s by h2load");
    }
    Ok(())
}

/// An answer ends with its last byte, not with the first call that wrote some of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_download_is_timed_to_its_end() -> Result<()> {
    const LENGTH: u64 = 183_000_000;
    /// Bytes a second: slow enough to tell the beginning from the end, fast enough not to leave much in the buffers.
    const RATE: f64 = 90.0 * 1024.0 * 1024.0;
    let watch = Watch::start("download").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    nginx.write_file("long", LENGTH)?;
    let format = "%{time_pretransfer} %{time_total}";
    let printed = run(
        &watch.cgroup,
        "curl",
        &["-s", "-o", "/dev/null", "-w", format, "--limit-rate", "90M", &nginx.url("/files/long")],
    )?;
    let [sent, done] = printed
        .split_whitespace()
        .map(str::parse::<f64>)
        .collect::<Result<Vec<_>, _>>()?
        .try_into()
        .map_err(|_| anyhow::anyhow!("curl printed {printed}"))?;
    let filter = format!("destination.port = {} and url.path = \"/files/long\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &[], 2).await?;
    // curl reads behind the kernels: at this rate they may hold the last of it for so long. The rest is for the scheduler.
    let behind = (longest_buffer("tcp_rmem")? + longest_buffer("tcp_wmem")?) / RATE;
    let (least, most) = (done - sent - behind - 0.1, done - sent + 0.1);
    ensure!(least > (done - sent) / 2.0, "the buffers of this machine hold the better part of the file");
    for reporter in ["client", "server"] {
        let row = rows.iter().find(|row| text(row, "reporter") == reporter).context(reporter)?;
        let ours = row["p50(latency)"].as_f64().context("a latency")?;
        ensure!((least..most).contains(&ours), "{reporter}: {ours} s here, {} s by curl", done - sent);
    }
    Ok(())
}

/// Bytes that the buffer of a socket may grow to; its socket may hold so many at most.
fn longest_buffer(setting: &str) -> Result<f64> {
    let values = fs::read_to_string(format!("/proc/sys/net/ipv4/{setting}"))?;
    Ok(values.split_whitespace().last().context("least, usual and most bytes")?.parse()?)
}
