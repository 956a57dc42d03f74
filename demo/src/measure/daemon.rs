//! The daemon that is measured, and what it says it saw.

use std::{fs, path::Path};

use anyhow::{Context, bail};
use serde_json::Value;

use super::ground::{Ground, PORT};
use crate::nodes::{Launch, Process};

const DAEMON_PORT: u16 = 4270;

/// What a daemon says of requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    /// Of the client's end, and of the server's.
    at_ends: [u64; 2],
    /// Events that it reports as lost.
    pub(super) lost: u64,
}

impl Counted {
    /// Of requests that were sent, those which are neither counted nor reported as lost, at the worse of the two ends.
    pub(super) fn unaccounted(&self, sent: u64) -> u64 {
        self.at_ends.iter().map(|end| sent.saturating_sub(end + self.lost)).max().unwrap_or_default()
    }

    /// Those that are counted but were not sent, at the worse of the two ends.
    pub(super) fn beyond(&self, sent: u64) -> u64 {
        self.at_ends.iter().map(|end| end.saturating_sub(sent)).max().unwrap_or_default()
    }
}

/// A running daemon.
#[derive(Debug)]
pub(super) struct Daemon<'a> {
    process: Process,
    ground: &'a Ground,
    program: std::path::PathBuf,
}

impl<'a> Daemon<'a> {
    /// Starts it as users do, but for the group it watches, and waits until it serves.
    pub(super) fn start(ground: &'a Ground, programs: &Path) -> anyhow::Result<Self> {
        let program = programs.join("goldwire");
        let launch = Launch::new("daemon", &program)
            .args(["daemon", "--node-name", "measured", "--cgroup"])
            .args([ground.watched().path()])
            .log(&ground.path("daemon.log"))?;
        let process = launch.cgroup(ground.daemons())?.namespace(ground.namespace())?.spawn()?;
        let started = Self { process, ground, program };
        ground.await_door(DAEMON_PORT).with_context(|| {
            format!("the daemon did not start: {}", fs::read_to_string(ground.path("daemon.log")).unwrap_or_default())
        })?;
        Ok(started)
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it has in memory now.
    pub(super) fn resident_mebibytes(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes: f64 =
            resident.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).context("no VmRSS")?;
        Ok(kibibytes / 1024.0)
    }

    /// How much of what it may hold its history holds: 1 is all.
    pub(super) fn history_fill(&self) -> anyhow::Result<f64> {
        let status = self.ask(&["status", "-o", "json"])?;
        let of = |name: &str| status.iter().find_map(|report| report[name].as_f64());
        let (used, budget) = of("memoryUsed").zip(of("memoryBudget")).context("the status tells no memory")?;
        Ok(used / budget)
    }

    /// What it says of the requests to the server in the last minute.
    pub(super) fn count(&self) -> anyhow::Result<Counted> {
        let query = format!(
            "{{\"queryType\":\"table\",\"table\":\"requests\",\"groupBy\":[\"reporter\"],\"aggregates\":[\"count()\"],\
             \"filter\":\"destination.port = {PORT}\"}}"
        );
        let rows = self.ask(&["query", "--since", "1m", "-o", "json", &query])?;
        let lost = lost_events(&self.ask(&["status", "-o", "json"])?);
        let by = |end: &str| {
            let row = rows.iter().find(|row| row["reporter"] == end);
            row.and_then(|row| row["count()"].as_f64()).unwrap_or_default() as u64
        };
        Ok(Counted { at_ends: [by("client"), by("server")], lost })
    }

    /// Runs the command line; one JSON value a line.
    fn ask(&self, arguments: &[&str]) -> anyhow::Result<Vec<Value>> {
        let program = self.program.to_str().context("the path of the program is no text")?;
        let printed = self.ground.namespace().run(program, arguments)?;
        let values = serde_json::Deserializer::from_str(&printed).into_iter::<Value>().collect::<Result<Vec<_>, _>>();
        let values = values.with_context(|| format!("goldwire {} printed no JSON: {printed}", arguments[0]))?;
        match values.as_slice() {
            [] => bail!("goldwire {} printed nothing", arguments[0]),
            [Value::Array(rows)] => Ok(rows.clone()),
            _ => Ok(values),
        }
    }
}

/// Sums whatever stands under `events` in lists called `lost`.
fn lost_events(status: &[Value]) -> u64 {
    fn of(value: &Value) -> u64 {
        match value {
            Value::Object(fields) => fields.iter().map(|(name, value)| own(name, value) + of(value)).sum(),
            Value::Array(values) => values.iter().map(of).sum(),
            _ => 0,
        }
    }
    fn own(name: &str, value: &Value) -> u64 {
        let losses = value.as_array().filter(|_| name == "lost").into_iter().flatten();
        losses.filter_map(|loss| loss["events"].as_u64()).sum()
    }
    status.iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_worse_end_is_told() {
        let counted = |client, server, lost| Counted { at_ends: [client, server], lost };
        assert_eq!(counted(100, 97, 2).unaccounted(100), 1);
        assert_eq!(counted(100, 100, 7).unaccounted(100), 0);
        assert_eq!(counted(101, 100, 0).beyond(100), 1);
        assert_eq!(counted(98, 99, 0).beyond(100), 0);
    }

    #[test]
    fn losses_are_found_wherever_they_stand() {
        let status =
            json!({ "node": "a", "pipeline": { "lost": [{ "stage": "kernel-ring", "events": 3 }] }, "events": 9 });
        assert_eq!(lost_events(&[status]), 3);
        assert_eq!(lost_events(&[json!({ "lost": [] })]), 0);
    }
}
