//! Trial 1, with a ring that is far too small.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use goldwire_answer::coverage::LossStage;
use goldwire_tests::{
    programs::{Nginx, PacketCounter, h2load},
    sheet::Line,
    watch::Watch,
};
use tokio::time::sleep;

use crate::{by_reporter, line};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_ring_loses_is_reported() -> Result<()> {
    // A ring far too small for the load.
    let watch = Watch::with_options("overload", &["--ring", "64KiB"]).await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let port = nginx.address.port();
    let packets = PacketCounter::of_port(port)?;
    let load = h2load(&watch.cgroup, 60_000, 64, 1, &[nginx.url("/")])?;
    let filter = format!("destination.port = {port} and network.protocol = \"http\"");
    let rows = watch.requests_by(&filter, &[], 2 * load.answered).await?;
    let seen: u64 = by_reporter(&rows).values().sum();
    let lost = watch.lost().await?;
    line(1, "the same with a ring of 64 KiB", load.answered, &rows).lost(lost).write()?;
    assert!(seen <= 2 * load.answered, "{seen} seen of {}", 2 * load.answered);
    // An exchange has two events at each end; one lost event can cost one exchange, so the loss is never understated.
    assert!(seen + lost >= 2 * load.answered, "{seen} seen and {lost} events reported lost, of {}", 2 * load.answered);

    // Each packet passes two sockets. Losses are counted by the second.
    let sent = packets.read()?;
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let status = watch.status().await?;
        let lost = status.lost.iter().find(|loss| loss.stage == LossStage::KernelRing).context("nothing lost")?.events;
        if status.buffers + lost == sent || Instant::now() > deadline {
            let what = "its buffers at both ends, by the packet filter";
            return Line::new(1, what, sent).server(status.buffers).lost(lost).adds_up().exact();
        }
        sleep(Duration::from_millis(200)).await;
    }
}
