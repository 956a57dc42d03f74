//! The table of trials: what programs did by their own count, and what Goldwire saw of it.

use std::{env, fs::OpenOptions, io::Write};

use anyhow::{Result, ensure};
use serde::Serialize;

/// Names the file that lines of the table are added to, one JSON object a line; absent in ordinary runs of the tests.
pub const SHEET: &str = "GOLDWIRE_ACCURACY_SHEET";

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Number of the trial, by which lines are ordered.
    pub trial: u8,
    /// What was tried, and in which unit it was counted.
    pub what: String,
    /// By the programs' own count.
    pub sent: u64,
    /// Seen at the client's end; absent where that end was not watched or does not count.
    pub client: Option<u64>,
    /// Seen at the server's end; absent as above.
    pub server: Option<u64>,
    /// What the daemon itself says it lost.
    pub lost: u64,
    #[serde(skip)]
    adds_up: bool,
}

impl Line {
    /// A trial whose ends both saw what they saw, with nothing lost.
    #[must_use]
    pub fn new(trial: u8, what: &str, sent: u64) -> Self {
        Self { trial, what: what.to_owned(), sent, client: None, server: None, lost: 0, adds_up: false }
    }

    /// What the client's end saw.
    #[must_use]
    pub fn client(self, seen: u64) -> Self {
        Self { client: Some(seen), ..self }
    }

    /// What the server's end saw.
    #[must_use]
    pub fn server(self, seen: u64) -> Self {
        Self { server: Some(seen), ..self }
    }

    /// What the daemon says it lost.
    #[must_use]
    pub fn lost(self, lost: u64) -> Self {
        Self { lost, ..self }
    }

    /// What is lost is counted in the unit of the line, so that it adds up with what was seen.
    #[must_use]
    pub fn adds_up(self) -> Self {
        Self { adds_up: true, ..self }
    }

    /// The larger of both ends' differences from what was sent.
    #[must_use]
    pub fn difference(&self) -> u64 {
        let lost = if self.adds_up { self.lost } else { 0 };
        let ends = [self.client, self.server];
        ends.iter().flatten().map(|seen| (seen + lost).abs_diff(self.sent)).max().unwrap_or(self.sent)
    }

    /// Adds the line to the sheet, where one is kept.
    pub fn write(&self) -> Result<()> {
        if let Some(sheet) = env::var_os(SHEET) {
            let mut line = serde_json::to_value(self)?;
            line["difference"] = self.difference().into();
            let line = line.to_string() + "\n";
            OpenOptions::new().create(true).append(true).open(sheet)?.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    /// Adds the line to the sheet; an error where anything differs from what was sent.
    pub fn exact(&self) -> Result<()> {
        self.write()?;
        ensure!(self.difference() == 0, "trial {}: {self:?}", self.trial);
        Ok(())
    }
}
