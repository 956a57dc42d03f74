//! The whole demo, from bare machine to summary.

mod credentials;
mod demo;
mod observers;
mod place;
mod running;
mod signals;
mod summary;
mod system;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::Context;

use self::place::Place;
pub use self::{
    demo::Demo,
    observers::Built,
    signals::{Interrupted, Signals},
};
use crate::nodes::{Cluster, Plan};

/// The demo's three nodes.
pub const PLAN: Plan = Plan {
    prefix: "gw-demo",
    cgroup: "goldwire-demo",
    subnet: [10, 77, 0],
    letters: &["a", "b", "c"],
    reachable_from_here: true,
};

/// How often is looked whether all that should run does.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Ends by itself after so long, with a summary; else it runs until a signal comes.
    pub length: Option<Duration>,
    /// Where the workbench listens.
    pub listen: SocketAddr,
    /// What was built.
    pub built: Built,
}

/// Runs the demo. `signals` must have been caught before the program had threads.
pub fn run(options: &Options, signals: &Signals) -> anyhow::Result<()> {
    let mut demo = Demo::start(options, signals)?;
    print_doors(&demo, options);
    watch(&mut demo, options.length, signals)?;
    if options.length.is_some() {
        say("the time is up: ending the clients, then the services, and comparing");
        demo.compare(signals)?;
    }
    Ok(())
}

fn say(step: &str) {
    println!("demo: {step}");
}

fn print_doors(demo: &Demo, options: &Options) {
    let nodes: Vec<String> = demo.nodes().iter().map(|node| format!("--node {node}")).collect();
    println!();
    println!("  look:     {}", demo.page());
    println!(
        "  or type:  {} top {} --tls-ca {} --token-file {}",
        options.built.programs.join("goldwire").display(),
        nodes.join(" "),
        demo.authority_file().display(),
        demo.token_file().display()
    );
    match options.length {
        Some(length) => println!("  ends:     by itself after {} s, with a summary", length.as_secs()),
        None => println!("  end it:   with Ctrl-C; everything it made goes with it"),
    }
    println!();
}

/// Looks after the programs until the time is up. A signal is the usual end of a demo without one.
fn watch(demo: &mut Demo, length: Option<Duration>, signals: &Signals) -> anyhow::Result<()> {
    let started = Instant::now();
    while length.is_none_or(|length| started.elapsed() < length) {
        demo.check()?;
        match signals.sleep(BETWEEN_LOOKS) {
            Err(interrupted) if length.is_some() => return Err(interrupted).context("the demo was cut short"),
            Err(_) => break,
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Removes what a killed demo left.
pub fn clean() -> anyhow::Result<()> {
    let _turn = place::Turn::take()?;
    Cluster::remove_leftovers(&PLAN)?;
    Place::create().map(drop)
}
