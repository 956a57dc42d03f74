//! `cargo xtask bench`: measures, and prints each figure beside its bar.

mod figures;

use clap::{Args, ValueEnum};

use self::figures::{Figure, table};
use crate::{
    places, setup,
    shell::{Line, cargo, timed},
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Run only this part
    #[arg(long, value_enum, value_name = "PART")]
    only: Option<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The crates' own benchmarks: history, frames, fan-out
    Crates,
    /// A daemon under load: nginx with wrk and h2load
    Live,
}

/// Measures and prints a table. Figures that miss their bars are marked and are no failure: this says what is.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    setup::run()?;
    let mut measured = Vec::new();
    if arguments.only != Some(Part::Crates) {
        measured.extend(live()?);
    }
    if arguments.only != Some(Part::Live) {
        measured.extend(crates()?);
    }
    print!("\n{}", table(&measured));
    Ok(())
}

fn live() -> anyhow::Result<Vec<Figure>> {
    timed("building for release", || {
        cargo().args(["build", "--release", "-p", "goldwire", "-p", "goldwire-demo"]).run()
    })?;
    let programs = places::target().join("release");
    let lines = timed("measuring a daemon under load", || {
        Line::new(programs.join("goldwire-demo")).args(["measure", "--programs"]).args([&programs]).echo()
    })?;
    Ok(Figure::of_lines(&lines))
}

fn crates() -> anyhow::Result<Vec<Figure>> {
    let lines = timed("the crates' benchmarks", || cargo().args(["bench", "--workspace", "--benches"]).echo())?;
    Ok(Figure::of_lines(&lines))
}
