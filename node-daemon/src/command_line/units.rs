//! Sizes and moments as people type them.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use chrono::{DateTime, Utc};
use thiserror::Error;

/// A number of bytes: `256MiB`, `1GB`, `4096`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteSize(pub(crate) usize);

/// What was typed is neither. Its text says what would be.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum UnitError {
    #[error("\"{0}\" is no size; write a number of bytes, or one with KiB, MiB, GiB, KB, MB or GB, such as 256MiB")]
    Size(String),
    #[error("\"{0}\" is no address to serve on; write an IP address and a port, such as 127.0.0.1:4270 or [::1]:4270")]
    Listen(String),
    #[error("expected a whole number from {least} to {most}")]
    Count { least: u64, most: u64 },
    #[error("\"{0}\" is no time; write how long ago, such as 90s, 5m or 2h, or a time such as 2026-01-31T12:00:00Z")]
    Moment(String),
}

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let bad = || UnitError::Size(text.to_owned());
        let (number, unit) = split_unit(text);
        let factor = match unit {
            "" | "B" => 1,
            "KiB" | "K" => 1 << 10,
            "MiB" | "M" => 1 << 20,
            "GiB" | "G" => 1 << 30,
            "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            _ => return Err(bad()),
        };
        let number: f64 = number.parse().map_err(|_| bad())?;
        let bytes = number * f64::from(factor);
        if !(1.0..=1e15).contains(&bytes) {
            return Err(bad());
        }
        Ok(Self(bytes as usize))
    }
}

/// A moment: so long before now, or a time of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Ago(Duration),
    At(DateTime<Utc>),
}

impl Moment {
    /// Milliseconds since the epoch.
    #[must_use]
    pub(crate) fn millis(self, now: DateTime<Utc>) -> i64 {
        match self {
            Self::Ago(ago) => now.timestamp_millis().saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX)),
            Self::At(time) => time.timestamp_millis(),
        }
    }
}

impl FromStr for Moment {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        if text == "now" {
            return Ok(Self::Ago(Duration::ZERO));
        }
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(time.with_timezone(&Utc)));
        }
        let bad = || UnitError::Moment(text.to_owned());
        let (number, unit) = split_unit(text.trim_start_matches('-'));
        let seconds_each = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return Err(bad()),
        };
        let number: f64 = number.parse().map_err(|_| bad())?;
        Duration::try_from_secs_f64(number * seconds_each).map(Self::Ago).map_err(|_| bad())
    }
}

/// An address with its port.
pub(crate) fn listen(text: &str) -> Result<SocketAddr, UnitError> {
    text.trim().parse().map_err(|_| UnitError::Listen(text.to_owned()))
}

/// A number of rows or groups. How many a query may have, the query itself says.
pub(crate) fn count(text: &str) -> Result<usize, UnitError> {
    within(text, 1, u32::MAX.into()).map(|number| number as usize)
}

/// A number of seconds that people wait.
pub(crate) fn seconds(text: &str) -> Result<u64, UnitError> {
    within(text, 1, 3_600)
}

fn within(text: &str, least: u64, most: u64) -> Result<u64, UnitError> {
    let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or(UnitError::Count { least, most })
}

/// Splits `250ms` into `250` and `ms`.
fn split_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_take_binary_and_decimal_units() {
        assert_eq!("256MiB".parse(), Ok(ByteSize(256 << 20)));
        assert_eq!("1.5 GB".parse(), Ok(ByteSize(1_500_000_000)));
        assert_eq!("4096".parse(), Ok(ByteSize(4096)));
        for bad in ["", "MiB", "12 parsecs", "-1", "0", "1e99GiB"] {
            assert_eq!(bad.parse::<ByteSize>(), Err(UnitError::Size(bad.to_owned())));
        }
    }

    #[test]
    fn numbers_out_of_range_say_which_are_in_it() {
        assert_eq!(seconds("10"), Ok(10));
        for wrong in ["0", "-5", "3601", "1.5", "ten", "", "99999999999999999999"] {
            assert_eq!(
                seconds(wrong).map_err(|error| error.to_string()),
                Err("expected a whole number from 1 to 3600".into())
            );
        }
        assert!(listen("localhost:4270").is_err_and(|error| error.to_string().contains("127.0.0.1:4270")));
    }

    #[test]
    fn moments_are_relative_or_of_the_calendar() {
        let now = DateTime::parse_from_rfc3339("2026-01-31T12:00:00Z").expect("a time").with_timezone(&Utc);
        let millis = |text: &str| text.parse::<Moment>().map(|m| m.millis(now));
        assert_eq!(millis("5m"), Ok(now.timestamp_millis() - 300_000));
        assert_eq!(millis("now"), Ok(now.timestamp_millis()));
        assert_eq!(millis("2026-01-31T11:59:59.5Z"), Ok(now.timestamp_millis() - 500));
        assert_eq!(millis("yesterday"), Err(UnitError::Moment("yesterday".to_owned())));
    }
}
