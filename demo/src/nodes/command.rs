//! Running the system's own tools (`ip`, `nft`) and saying what went wrong in their words.

use std::process::{Command, Stdio};

use thiserror::Error;

/// A system tool that could not be run or refused.
#[derive(Debug, Error)]
pub enum CommandError {
    /// The program is not there or may not be run.
    #[error("cannot run `{line}`: {source}")]
    Start {
        /// The command line.
        line: String,
        /// Why it could not be started.
        source: std::io::Error,
    },
    /// It ran and failed.
    #[error("`{line}` failed: {stderr}")]
    Failed {
        /// The command line.
        line: String,
        /// What it wrote to standard error.
        stderr: String,
    },
}

/// Runs a program to its end and returns what it wrote to standard output.
pub fn run(program: &str, arguments: &[&str]) -> Result<String, CommandError> {
    let line = || format!("{program} {}", arguments.join(" "));
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| CommandError::Start { line: line(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(CommandError::Failed { line: line(), stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_comes_back() {
        assert_eq!(run("echo", &["one", "two"]).unwrap(), "one two\n");
    }

    #[test]
    fn failure_carries_the_tools_own_words() {
        let error = run("ls", &["/no/such/place"]).unwrap_err().to_string();
        assert!(error.contains("ls /no/such/place") && error.contains("No such file"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run("goldwire-no-such-program", &[]).unwrap_err().to_string();
        assert!(error.starts_with("cannot run `goldwire-no-such-program"), "{error}");
    }
}
