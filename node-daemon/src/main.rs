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
            eprintln!("goldwire: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes in a line, each once: many say their cause themselves.
fn with_causes(error: &anyhow::Error) -> String {
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

fn has_lost_its_reader(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let cause = || io::Error::other("no such file");
        let twice = anyhow::Error::new(cause()).context("the cgroup cannot be used: no such file");
        assert_eq!(with_causes(&twice), "the cgroup cannot be used: no such file");
        let chain = Err::<(), _>(cause()).context("reading a").context("at the start").unwrap_err();
        assert_eq!(with_causes(&chain), "at the start: reading a: no such file");
    }
}
