//! The `goldwire` program: the node daemon and its command line.

use std::{io, process::ExitCode};

use clap::Parser;
use goldwire::command_line::{self, arguments::Arguments};

fn main() -> ExitCode {
    match command_line::run(Arguments::parse()) {
        Ok(code) => code,
        // Whoever reads has read enough, as `head` does.
        Err(error) if has_lost_its_reader(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("goldwire: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn has_lost_its_reader(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
