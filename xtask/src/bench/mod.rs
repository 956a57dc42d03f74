//! `cargo xtask bench`: measures, and prints each figure beside its bar.

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: &Arguments) -> anyhow::Result<()> {
    Ok(())
}
