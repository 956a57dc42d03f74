//! The `goldwire` program's commands. Each asks nodes as any other client does.

pub mod arguments;
mod check;
mod follow;
mod map;
mod nodes;
mod observe;
mod output;
mod query;
mod status;
mod text;
mod top;
mod units;

use std::process::ExitCode;

use anyhow::Result;
use arguments::{Arguments, Command};
use clap::CommandFactory;

/// Runs what was typed. Errors are for `main` to print.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    let done = |result: Result<()>| result.map(|()| ExitCode::SUCCESS);
    match arguments.command {
        Command::Daemon(arguments) => done(crate::daemon::run(&arguments)),
        Command::Check(arguments) => check::run(&arguments),
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "goldwire", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Observe(arguments) => done(wait(observe::run(&arguments))),
        Command::Query(arguments) => done(wait(query::run(&arguments))),
        Command::Map(arguments) => done(wait(map::run(&arguments))),
        Command::Top(arguments) => done(wait(top::run(&arguments))),
        Command::Status(arguments) => wait(status::run(&arguments)),
    }
}

fn wait<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}
