//! `goldwire check`: what this kernel lets us see, and what to do about what it does not.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use super::arguments::{CheckArguments, OutputFormat};
use crate::receive::{self, SignalCheck};

/// Fails where something is missing, so that scripts can tell.
pub(crate) fn run(arguments: &CheckArguments) -> Result<ExitCode> {
    let checks = receive::check(None);
    for check in &checks {
        if arguments.output == OutputFormat::Json {
            println!("{}", json(check));
        } else {
            print(check);
        }
    }
    let missing = checks.iter().filter(|check| !check.available).count();
    if arguments.output != OutputFormat::Json {
        match missing {
            0 => println!("\nall of {} are available", checks.len()),
            _ => println!("\n{missing} of {} are not available", checks.len()),
        }
    }
    Ok(if missing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(check: &SignalCheck) {
    println!("{:<3} {:<32} {}", if check.available { "yes" } else { "NO" }, check.hook, check.signal);
    if !check.available {
        println!("      why      {}", check.reason);
        println!("      without  {}", check.cost_if_missing);
        if !check.how_to_fix.is_empty() {
            println!("      to do    {}", check.how_to_fix);
        }
    }
}

fn json(check: &SignalCheck) -> serde_json::Value {
    json!({
        "signal": check.signal, "hook": check.hook, "available": check.available, "reason": check.reason,
        "costIfMissing": check.cost_if_missing, "howToFix": check.how_to_fix,
    })
}
