//! What observing costs: the same load with and without the daemon, in turns, on one machine. Prints a line for each
//! figure, in the form that the crates' own benchmarks print too:
//! `goldwire-bench <name> <value> <unit> <bar>`, where the bar is `-` for figures that only help to read the others.

mod cpu;
mod daemon;
mod figure;
mod ground;
mod load;
mod probes;

use std::{path::Path, thread, time::Duration};

use self::{cpu::CpuTime, daemon::Daemon, figure::Figure, ground::Ground, load::Saturation};

/// Turns of the comparisons; single ones scatter by some percent.
const TURNS: usize = 3;
const STEADY_TURNS: usize = 5;
const STEADY_RATE: u32 = 10_000;
/// In which the daemon takes in what was under way.
const SETTLING: Duration = Duration::from_millis(1500);
/// Turns at full load in which history must be full; here it takes seven.
const FILLING_TURNS: usize = 12;
/// Full is a history that holds most of its memory and, a turn later, no more of it: a part is kept free for what is
/// being filled.
const MOST: f64 = 0.8;
const NO_MORE: f64 = 0.01;
/// The default of `--memory`.
const MEMORY_MEBIBYTES: f64 = 256.0;

/// Measures and prints. `programs` has `goldwire`, built for release.
pub fn run(programs: &Path) -> anyhow::Result<()> {
    others("before")?;
    let ground = Ground::prepare()?;
    load::saturate(&ground, Duration::from_secs(3))?;
    idle(&ground, programs)?;
    full_load(&ground, programs)?;
    probe_cost(&ground, programs)?;
    steady_load(&ground, programs)?;
    full_memory(&ground, programs)?;
    drop(ground);
    others("after")
}

fn step(text: &str) {
    println!("measure: {text}");
}

/// What others do on this machine is in the figures, too: where it is much, they say little.
fn others(when: &str) -> anyhow::Result<()> {
    const LENGTH: Duration = Duration::from_secs(2);
    let before = CpuTime::of_machine()?;
    thread::sleep(LENGTH);
    let busy = CpuTime::of_machine()?.since(before);
    let share = 100.0 * busy.as_secs_f64() / LENGTH.as_secs_f64();
    Figure::plain(&format!("cpu-of-others-{when}"), share, "%-of-a-core").print();
    Ok(())
}

fn idle(ground: &Ground, programs: &Path) -> anyhow::Result<()> {
    step("a daemon that has nothing to see");
    let daemon = Daemon::start(ground, programs)?;
    thread::sleep(Duration::from_secs(3));
    Figure::at_most("resident-memory-idle", daemon.resident_mebibytes()?, "MiB", 40.0).print();
    Ok(())
}

/// Saturated throughput in turns, with what the daemon counted of it.
fn full_load(ground: &Ground, programs: &Path) -> anyhow::Result<()> {
    let (mut without, mut with) = (Saturation::default(), Saturation::default());
    let (mut unaccounted, mut beyond, mut lost) = (0, 0, 0);
    let mut used = Duration::ZERO;
    for turn in 1..=TURNS {
        step(&format!("full load without and with a daemon, turn {turn} of {TURNS}"));
        without += load::saturate(ground, load::TURN)?;
        let daemon = Daemon::start(ground, programs)?;
        let before = CpuTime::of_process(daemon.id())?;
        let loaded = load::saturate(ground, load::TURN)?;
        thread::sleep(SETTLING);
        used += CpuTime::of_process(daemon.id())?.since(before);
        let counted = daemon.count()?;
        unaccounted += counted.unaccounted(loaded.requests);
        beyond += counted.beyond(loaded.requests);
        lost += counted.lost;
        with += loaded;
    }
    Figure::plain("requests-a-second-at-full-load", without.rate(), "requests/s").print();
    Figure::at_least("throughput-ratio", with.rate() / without.rate(), "", 0.88).print();
    let added = with.cpu_microseconds_a_request() - without.cpu_microseconds_a_request();
    Figure::at_most("cpu-added-a-request", added, "us", 3.0).print();
    let of_daemon = used.as_secs_f64() * 1e6 / with.requests as f64;
    Figure::plain("cpu-of-daemon-a-request-at-full-load", of_daemon, "us").print();
    Figure::at_most("requests-unaccounted-at-full-load", unaccounted as f64, "requests", 0.0).print();
    // At the end of a turn, wrk forgets what it has under way, one request a connection; the daemon does not.
    let under_way = TURNS as f64 * f64::from(load::CONNECTIONS);
    Figure::at_most("requests-beyond-sent-at-full-load", beyond as f64, "requests", under_way).print();
    Figure::plain("events-reported-lost-at-full-load", lost as f64, "events").print();
    Ok(())
}

/// Apart from the others, for counting costs time itself.
fn probe_cost(ground: &Ground, programs: &Path) -> anyhow::Result<()> {
    step("full load with the kernel's statistics of BPF programs");
    let _counting = probes::Counting::begin()?;
    let daemon = Daemon::start(ground, programs)?;
    let loaded = load::saturate(ground, load::TURN)?;
    for cost in probes::socket_buffer_costs(daemon.id())? {
        let direction = cost.direction.name();
        Figure::at_most(&format!("probe-cost-{direction}"), cost.nanoseconds_a_run, "ns", 250.0).print();
        let buffers = cost.runs as f64 / loaded.requests as f64;
        Figure::plain(&format!("socket-buffers-a-request-{direction}"), buffers, "buffers").print();
    }
    Ok(())
}

fn steady_load(ground: &Ground, programs: &Path) -> anyhow::Result<()> {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let (mut used, mut length) = (Duration::ZERO, Duration::ZERO);
    for turn in 1..=STEADY_TURNS {
        step(&format!("{STEADY_RATE} requests/s without and with a daemon, turn {turn} of {STEADY_TURNS}"));
        without.push(load::steady(ground, STEADY_RATE)?.p99);
        let daemon = Daemon::start(ground, programs)?;
        thread::sleep(SETTLING);
        let before = CpuTime::of_process(daemon.id())?;
        let loaded = load::steady(ground, STEADY_RATE)?;
        used += CpuTime::of_process(daemon.id())?.since(before);
        length += loaded.length;
        with.push(loaded.p99);
    }
    let share = 100.0 * used.as_secs_f64() / length.as_secs_f64();
    Figure::at_most("daemon-cpu-at-10k", share, "%-of-a-core", 3.0).print();
    let (without, with) = (median(without), median(with));
    Figure::plain("client-p99-at-10k-without", without.as_secs_f64() * 1e6, "us").print();
    Figure::at_most("client-p99-ratio-at-10k", with.as_secs_f64() / without.as_secs_f64(), "", 1.05).print();
    Ok(())
}

/// A turn in which something else ran says little, and one is enough to spoil a mean.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Memory is at its highest where history is full and goes on: pieces are freed while others are filled.
fn full_memory(ground: &Ground, programs: &Path) -> anyhow::Result<()> {
    let daemon = Daemon::start(ground, programs)?;
    let mut before = 0.0;
    for turn in 1..=FILLING_TURNS {
        step(&format!("full load until history is full, turn {turn} of at most {FILLING_TURNS}"));
        load::saturate(ground, load::TURN)?;
        let fill = daemon.history_fill()?;
        if fill >= MOST && fill - before < NO_MORE {
            let resident = daemon.resident_mebibytes()?;
            Figure::plain("history-of-its-memory", 100.0 * fill, "%").print();
            Figure::at_most("resident-memory-full", resident, "MiB", MEMORY_MEBIBYTES + 64.0).print();
            return Ok(());
        }
        before = fill;
    }
    // No figure then: one of a history that is not full would say less than it seems to.
    step(&format!("history was full to only {:.0} %", 100.0 * before));
    Ok(())
}
