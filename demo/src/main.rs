//! `goldwire-demo`: the demo's orchestrator, and each of its own services.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use goldwire_demo::services::{self, Service};

#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs one of the demo's own services until SIGTERM
    Serve {
        /// Which
        service: Service,
        /// Where it leaves its books at the end: what it sent and got, as JSON
        #[arg(long)]
        books: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Serve { service, books } => services::run(service, &books),
    }
}
