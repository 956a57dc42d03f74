//! Figures as benchmarks print them, and the table of all that are wanted.

use std::fmt::Write;

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

/// Every figure that is wanted, and where it comes from, so that one that is missing shows.
const WANTED: [(&str, &str); 3] =
    [("cpu-added-a-request", "live"), ("throughput-ratio", "live"), ("requests-unaccounted-at-full-load", "live")];

impl Figure {
    pub(super) fn of_lines(lines: &[String]) -> Vec<Self> {
        lines.iter().filter_map(|line| Self::parse(line)).collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.trim().strip_prefix("goldwire-bench ")?.split_ascii_whitespace();
        let (name, value, unit) = (words.next()?.to_owned(), words.next()?.parse().ok()?, words.next()?.to_owned());
        Some(Self { name, value, unit, bar: Bar::parse(words.next()?)? })
    }

    fn verdict(&self) -> &'static str {
        let reached = match self.bar {
            Bar::AtMost(bar) => self.value <= bar,
            Bar::AtLeast(bar) => self.value >= bar,
            Bar::None => return "",
        };
        if reached { "reached" } else { "MISSED" }
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

/// A line for each figure, and one for each that is wanted and was not measured.
pub(super) fn table(measured: &[Figure]) -> String {
    let mut table = format!("{:<44}{:>14} {:<12}{:<16}\n", "figure", "measured", "", "bar");
    for figure in measured {
        let Figure { name, value, unit, bar } = figure;
        // Writing to a text cannot fail.
        let _ = writeln!(table, "{name:<44}{value:>14.3} {unit:<12}{:<16}{}", bar.shown(), figure.verdict());
    }
    for (name, source) in WANTED {
        if !measured.iter().any(|figure| figure.name.starts_with(name)) {
            let _ = writeln!(table, "{name:<44}{:>14} ({source})", "not measured");
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_benchmark_is_read() {
        let figure = Figure::parse("goldwire-bench throughput-ratio 0.91 x >=0.88").unwrap();
        assert_eq!((figure.value, figure.bar, figure.verdict()), (0.91, Bar::AtLeast(0.88), "reached"));
        let figure = Figure::parse("goldwire-bench probe-cost-1 509.2 ns <=250").unwrap();
        assert_eq!(figure.verdict(), "MISSED");
        assert_eq!(Figure::parse("goldwire-bench rows 3 rows -").unwrap().verdict(), "");
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
        let table = table(&[Figure::parse("goldwire-bench throughput-ratio 0.91 x >=0.88").unwrap()]);
        assert!(table.contains("at least 0.88") && table.contains("not measured"), "{table}");
        assert_eq!(table.matches("throughput-ratio").count(), 1);
    }
}
