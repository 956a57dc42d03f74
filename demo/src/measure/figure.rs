//! A measured figure beside its bar.

/// One line of output.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    bar: String,
}

impl Figure {
    pub(super) fn at_most(name: &str, value: f64, unit: &'static str, bar: f64) -> Self {
        Self { name: name.to_owned(), value, unit, bar: format!("<={bar}") }
    }

    pub(super) fn at_least(name: &str, value: f64, unit: &'static str, bar: f64) -> Self {
        Self { name: name.to_owned(), value, unit, bar: format!(">={bar}") }
    }

    /// One that there is no bar for, to understand the others by.
    pub(super) fn plain(name: &str, value: f64, unit: &'static str) -> Self {
        Self { name: name.to_owned(), value, unit, bar: "-".to_owned() }
    }

    pub(super) fn print(&self) {
        println!("{}", self.line());
    }

    fn line(&self) -> String {
        // Ratios have no unit, and the line has a word for each part.
        let unit = if self.unit.is_empty() { "x" } else { self.unit };
        format!("goldwire-bench {} {:.3} {unit} {}", self.name, self.value, self.bar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_word_for_each_part() {
        let figure = Figure::at_least("throughput-ratio", 0.9123, "", 0.88);
        assert_eq!(figure.line(), "goldwire-bench throughput-ratio 0.912 x >=0.88");
        let figure = Figure::at_most("cpu", 2.5, "us", 3.0);
        assert_eq!(figure.line(), "goldwire-bench cpu 2.500 us <=3");
        assert_eq!(Figure::plain("cpu", 2.5, "us").line(), "goldwire-bench cpu 2.500 us -");
    }
}
