//! `goldwire check`: what this kernel lets us see, and what to do about what it does not.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use super::arguments::{CheckArguments, OutputFormat};
use crate::{
    identity::engines::{self, Dialer, Place, State},
    receive::{self, SignalCheck},
};

/// The width of a column of hooks and of places.
const NAMES: usize = 46;

/// Fails where something is missing, so that scripts can tell. A container engine that is not there is not missing.
pub(crate) fn run(arguments: &CheckArguments) -> Result<ExitCode> {
    let checks = receive::check(None);
    for check in &checks {
        if arguments.output == OutputFormat::Json {
            println!("{}", json(check));
        } else {
            print(check);
        }
    }
    check_engines(arguments.output)?;
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
    println!("{:<3} {:<NAMES$} {}", if check.available { "yes" } else { "NO" }, check.hook, check.signal);
    if !check.available {
        println!("      why      {}", check.reason);
        println!("      without  {}", check.cost_if_missing);
        if !check.how_to_fix.is_empty() {
            println!("      to do    {}", check.how_to_fix);
        }
    }
}

/// Each usual place of a container engine, and what it answers.
fn check_engines(format: OutputFormat) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let dialer = Dialer::start()?;
    for place in Place::of_machine() {
        let state = runtime.block_on(engines::look(&place, &dialer));
        if format == OutputFormat::Json {
            println!("{}", engine_json(&place, &state));
        } else {
            println!("{}", engine_line(&place, &state));
        }
    }
    Ok(())
}

fn engine_line(place: &Place, state: &State) -> String {
    let (answer, what) = match state {
        State::Absent => ("-", "no container engine here".to_owned()),
        State::Answers { containers } => ("yes", format!("names of containers; {containers} run")),
        State::Fails(reason) => ("NO", format!("names of containers: {reason}")),
    };
    format!("{answer:<3} {:<NAMES$} {what}", place.path.display())
}

fn engine_json(place: &Place, state: &State) -> serde_json::Value {
    let (state, containers, reason) = match state {
        State::Absent => ("absent", None, None),
        State::Answers { containers } => ("answers", Some(containers), None),
        State::Fails(reason) => ("fails", None, Some(reason)),
    };
    json!({
        "engine": place.kind.to_string(), "socket": place.path, "state": state, "containers": containers, "reason": reason,
    })
}

fn json(check: &SignalCheck) -> serde_json::Value {
    json!({
        "signal": check.signal, "hook": check.hook, "available": check.available, "reason": check.reason,
        "costIfMissing": check.cost_if_missing, "howToFix": check.how_to_fix,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_says_how_it_stands() {
        let place: Place = "docker=/run/docker.sock".parse().expect("a place");
        let lines = [State::Absent, State::Answers { containers: 3 }, State::Fails("it is on fire".to_owned())]
            .map(|state| engine_line(&place, &state));
        let place_column = format!("{:<NAMES$}", "/run/docker.sock");
        assert_eq!(lines[0], format!("-   {place_column} no container engine here"));
        assert_eq!(lines[1], format!("yes {place_column} names of containers; 3 run"));
        assert_eq!(lines[2], format!("NO  {place_column} names of containers: it is on fire"));
        let json = engine_json(&place, &State::Answers { containers: 3 });
        assert_eq!((&json["engine"], &json["containers"]), (&json!("docker"), &json!(3)));
    }
}
