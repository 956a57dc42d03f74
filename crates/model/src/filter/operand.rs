//! What a field is compared with, and which texts its kind takes.

use std::net::IpAddr;

use super::{Glob, Network, Operator, Pattern, Quantity, quantity::QuantityError};
use crate::{field::Kind, limits::GLOB_CHARACTERS};

/// A value in a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A text with or without wildcards.
    Text(Glob),
    /// A number.
    Number(Quantity),
    /// Both ends included.
    Range(Quantity, Quantity),
    /// One address; IPv4-mapped ones as IPv4.
    Address(IpAddr),
    /// All addresses of a network.
    Network(Network),
    /// A regular expression.
    Regex(Pattern),
}

/// Why a text cannot be compared with the field, and what would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfit {
    pub(super) message: String,
    pub(super) expected: &'static str,
}

impl Unfit {
    fn new(reason: &str, expected: &'static str) -> Self {
        Self { message: format!("{reason}: expected {expected}"), expected }
    }
}

impl Operand {
    /// Reads a text for a field of this kind.
    pub(super) fn read(text: &str, kind: Kind, operator: Operator) -> Result<Self, Unfit> {
        match operator {
            Operator::Matches | Operator::NotMatches => read_regex(text),
            _ if operator.is_order() => read_number(text, kind, expected_of(kind, operator)).map(Self::Number),
            _ => match kind {
                Kind::Text => read_glob(text),
                Kind::Address => read_address(text),
                Kind::Integer => read_integer(text),
                Kind::Duration | Kind::Bytes | Kind::Number | Kind::Time => read_number_or_range(text, kind),
            },
        }
    }

    /// True where it stands for more than one value.
    pub(super) fn is_pattern(&self) -> bool {
        match self {
            Self::Text(glob) => glob.exact().is_none(),
            Self::Number(_) | Self::Address(_) => false,
            Self::Range(..) | Self::Network(_) | Self::Regex(_) => true,
        }
    }

    pub(super) fn is_text(&self, text: &str) -> bool {
        match self {
            Self::Text(glob) => glob.matches(text),
            Self::Regex(pattern) => pattern.matches(text),
            Self::Number(_) | Self::Range(..) => text.parse().is_ok_and(|number| self.is_number(number)),
            Self::Address(_) | Self::Network(_) => {
                text.parse().is_ok_and(|address: IpAddr| self.is_address(address.to_canonical()))
            }
        }
    }

    pub(super) fn is_number(&self, number: f64) -> bool {
        match self {
            #[expect(clippy::float_cmp, reason = "`=` asks for the very number")]
            Self::Number(wanted) => number == wanted.value(),
            Self::Range(from, to) => (from.value()..=to.value()).contains(&number),
            Self::Text(_) | Self::Regex(_) => self.is_text(&number.to_string()),
            Self::Address(_) | Self::Network(_) => false,
        }
    }

    pub(super) fn is_address(&self, address: IpAddr) -> bool {
        match self {
            Self::Address(wanted) => address == *wanted,
            Self::Network(network) => network.contains(address),
            Self::Text(_) | Self::Regex(_) => self.is_text(&address.to_string()),
            Self::Number(_) | Self::Range(..) => false,
        }
    }

    /// The one text that it stands for, where it is a text without wildcards.
    #[must_use]
    pub fn exact_text(&self) -> Option<&str> {
        match self {
            Self::Text(glob) => glob.exact(),
            _ => None,
        }
    }

    /// The value as the editor's builder shows it: without quotes.
    pub(super) fn plain_text(&self) -> String {
        match self {
            Self::Text(glob) => glob.source().to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Range(from, to) => format!("{from}..{to}"),
            Self::Address(address) => address.to_string(),
            Self::Network(network) => network.to_string(),
            Self::Regex(pattern) => pattern.source().to_owned(),
        }
    }
}

/// A text without wildcards may be as long as it likes: it is compared at once.
fn read_glob(text: &str) -> Result<Operand, Unfit> {
    let glob = Glob::new(text);
    if glob.exact().is_none() && text.chars().count() > GLOB_CHARACTERS {
        return Err(Unfit {
            message: format!("this pattern has more than {GLOB_CHARACTERS} characters"),
            expected: "a shorter pattern",
        });
    }
    Ok(Operand::Text(glob))
}

fn read_regex(text: &str) -> Result<Operand, Unfit> {
    Pattern::new(text).map(Operand::Regex).map_err(|why| Unfit {
        message: format!("this is no regular expression: {why}"),
        expected: "a regular expression in RE2's syntax",
    })
}

fn read_address(text: &str) -> Result<Operand, Unfit> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Operand::Address(address.to_canonical()));
    }
    if let Ok(network) = text.parse() {
        return Ok(Operand::Network(network));
    }
    if has_wildcard(text) {
        return read_glob(text);
    }
    Err(Unfit::new("this is no address", expected_of(Kind::Address, Operator::Equal)))
}

fn read_integer(text: &str) -> Result<Operand, Unfit> {
    if has_wildcard(text) {
        return read_glob(text);
    }
    read_number_or_range(text, Kind::Integer)
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn read_number_or_range(text: &str, kind: Kind) -> Result<Operand, Unfit> {
    let expected = expected_of(kind, Operator::Equal);
    let Some((from, to)) = text.split_once("..") else { return read_number(text, kind, expected).map(Operand::Number) };
    let (from, to) = (read_number(from, kind, expected)?, read_number(to, kind, expected)?);
    if from.value() > to.value() {
        return Err(Unfit::new("this range begins behind its end", expected));
    }
    Ok(Operand::Range(from, to))
}

fn read_number(text: &str, kind: Kind, expected: &'static str) -> Result<Quantity, Unfit> {
    Quantity::parse(text, kind).map_err(|error| {
        let reason = match error {
            QuantityError::NotANumber => "this is no number".to_owned(),
            QuantityError::NoSuchUnit(unit) => format!("there is no unit `{unit}`"),
            QuantityError::WrongUnit(unit) => format!("`{unit}` does not measure this field"),
            QuantityError::NotWhole => "this is no whole number".to_owned(),
        };
        Unfit::new(&reason, expected)
    })
}

/// What to write behind the operator for a field of this kind.
pub(super) const fn expected_of(kind: Kind, operator: Operator) -> &'static str {
    match (operator, kind) {
        (Operator::Matches | Operator::NotMatches, _) => "a regular expression in quotes",
        (_, Kind::Text) => "a text such as \"deathstar\" or \"xwing-*\"",
        (_, Kind::Address) => {
            "an address such as 10.0.0.7, a network such as 10.0.0.0/8 or a pattern such as \"10.0.*\""
        }
        (_, Kind::Integer) if operator.is_order() => "a whole number such as 500",
        (_, Kind::Integer) => "a whole number such as 500, a range such as 8000..8999 or a pattern such as \"5*\"",
        (_, Kind::Duration) => "a duration such as 250ms (ns, us, ms, s, m, h; seconds where no unit is given)",
        (_, Kind::Bytes) => "a size such as 10KiB (B, KB, KiB, MB, MiB, GB, GiB; bytes where no unit is given)",
        (_, Kind::Number) => "a number such as 3",
        (_, Kind::Time) => "a time in milliseconds since the epoch",
    }
}
