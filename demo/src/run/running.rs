//! A program of the demo that should be running, and what to say when it is not.

use std::{
    fs, io,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::bail;

use super::{place::last_lines, signals::Signals};
use crate::nodes::{Cgroup, Launch, Process};

const BETWEEN_TRIES: Duration = Duration::from_millis(50);
/// Longer than the traffic gives its last answers.
const END_WITHIN: Duration = Duration::from_secs(8);

/// A process with its log and its control group, which ends whatever the process leaves.
#[derive(Debug)]
pub(super) struct Running {
    process: Process,
    _group: Cgroup,
    log: PathBuf,
    stopped: bool,
}

impl Running {
    /// Starts a program in a group.
    pub(super) fn start(launch: Launch, group: Cgroup, log: PathBuf) -> io::Result<Self> {
        let process = launch.cgroup(&group)?.log(&log)?.spawn()?;
        Ok(Self { process, _group: group, log, stopped: false })
    }

    /// What messages call it.
    pub(super) fn name(&self) -> &str {
        self.process.name()
    }

    /// Where its output goes.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// An error, with its last words, where it ended by itself.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        match self.process.ended()? {
            Some(status) if !self.stopped => {
                bail!("{} ended ({status}); it said last:\n{}", self.name(), last_lines(&self.log, 15))
            }
            _ => Ok(()),
        }
    }

    /// Waits until it accepts connections.
    pub(super) fn await_door(&mut self, door: SocketAddr, patience: Duration, signals: &Signals) -> anyhow::Result<()> {
        self.await_that(&format!("accept connections at {door}"), patience, signals, |_| {
            TcpStream::connect_timeout(&door, Duration::from_secs(1)).ok().map(drop)
        })
    }

    /// Waits until it has written a line with `mark` and returns what follows the mark on that line.
    pub(super) fn await_line(&mut self, mark: &str, patience: Duration, signals: &Signals) -> anyhow::Result<String> {
        self.await_that(&format!("say \"{mark}\""), patience, signals, |running| {
            let log = fs::read_to_string(&running.log).ok()?;
            log.lines().find_map(|line| line.split_once(mark)).map(|(_, rest)| rest.trim().to_owned())
        })
    }

    fn await_that<T>(
        &mut self,
        what: &str,
        patience: Duration,
        signals: &Signals,
        mut done: impl FnMut(&Self) -> Option<T>,
    ) -> anyhow::Result<T> {
        let started = Instant::now();
        loop {
            self.check()?;
            if let Some(found) = done(self) {
                return Ok(found);
            }
            if started.elapsed() > patience {
                let words = last_lines(&self.log, 15);
                bail!("{} did not {what} within {} s; it said last:\n{words}", self.name(), patience.as_secs());
            }
            signals.sleep(BETWEEN_TRIES)?;
        }
    }

    /// Asks it to end and waits for that.
    pub(super) fn stop(&mut self) -> io::Result<()> {
        self.stopped = true;
        self.process.stop(END_WITHIN).map(drop)
    }
}
