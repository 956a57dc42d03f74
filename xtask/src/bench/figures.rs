//! Figures as benchmarks print them, and the table of all that are wanted.

use std::fmt::Write;

use super::wanted::{Row, WANTED};

/// A benchmark prints `goldwire-bench <name> <value> <unit> <bar>`; the bar is `<=N`, `>=N`, or `-` for none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    name: String,
    value: f64,
    unit: String,
    bar: Bar,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bar {
    AtMost(f64),
    AtLeast(f64),
    None,
}

impl Figure {
    pub(super) fn of_lines(lines: &[String]) -> Vec<Self> {
        lines.iter().filter_map(|line| Self::parse(line)).collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.trim().strip_prefix("goldwire-bench ")?.split_ascii_whitespace();
        let (name, value, unit) = (words.next()?.to_owned(), words.next()?.parse().ok()?, words.next()?.to_owned());
        Some(Self { name, value, unit, bar: Bar::parse(words.next()?)? })
    }

    fn verdict(&self) -> Option<Verdict> {
        let reached = match self.bar {
            Bar::AtMost(bar) => self.value <= bar,
            Bar::AtLeast(bar) => self.value >= bar,
            Bar::None => return None,
        };
        Some(if reached { Verdict::Reached } else { Verdict::Missed })
    }

    fn line(&self) -> String {
        let Self { name, value, unit, bar } = self;
        let verdict = self.verdict().map_or("", Verdict::shown);
        format!("  {name:<42}{value:>14.3} {unit:<18}{:<18}{verdict}", bar.shown()).trim_end().to_owned()
    }
}

/// What came of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Reached,
    Missed,
    NotMeasured,
}

impl Verdict {
    const fn shown(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Missed => "MISSED",
            Self::NotMeasured => "NOT MEASURED",
        }
    }
}

impl Bar {
    fn parse(text: &str) -> Option<Self> {
        if text == "-" {
            return Some(Self::None);
        }
        let at_most = text.strip_prefix("<=").and_then(|bar| bar.parse().ok()).map(Self::AtMost);
        at_most.or_else(|| text.strip_prefix(">=")?.parse().ok().map(Self::AtLeast))
    }

    fn shown(self) -> String {
        match self {
            Self::AtMost(bar) => format!("at most {bar}"),
            Self::AtLeast(bar) => format!("at least {bar}"),
            Self::None => String::new(),
        }
    }
}

/// Each row of the design with its figures, those that were not measured included; then what else was measured, and how
/// many bars were reached.
pub(super) fn table(measured: &[Figure]) -> String {
    let mut lines = vec![format!("  {:<42}{:>14} {:<18}{:<18}", "figure", "measured", "", "bar").trim_end().to_owned()];
    let mut verdicts = Vec::new();
    for row in WANTED {
        lines.push(row.what.to_owned());
        lines.extend(row.figures.iter().map(|name| match measured.iter().find(|figure| figure.name == *name) {
            Some(figure) => {
                verdicts.extend(figure.verdict());
                figure.line()
            }
            None => {
                verdicts.push(Verdict::NotMeasured);
                format!("  {name:<42}{:>14}", Verdict::NotMeasured.shown())
            }
        }));
    }
    let others = measured.iter().filter(|figure| !WANTED.iter().any(|row| row.has(&figure.name)));
    let mut others = others.map(Figure::line).peekable();
    if others.peek().is_some() {
        lines.push("measured besides".to_owned());
        lines.extend(others);
    }
    lines.push(summary(&verdicts));
    lines.join("\n") + "\n"
}

fn summary(verdicts: &[Verdict]) -> String {
    let mut summary = format!("of {} bars", verdicts.len());
    for verdict in [Verdict::Reached, Verdict::Missed, Verdict::NotMeasured] {
        let count = verdicts.iter().filter(|of| **of == verdict).count();
        // Writing to a text cannot fail.
        let _ = write!(summary, ", {count} {}", verdict.shown().to_lowercase());
    }
    summary.replacen(',', ":", 1)
}

impl Row {
    fn has(&self, name: &str) -> bool {
        self.figures.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(line: &str) -> Figure {
        Figure::parse(line).unwrap()
    }

    #[test]
    fn a_line_of_a_benchmark_is_read() {
        let ratio = figure("goldwire-bench throughput-ratio 0.91 x >=0.88");
        assert_eq!((ratio.value, ratio.bar, ratio.verdict()), (0.91, Bar::AtLeast(0.88), Some(Verdict::Reached)));
        assert_eq!(figure("goldwire-bench probe-cost-in 509.2 ns <=250").verdict(), Some(Verdict::Missed));
        assert_eq!(figure("goldwire-bench rows 3 rows -").verdict(), None);
    }

    #[test]
    fn other_lines_are_not() {
        for line in
            ["", "test result: ok", "goldwire-bench name", "goldwire-bench name x ns <=1", "goldwire-bench n 1 s 2"]
        {
            assert_eq!(Figure::parse(line), None, "{line}");
        }
    }

    #[test]
    fn what_was_not_measured_shows() {
        let table = table(&[figure("goldwire-bench throughput-ratio 0.91 x >=0.88")]);
        assert!(table.contains("at least 0.88"), "{table}");
        assert_eq!(table.matches("throughput-ratio").count(), 1);
        let others = WANTED.iter().map(|row| row.figures.len()).sum::<usize>() - 1;
        assert_eq!(table.matches("NOT MEASURED").count(), others, "{table}");
        assert!(table.contains(": 1 reached, 0 missed"), "{table}");
    }

    #[test]
    fn what_no_row_asks_for_stands_at_the_end() {
        let table = table(&[figure("goldwire-bench rows 3 rows -")]);
        let (_, besides) = table.split_once("measured besides\n").unwrap();
        assert!(besides.trim_start().starts_with("rows"), "{table}");
    }
}
