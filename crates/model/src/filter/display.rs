//! The canonical text of a filter: it parses to the same filter.

use std::fmt;

use super::{
    Comparison, FieldRef, Filter, Operand, Operator, Test,
    token::{is_word, quote},
};
use crate::field::{EndField, Field, Kind};

impl FieldRef {
    /// What the field's values are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Exact(field) => field.kind(),
            Self::Either(end) => end.kind(),
        }
    }
}

impl fmt::Display for FieldRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (side, end) = match self {
            Self::Exact(Field::End(side, end)) => (side.name(), end),
            Self::Exact(field) => return f.write_str(&field.name()),
            Self::Either(end) => ("either", end),
        };
        match end {
            EndField::Label(key) if !key.chars().all(is_word) => write!(f, "{side}.labels.{}", quote(key)),
            end => write!(f, "{side}.{}", end.name()),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) | Self::Regex(_) => f.write_str(&quote(&self.plain_text())),
            _ => f.write_str(&self.plain_text()),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operands: Vec<String> = self.operands().iter().map(Operand::to_string).collect();
        let operands = operands.join(", ");
        match self.operator() {
            operator @ (Operator::In | Operator::NotIn) => write!(f, "{operator} ({operands})"),
            operator => write!(f, "{operator} {operands}"),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.test)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Compare(comparison) => comparison.fmt(f),
            Self::Not(inner) => {
                f.write_str("not ")?;
                inner.fmt_inside(f)
            }
            Self::And(parts) => fmt_joined(parts, " and ", f),
            Self::Or(parts) => fmt_joined(parts, " or ", f),
        }
    }
}

impl Filter {
    /// In parentheses where it is more than one comparison.
    fn fmt_inside(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(_) | Self::Or(_) => write!(f, "({self})"),
            _ => write!(f, "{self}"),
        }
    }
}

fn fmt_joined(parts: &[Filter], join: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            f.write_str(join)?;
        }
        part.fmt_inside(f)?;
    }
    Ok(())
}
