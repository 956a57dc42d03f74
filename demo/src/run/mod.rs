//! The whole demo, from bare machine to summary. Each step's guard undoes it, in the opposite order, however the demo
//! ends.

mod credentials;
mod observers;
mod place;
mod running;
mod signals;
mod summary;
mod system;

use std::{
    net::SocketAddr,
    time::{Duration, Instant, SystemTime},
};

use anyhow::Context;

use self::{credentials::Credentials, place::Place, running::Running, summary::KernelCounts, system::System};
pub use self::{
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

/// By then the daemons have taken in what the programs did last.
const LAST_REPORTS_WITHIN: Duration = Duration::from_secs(3);

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
    options.built.check()?;
    let _turn = place::Turn::take()?;
    let _farewell = Farewell;
    say("making three nodes: network namespaces gw-demo-a, -b and -c on a bridge, and their control groups");
    let cluster = Cluster::create(&PLAN)?;
    let place = Place::create()?;
    say("starting the shop: nginx, redis, a DNS server, and five services of our own");
    let mut system = System::start(&cluster, &place, signals)?;
    say("starting a daemon on each node, with TLS and a token");
    let (credentials, files) = credentials::create(&place, cluster.nodes())?;
    let mut daemons = observers::start_daemons(&cluster, &options.built, (&credentials, &files), &place, signals)?;
    say("starting the plugin behind the workbench");
    let (mut workbench, page) =
        observers::start_workbench(&cluster, &options.built, &credentials, options.listen, &place, signals)?;
    let (began, before) = (SystemTime::now(), KernelCounts::read(&cluster)?);
    system.start_traffic(&cluster, &place)?;
    print_doors(&page, &cluster, &credentials, options);
    watch(options.length, signals, || {
        system.running().chain(&mut daemons).chain([&mut workbench]).try_for_each(Running::check)
    })?;
    if options.length.is_some() {
        say("the time is up: ending the clients, then the services, and comparing");
        let books = system.close_books()?;
        signals.sleep(LAST_REPORTS_WITHIN)?;
        summary::print(&page, began, &books, &KernelCounts::read(&cluster)?.since(before))?;
    }
    Ok(())
}

/// Dropped last, when all guards have done their work.
struct Farewell;

impl Drop for Farewell {
    fn drop(&mut self) {
        say("everything it made is gone again");
    }
}

fn say(step: &str) {
    println!("demo: {step}");
}

fn print_doors(page: &str, cluster: &Cluster, credentials: &Credentials, options: &Options) {
    let nodes: Vec<String> =
        cluster.nodes().iter().map(|node| format!("--node {}", observers::node_url(node))).collect();
    println!();
    println!("  look:     {page}");
    println!(
        "  or type:  {} top {} --tls-ca {} --token-file {}",
        options.built.programs.join("goldwire").display(),
        nodes.join(" "),
        credentials.authority_file.display(),
        credentials.token_file.display()
    );
    match options.length {
        Some(length) => println!("  ends:     by itself after {} s, with a summary", length.as_secs()),
        None => println!("  end it:   with Ctrl-C; everything it made goes with it"),
    }
    println!();
}

/// Looks after the programs until the time is up. A signal is the usual end of a demo without one.
fn watch(
    length: Option<Duration>,
    signals: &Signals,
    mut check: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let started = Instant::now();
    while length.is_none_or(|length| started.elapsed() < length) {
        check()?;
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
