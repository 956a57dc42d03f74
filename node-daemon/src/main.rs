//! The `goldwire` program: the node daemon and its command line.

use std::process::ExitCode;

use clap::Parser;
use goldwire::command_line::{self, arguments::Arguments};

fn main() -> ExitCode {
    match command_line::run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("goldwire: {error:#}");
            ExitCode::FAILURE
        }
    }
}
