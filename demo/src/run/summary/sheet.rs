//! The table that is printed, and what it says in the end.

use std::{fmt, time::Duration};

use anyhow::ensure;

/// A line: what was counted by those who did it, and by Goldwire.
#[derive(Clone, Debug)]
pub(super) struct Line {
    what: String,
    counted: (u64, u64),
    errors: Option<(u64, u64)>,
    p95: Option<(Duration, Duration)>,
}

impl Line {
    /// Requests from one workload to another: pairs are (the programs' books, Goldwire).
    pub(super) fn edge(
        (source, destination): &(String, String),
        counted: (u64, u64),
        errors: (u64, u64),
        p95: Option<(Duration, Duration)>,
    ) -> Self {
        Self { what: format!("{source} -> {destination}"), counted, errors: Some(errors), p95 }
    }

    /// Anything that is only counted.
    pub(super) fn count(what: &str, counted: u64, seen: u64) -> Self {
        Self { what: what.to_owned(), counted: (counted, seen), errors: None, p95: None }
    }

    fn agrees(&self) -> bool {
        self.counted.0 == self.counted.1 && self.errors.is_none_or(|(counted, seen)| counted == seen)
    }
}

/// All lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    lines: Vec<Line>,
}

impl Sheet {
    pub(super) fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// An error that names the lines whose two sides differ. Latency is shown, not judged: a program's own includes its
    /// scheduling, Goldwire's is that of the socket.
    pub(super) fn verdict(&self) -> anyhow::Result<()> {
        ensure!(!self.lines.is_empty(), "nothing was counted");
        let wrong: Vec<_> = self.lines.iter().filter(|line| !line.agrees()).map(|line| line.what.as_str()).collect();
        ensure!(wrong.is_empty(), "Goldwire's numbers are not those of the demo: {}", wrong.join(", "));
        Ok(())
    }
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<34}{:>9}{:>10}{:>9}{:>10}{:>10}{:>10}",
            "", "counted", "Goldwire", "errors", "Goldwire", "p95", "Goldwire"
        )?;
        for line in &self.lines {
            write!(f, "{:<34}{:>9}{:>10}", line.what, line.counted.0, line.counted.1)?;
            if let Some((counted, seen)) = line.errors {
                write!(f, "{counted:>9}{seen:>10}")?;
            }
            if let Some((counted, seen)) = line.p95 {
                write!(f, "{:>10}{:>10}", in_millis(counted), in_millis(seen))?;
            }
            writeln!(f, "{}", if line.agrees() { "" } else { "   DIFFERS" })?;
        }
        Ok(())
    }
}

fn in_millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(lines: impl IntoIterator<Item = Line>) -> Sheet {
        Sheet { lines: lines.into_iter().collect() }
    }

    fn shop(counted: (u64, u64), errors: (u64, u64)) -> Line {
        let p95 = (Duration::from_millis(12), Duration::from_micros(11_900));
        Line::edge(&("shop".into(), "catalog".into()), counted, errors, Some(p95))
    }

    #[test]
    fn equal_numbers_are_fine() {
        sheet([shop((10, 10), (1, 1)), Line::count("refused", 3, 3)]).verdict().unwrap();
    }

    #[test]
    fn what_differs_is_named_and_marked() {
        let sheet = sheet([shop((10, 10), (1, 2)), Line::count("refused", 3, 3)]);
        let error = sheet.verdict().unwrap_err().to_string();
        assert!(error.contains("shop -> catalog") && !error.contains("refused"), "{error}");
        assert_eq!(sheet.to_string().matches("DIFFERS").count(), 1);
    }

    #[test]
    fn a_sheet_without_lines_proves_nothing() {
        sheet([]).verdict().unwrap_err();
    }
}
