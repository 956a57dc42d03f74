//! Conditions for values: the one place that writes a value into a filter.
//!
//! Whoever knows a value (a link from a row, a node of a map, an answer to a completion) asks here for the condition. No
//! other code makes filters from text, so that no value can mean anything but itself.

use super::{Comparison, FieldRef, Filter, Glob, Operand, Operator, Test, quantity::Quantity};
use crate::field::{Field, Kind, UnknownField};

/// Matches every text but the empty one. A record that lacks a value and one that has an empty one look alike to people.
const ANY_TEXT: &str = "?*";

impl FieldRef {
    /// Reads a field as filters spell it: also `either.` and a label's key without its quotes.
    ///
    /// # Errors
    /// Where there is no such field; the error has the nearest name.
    pub fn parse(name: &str) -> Result<Self, UnknownField> {
        super::parse::read_field(name)
    }

    /// The condition that holds where this field has exactly this value; for an empty text and for `None`, where it has
    /// none. `None` where no record can have this value in this field.
    #[must_use]
    pub fn exactly(&self, value: Option<&str>) -> Option<Filter> {
        match value.filter(|value| !value.is_empty()) {
            Some(value) => Some(self.compare(Operator::Equal, operand(value, self.kind())?)),
            None => Some(self.absent()),
        }
    }

    fn absent(&self) -> Filter {
        let either = self.fields().map(|field| absent(Self::Exact(field)));
        Filter::any(either.collect())
    }

    fn compare(&self, operator: Operator, operand: Operand) -> Filter {
        Filter::Compare(Comparison { field: self.clone(), test: Test::new(operator, vec![operand]) })
    }
}

impl From<Field> for FieldRef {
    fn from(field: Field) -> Self {
        Self::Exact(field)
    }
}

impl Filter {
    /// One of them must match. None of them: [`Filter::All`].
    #[must_use]
    pub fn any(mut parts: Vec<Self>) -> Self {
        match parts.len() {
            0 => Self::All,
            1 => parts.remove(0),
            _ => Self::Or(parts),
        }
    }

    /// All of them must match. None of them: [`Filter::All`].
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(Self::All, Self::and)
    }
}

fn operand(value: &str, kind: Kind) -> Option<Operand> {
    match kind {
        Kind::Text => Some(Operand::Text(Glob::literal(value))),
        Kind::Address => value.parse().ok().map(|address: std::net::IpAddr| Operand::Address(address.to_canonical())),
        Kind::Integer | Kind::Time => whole(value).map(Operand::Number),
        Kind::Duration | Kind::Bytes | Kind::Number => number(value).map(Operand::Number),
    }
}

fn whole(value: &str) -> Option<Quantity> {
    number(value).filter(|number| number.value().fract() == 0.0)
}

fn number(value: &str) -> Option<Quantity> {
    value.parse().ok().filter(|number: &f64| number.is_finite()).map(Quantity::plain)
}

/// Measures take no patterns, but an order is false where there is no value.
fn absent(field: FieldRef) -> Filter {
    match field.kind() {
        Kind::Text | Kind::Address | Kind::Integer => {
            field.compare(Operator::NotEqual, Operand::Text(Glob::new(ANY_TEXT)))
        }
        Kind::Duration | Kind::Bytes | Kind::Number | Kind::Time => {
            let present = field.compare(Operator::GreaterOrEqual, Operand::Number(Quantity::plain(0.0)));
            Filter::Not(Box::new(present))
        }
    }
}
