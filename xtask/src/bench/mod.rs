//! `cargo xtask bench`: measures, and prints each figure beside its bar.

mod figures;
mod wanted;

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
    let parts = [Part::Live, Part::Crates].into_iter().filter(|part| arguments.only.is_none_or(|only| only == *part));
    let parts: Vec<Part> = parts.collect();
    // Nothing is built any more once measuring begins: it would take the processors that figures are about.
    for part in &parts {
        part.build()?;
    }
    let mut lines = Vec::new();
    for part in &parts {
        lines.extend(part.measure()?);
    }
    print!("\n{}", table(&Figure::of_lines(&lines)));
    Ok(())
}

impl Part {
    fn build(self) -> anyhow::Result<()> {
        match self {
            Self::Live => timed("building daemon and load for release", || {
                cargo().args(["build", "--release", "-p", "goldwire", "-p", "goldwire-demo"]).run()
            }),
            Self::Crates => timed("building the crates' benchmarks", || benchmarks().args(["--no-run"]).run()),
        }
    }

    fn measure(self) -> anyhow::Result<Vec<String>> {
        match self {
            Self::Live => timed("measuring a daemon under load (3 minutes)", || {
                let programs = places::target().join("release");
                Line::new(programs.join("goldwire-demo")).args(["measure", "--programs"]).args([&programs]).echo()
            }),
            Self::Crates => timed("measuring crates and plugin (6 minutes)", || benchmarks().echo()),
        }
    }
}

/// All benchmarks, and not the harness that each library has for its tests.
fn benchmarks() -> Line {
    cargo().args(["bench", "--workspace", "--bench", "*"])
}
