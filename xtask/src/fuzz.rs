//! `cargo xtask fuzz`: builds the fuzz targets of the protocols, and runs each for a while.
//!
//! What `cargo fuzz` does, less its sanitizer, which needs a nightly compiler: safe Rust panics where C would corrupt.

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};
use clap::Args;

use crate::{
    places,
    shell::{Line, cargo, say, timed},
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Targets to run, by name; all of them where none is named
    targets: Vec<String>,

    /// How long to run each
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u32,
}

/// How long the tests run each.
const BRIEFLY: u32 = 3;

/// Code that counts which of its branches were taken, as libFuzzer wants it (`cargo-fuzz` sets the same).
const INSTRUMENTED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table --cfg fuzzing \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0 -Cdebug-assertions -Ccodegen-units=1";

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let known = targets()?;
    for wanted in &arguments.targets {
        ensure!(known.contains(wanted), "there is no fuzz target {wanted}; there are {}", known.join(", "));
    }
    let wanted = if arguments.targets.is_empty() { &known } else { &arguments.targets };
    let programs = build()?;
    wanted.iter().try_for_each(|target| fuzz(&programs, target, arguments.seconds))
}

/// Every target, for some seconds.
pub(crate) fn run_briefly() -> anyhow::Result<()> {
    run(&Arguments { targets: Vec::new(), seconds: BRIEFLY })
}

fn project() -> PathBuf {
    places::root().join("crates/l7/fuzz")
}

fn targets() -> anyhow::Result<Vec<String>> {
    let files = fs::read_dir(project().join("fuzz_targets"))?;
    let names = files.map(|file| Ok(file?.path().file_stem().context("a name")?.to_string_lossy().into_owned()));
    let mut names = names.collect::<anyhow::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// Where the built targets are.
fn build() -> anyhow::Result<PathBuf> {
    let version = Line::new("rustc").args(["-vV"]).output()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not say its host")?;
    let folder = places::target().join("fuzz");
    // With a target named, the flags are not those of build scripts.
    let build = cargo()
        .directory(&project())
        .args(["build", "--release", "--bins", "--target", host, "--target-dir"])
        .args([&folder])
        .env("RUSTFLAGS", INSTRUMENTED);
    timed("building the fuzz targets", || build.run())?;
    Ok(folder.join(host).join("release"))
}

fn fuzz(programs: &std::path::Path, target: &str, seconds: u32) -> anyhow::Result<()> {
    let corpus = places::target().join("fuzz/corpus").join(target);
    let findings = places::target().join("fuzz/findings").join(target);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&findings)?;
    say(&format!("fuzzing {target} for {seconds} s"));
    let found = format!("-artifact_prefix={}/", findings.display());
    let time = format!("-max_total_time={seconds}");
    let line = Line::new(programs.join(target)).args([&time, &found, "-print_final_stats=1", "-verbosity=0"]);
    let line = line.args(["-max_len=4096", "-timeout=10"]).args([&corpus]);
    line.run().with_context(|| format!("what {target} found is in {}", findings.display()))
}
