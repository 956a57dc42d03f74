//! Attacks on a daemon by those who may ask it: bounded load, for some seconds each. `cargo xtask attack` runs them longer.

mod ending;
mod storm;
mod streams;

use std::{env, time::Duration};

use anyhow::{Result, ensure};
use goldwire_tests::watch::Watch;

/// How long each attack runs, in seconds; `cargo xtask attack` says how long.
const SECONDS: &str = "GOLDWIRE_ATTACK_SECONDS";

fn length() -> Duration {
    let seconds = env::var(SECONDS).ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(3))
}

/// What the daemon may take beside `--memory`.
const BESIDE: u64 = 64 << 20;

/// Fails where the daemon has taken more than `memory` and what it may take beside.
fn ensure_within(watch: &Watch, memory: u64) -> Result<()> {
    let most = watch.most_resident()?;
    println!("resident at most {} MiB of {} MiB", most >> 20, (memory + BESIDE) >> 20);
    ensure!(most <= memory + BESIDE, "{} MiB resident, {} MiB allowed", most >> 20, (memory + BESIDE) >> 20);
    Ok(())
}
