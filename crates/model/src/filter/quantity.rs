//! Numbers with units.

use std::fmt;

use crate::field::Kind;

/// A number as it was written, with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    number: f64,
    unit: Unit,
}

/// Units of time and of size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Seconds, bytes or a plain number: what the field itself is measured in.
    Plain,
    /// `ns`
    Nanoseconds,
    /// `us` or `µs`
    Microseconds,
    /// `ms`
    Milliseconds,
    /// `s`
    Seconds,
    /// `m`
    Minutes,
    /// `h`
    Hours,
    /// `d`, of 24 hours
    Days,
    /// `B`
    Bytes,
    /// `KB`: 1,000 bytes
    Kilobytes,
    /// `KiB`: 1,024 bytes
    Kibibytes,
    /// `MB`: 10^6 bytes
    Megabytes,
    /// `MiB`: 2^20 bytes
    Mebibytes,
    /// `GB`: 10^9 bytes
    Gigabytes,
    /// `GiB`: 2^30 bytes
    Gibibytes,
}

/// Why a text is no number of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QuantityError {
    /// It does not begin as a number, or is too large for one.
    NotANumber,
    /// There is no such unit.
    NoSuchUnit(String),
    /// The unit measures something else.
    WrongUnit(String),
    /// It has a fraction where a whole number is wanted.
    NotWhole,
}

impl Unit {
    const ALL: [Self; 15] = [
        Self::Plain,
        Self::Nanoseconds,
        Self::Microseconds,
        Self::Milliseconds,
        Self::Seconds,
        Self::Minutes,
        Self::Hours,
        Self::Days,
        Self::Bytes,
        Self::Kilobytes,
        Self::Kibibytes,
        Self::Megabytes,
        Self::Mebibytes,
        Self::Gigabytes,
        Self::Gibibytes,
    ];

    const fn symbol(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Nanoseconds => "ns",
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Minutes => "m",
            Self::Hours => "h",
            Self::Days => "d",
            Self::Bytes => "B",
            Self::Kilobytes => "KB",
            Self::Kibibytes => "KiB",
            Self::Megabytes => "MB",
            Self::Mebibytes => "MiB",
            Self::Gigabytes => "GB",
            Self::Gibibytes => "GiB",
        }
    }

    /// What it measures; absent for a plain number, which fits all.
    const fn kind(self) -> Option<Kind> {
        match self {
            Self::Plain => None,
            Self::Nanoseconds
            | Self::Microseconds
            | Self::Milliseconds
            | Self::Seconds
            | Self::Minutes
            | Self::Hours
            | Self::Days => Some(Kind::Duration),
            _ => Some(Kind::Bytes),
        }
    }

    fn from_symbol(symbol: &str) -> Option<Self> {
        match symbol {
            // The micro sign and the Greek letter look the same.
            "\u{b5}s" | "\u{3bc}s" => Some(Self::Microseconds),
            "kB" | "kb" => Some(Self::Kilobytes),
            _ => Self::ALL.into_iter().find(|unit| unit.symbol() == symbol),
        }
    }

    /// Whole factors multiply and whole divisors divide, so that `250ms` is the number nearest to 0.25.
    fn apply(self, number: f64) -> f64 {
        match self {
            Self::Plain | Self::Seconds | Self::Bytes => number,
            Self::Nanoseconds => number / 1e9,
            Self::Microseconds => number / 1e6,
            Self::Milliseconds => number / 1e3,
            Self::Minutes => number * 60.0,
            Self::Hours => number * 3_600.0,
            Self::Days => number * 86_400.0,
            Self::Kilobytes => number * 1e3,
            Self::Kibibytes => number * 1_024.0,
            Self::Megabytes => number * 1e6,
            Self::Mebibytes => number * 1_048_576.0,
            Self::Gigabytes => number * 1e9,
            Self::Gibibytes => number * 1_073_741_824.0,
        }
    }
}

impl Quantity {
    /// A number without a unit.
    pub(super) const fn plain(number: f64) -> Self {
        Self { number, unit: Unit::Plain }
    }

    /// Seconds, bytes or the plain number.
    #[must_use]
    pub fn value(self) -> f64 {
        self.unit.apply(self.number)
    }

    /// Reads a number with or without a unit that fits the kind.
    pub(crate) fn parse(text: &str, kind: Kind) -> Result<Self, QuantityError> {
        let (digits, symbol) = text.split_at(number_length(text));
        let number: f64 = digits.parse().map_err(|_| QuantityError::NotANumber)?;
        if !number.is_finite() {
            return Err(QuantityError::NotANumber);
        }
        let unit = Unit::from_symbol(symbol).ok_or_else(|| QuantityError::NoSuchUnit(symbol.to_owned()))?;
        if unit.kind().is_some_and(|measured| measured != kind) {
            return Err(QuantityError::WrongUnit(symbol.to_owned()));
        }
        if matches!(kind, Kind::Integer | Kind::Time) && number.fract() != 0.0 {
            return Err(QuantityError::NotWhole);
        }
        Ok(Self { number, unit })
    }
}

/// How many bytes at the start are a number: a sign, digits, and digits behind a point. A point without digits behind
/// it belongs to a range (`1..2`).
fn number_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let sign = usize::from(text.starts_with('-'));
    let whole = sign + digits(sign);
    if whole == sign || !text[whole..].starts_with('.') {
        return if whole == sign { 0 } else { whole };
    }
    match digits(whole + 1) {
        0 => whole,
        fraction => whole + 1 + fraction,
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, self.unit.symbol())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, kind: Kind) -> Result<f64, QuantityError> {
        Quantity::parse(text, kind).map(Quantity::value)
    }

    #[test]
    fn units_are_applied() {
        let cases = [
            ("250ms", Kind::Duration, 0.25),
            ("3us", Kind::Duration, 3e-6),
            ("3\u{b5}s", Kind::Duration, 3e-6),
            ("3\u{3bc}s", Kind::Duration, 3e-6),
            ("7ns", Kind::Duration, 7e-9),
            ("1.5s", Kind::Duration, 1.5),
            ("2m", Kind::Duration, 120.0),
            ("1h", Kind::Duration, 3_600.0),
            ("0.5", Kind::Duration, 0.5),
            ("10KiB", Kind::Bytes, 10_240.0),
            ("10KB", Kind::Bytes, 10_000.0),
            ("1MiB", Kind::Bytes, 1_048_576.0),
            ("2GB", Kind::Bytes, 2e9),
            ("-1", Kind::Integer, -1.0),
            ("500", Kind::Integer, 500.0),
        ];
        for (text, kind, expected) in cases {
            assert_eq!(value(text, kind), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(value("x", Kind::Duration), Err(QuantityError::NotANumber));
        assert_eq!(value("", Kind::Number), Err(QuantityError::NotANumber));
        assert_eq!(value("-", Kind::Number), Err(QuantityError::NotANumber));
        assert_eq!(value(&"9".repeat(400), Kind::Number), Err(QuantityError::NotANumber));
        assert_eq!(value("5parsecs", Kind::Duration), Err(QuantityError::NoSuchUnit("parsecs".into())));
        assert_eq!(value("5KiB", Kind::Duration), Err(QuantityError::WrongUnit("KiB".into())));
        assert_eq!(value("5ms", Kind::Number), Err(QuantityError::WrongUnit("ms".into())));
        assert_eq!(value("80.5", Kind::Integer), Err(QuantityError::NotWhole));
    }

    #[test]
    fn is_written_as_it_was_read() {
        for text in ["250ms", "1.5s", "10KiB", "-1", "0.000001", "1000000000000000"] {
            let kind = if text.ends_with('B') { Kind::Bytes } else { Kind::Duration };
            assert_eq!(Quantity::parse(text, kind).map(|quantity| quantity.to_string()).as_deref(), Ok(text));
        }
    }
}
