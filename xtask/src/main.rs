//! The project's own commands: setup, demo, test, bench, dist.

mod accuracy;
mod attack;
mod bench;
mod build;
mod demo;
mod dist;
mod fuzz;
mod places;
mod setup;
mod shell;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands. Each installs what it needs and is missing (as root, on Debian or Ubuntu).
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what is missing: packages, the BPF toolchain, npm modules. Run again, it does nothing
    Setup,
    /// Start three demo nodes with real services and real eBPF, and open the door to look
    Demo(demo::Arguments),
    /// Run every test there is
    Test(test::Arguments),
    /// Run the trials of accuracy, and write what they counted to docs/accuracy.md
    Accuracy,
    /// Run hostile queries and clients against a daemon under load, longer than the tests do
    Attack(attack::Arguments),
    /// Measure, and print each figure beside its bar
    Bench(bench::Arguments),
    /// Run the fuzz targets of the protocols for a while each
    Fuzz(fuzz::Arguments),
    /// Build the plugin as Grafana loads it, and the goldwire program, into dist/
    Dist,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Setup => setup::run(),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Accuracy => accuracy::run(),
        Command::Attack(arguments) => attack::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Dist => dist::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
