//! What observing costs: the same load with and without the daemon, in turns, on one machine. Prints a line for each
//! figure, in the form that the crates' own benchmarks print too:
//! `goldwire-bench <name> <value> <unit> <bar>`.

mod cpu;
mod daemon;
mod figure;
mod ground;
mod load;
mod probes;

use std::{path::Path, thread, time::Duration};

use self::{cpu::CpuTime, daemon::Daemon, figure::Figure, ground::Ground, load::Saturation};

/// Turns of the comparison at full load; single ones scatter by some percent.
const TURNS: usize = 3;
const STEADY_RATE: u32 = 10_000;
/// In which the daemon takes in what was under way.
const SETTLING: Duration = Duration::from_millis(1500);

/// Measures and prints. `programs` has `goldwire`, built for release.
pub fn run(programs: &Path) -> anyhow::Result<()> {
    let ground = Ground::prepare()?;
    load::saturate(&ground, Duration::from_secs(3))?;
    idle(&ground, programs)?;
    full_load(&ground, programs)?;
    steady_load(&ground, programs)
}

fn idle(ground: &Ground, programs: &Path) -> anyhow::Result<()> {
    let daemon = Daemon::start(ground, programs)?;
    thread::sleep(Duration::from_secs(3));
    Figure::at_most("resident-memory-idle", daemon.resident_mebibytes()?, "MiB", 40.0).print();
    Ok(())
}

/// Saturated throughput in turns, with what the daemon counted of it and what its probes took.
fn full_load(ground: &Ground, programs: &Path) -> anyhow::Result<()> {
    let (mut without, mut with) = (Saturation::default(), Saturation::default());
    let mut unaccounted = 0;
    for turn in 0..TURNS {
        without += load::saturate(ground, load::TURN)?;
        let daemon = Daemon::start(ground, programs)?;
        let loaded = load::saturate(ground, load::TURN)?;
        thread::sleep(SETTLING);
        unaccounted += daemon.requests_unaccounted(loaded.requests)?;
        if turn + 1 == TURNS {
            Figure::at_most("resident-memory-full", daemon.resident_mebibytes()?, "MiB", 256.0 + 64.0).print();
        }
        with += loaded;
    }
    Figure::at_least("throughput-ratio", with.rate() / without.rate(), "", 0.88).print();
    let added = with.cpu_microseconds_a_request() - without.cpu_microseconds_a_request();
    Figure::at_most("cpu-added-a-request", added, "us", 3.0).print();
    Figure::at_most("requests-unaccounted-at-full-load", unaccounted as f64, "requests", 0.0).print();
    probe_cost(ground, programs)
}

/// Apart from the others, for counting costs time itself.
fn probe_cost(ground: &Ground, programs: &Path) -> anyhow::Result<()> {
    let _counting = probes::Counting::begin()?;
    let daemon = Daemon::start(ground, programs)?;
    load::saturate(ground, load::TURN)?;
    for cost in probes::socket_buffer_costs(daemon.id())? {
        Figure::at_most(&format!("probe-cost-{}", cost.program), cost.nanoseconds_a_run, "ns", 250.0).print();
    }
    Ok(())
}

fn steady_load(ground: &Ground, programs: &Path) -> anyhow::Result<()> {
    let without = load::steady(ground, STEADY_RATE)?;
    let daemon = Daemon::start(ground, programs)?;
    let before = CpuTime::of_process(daemon.id())?;
    let with = load::steady(ground, STEADY_RATE)?;
    let used = CpuTime::of_process(daemon.id())?.since(before);
    let share = 100.0 * used.as_secs_f64() / with.length.as_secs_f64();
    Figure::at_most("daemon-cpu-at-10k", share, "percent", 3.0).print();
    let ratio = with.p99.as_secs_f64() / without.p99.as_secs_f64();
    Figure::at_most("client-p99-ratio-at-10k", ratio, "", 1.05).print();
    Ok(())
}
