//! `goldwire-demo`: the whole demo, and each of its own services.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};
use goldwire_demo::{
    credentials, measure,
    run::{self, Built, Interrupted, Options, Signals},
    services::{self, Service},
};

#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the demo; needs root. `cargo xtask demo` builds what it needs and calls this
    Run(RunArguments),
    /// Removes what a killed demo left
    Clean,
    /// Measures what observing costs, with and without the daemon in turns; needs root. `cargo xtask bench` calls this
    Measure {
        /// The folder with the program `goldwire`, built for release
        #[arg(long, value_name = "FOLDER")]
        programs: PathBuf,
    },
    /// Writes a certificate, its authority and a token into two folders, for docker-compose.yml
    Credentials {
        /// The name that clients expect of the node
        #[arg(long)]
        name: String,
        /// Folder for the node's part
        #[arg(long)]
        node: PathBuf,
        /// Folder for the clients' part
        #[arg(long)]
        client: PathBuf,
        /// Number of the user that clients run as
        #[arg(long, value_name = "NUMBER")]
        client_uid: u32,
    },
    /// Runs one of the demo's own services until SIGTERM
    Serve {
        /// Which
        service: Service,
        /// Where it leaves its books at the end: what it sent and got, as JSON
        #[arg(long)]
        books: PathBuf,
    },
}

#[derive(Args, Debug)]
struct RunArguments {
    /// End after so many seconds of traffic, with a summary; fails where Goldwire's numbers are not the demo's own
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Where the workbench listens
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3300")]
    listen: SocketAddr,
    /// The folder with the programs `goldwire`, `goldwire-demo` and `goldwire-workbench`
    #[arg(long, value_name = "FOLDER")]
    programs: PathBuf,
    /// The plugin's folder
    #[arg(long, value_name = "FOLDER")]
    plugin: PathBuf,
    /// The folder of the workbench's page
    #[arg(long, value_name = "FOLDER")]
    page: PathBuf,
}

fn main() -> ExitCode {
    match dispatch(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("goldwire-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run(arguments) => run_demo(arguments),
        Command::Credentials { name, node, client, client_uid } => {
            credentials::folders::write(&name, &node, &client, client_uid)
        }
        Command::Measure { programs } => measure::run(&absolute(&programs)?),
        Command::Clean => run::clean(),
        Command::Serve { service, books } => services::run(service, &books),
    }
}

fn run_demo(arguments: RunArguments) -> anyhow::Result<()> {
    let signals = Signals::catch()?;
    let built = Built {
        programs: absolute(&arguments.programs)?,
        plugin: absolute(&arguments.plugin)?,
        page: absolute(&arguments.page)?,
    };
    let length = arguments.seconds.map(Duration::from_secs);
    match run::run(&Options { length, listen: arguments.listen, built }, &signals) {
        // Ctrl-C while the demo starts is no failure, but a demo that was to end by itself has not done so.
        Err(error) if length.is_none() && error.is::<Interrupted>() => Ok(()),
        other => other,
    }
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    Ok(std::path::absolute(path)?)
}
