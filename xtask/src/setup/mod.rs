//! Installing what is missing, and nothing else.

mod bpf;
mod node;
mod packages;
mod services;

use std::time::Instant;

use crate::shell::say;

/// Installs what is missing. Says what and why; where all is there, it takes a moment and changes nothing.
pub(crate) fn run() -> anyhow::Result<()> {
    let started = Instant::now();
    let installed = [packages::run()?, bpf::run()?, node::run()?];
    if installed.contains(&true) {
        say(&format!("setup: done in {} s", started.elapsed().as_secs()));
    } else {
        say("setup: everything is there");
    }
    Ok(())
}
