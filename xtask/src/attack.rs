//! `cargo xtask attack`: the attacks of `tests/tests/attack`, for as long as is wanted.

use clap::Args;

use crate::{
    build, setup,
    shell::{cargo, timed},
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// How long each attack runs
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    seconds: u32,
}

/// Says to the tests how long (`tests/tests/attack`).
const SECONDS: &str = "GOLDWIRE_ATTACK_SECONDS";

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    setup::run()?;
    build::programs()?;
    build::development_plugin()?;
    let tests = ["test", "--workspace", "--test", "attack", "--", "--test-threads=1", "--nocapture"];
    timed("the attacks", || cargo().args(tests).env(SECONDS, arguments.seconds.to_string()).run())
}
