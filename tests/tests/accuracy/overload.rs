//! Trial 1, with a ring that is far too small.

use anyhow::Result;
use goldwire_tests::{
    programs::{Nginx, h2load},
    watch::Watch,
};

use crate::{by_reporter, line};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_ring_loses_is_reported() -> Result<()> {
    // A ring far too small for the load.
    let watch = Watch::with_options("overload", &["--ring", "64KiB"]).await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let load = h2load(&watch.cgroup, 60_000, 64, 1, &[nginx.url("/")])?;
    let filter = format!("destination.port = {} and network.protocol = \"http\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &[], 2 * load.answered).await?;
    let seen: u64 = by_reporter(&rows).values().sum();
    let lost = watch.lost().await?;
    line(1, "the same with a ring of 64 KiB", load.answered, &rows).lost(lost).write()?;
    assert!(seen <= 2 * load.answered, "{seen} seen of {}", 2 * load.answered);
    // An exchange has two events at each end; one lost event can cost one exchange, so the loss is never understated.
    assert!(seen + lost >= 2 * load.answered, "{seen} seen and {lost} events reported lost, of {}", 2 * load.answered);
    Ok(())
}
