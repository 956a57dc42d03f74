//! Whether a record matches.
//!
//! Two ways: [`Filter::evaluate`] asks the caller about each comparison, who may answer by dictionary or from a bitmap;
//! [`Filter::matches`] asks for values of fields, a record or a group at a time.

use std::{borrow::Cow, net::IpAddr};

use super::{Comparison, Filter, Truth};
use crate::{field::Field, time::Timestamp};

/// A field's value in a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// The record has no such value, and nobody else has.
    Absent,
    /// Another node may know the value.
    Unknown,
    /// A name; numbers and addresses in text form are read where a filter compares them so.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// Seconds, bytes or a plain number.
    Float(f64),
    /// An address.
    Address(IpAddr),
    /// A moment.
    Time(Timestamp),
}

/// A record, or a group of records, that can be asked for values of fields.
pub trait Lookup {
    /// The value of the field.
    fn value(&self, field: &Field) -> Value<'_>;
}

impl Filter {
    /// Puts together what the caller says of each comparison; those that can change nothing are not asked for.
    ///
    /// A comparison may be of `either.`; [`Filter::without_either`] writes those out.
    pub fn evaluate(&self, decide: &mut dyn FnMut(&Comparison) -> Truth) -> Truth {
        match self {
            Self::All => Truth::True,
            Self::Compare(comparison) => decide(comparison),
            Self::Not(inner) => !inner.evaluate(decide),
            Self::And(parts) => {
                let mut all = Truth::True;
                for part in parts {
                    all = all.and(part.evaluate(decide));
                    if all == Truth::False {
                        break;
                    }
                }
                all
            }
            Self::Or(parts) => {
                let mut any = Truth::False;
                for part in parts {
                    any = any.or(part.evaluate(decide));
                    if any == Truth::True {
                        break;
                    }
                }
                any
            }
        }
    }

    /// Whether the record matches, as far as its values are known.
    #[must_use]
    pub fn matches(&self, record: &impl Lookup) -> Truth {
        self.evaluate(&mut |comparison| comparison.matches(record))
    }
}

impl Comparison {
    /// Whether the record is as this comparison wants it.
    #[must_use]
    pub fn matches(&self, record: &impl Lookup) -> Truth {
        let truths = self.field.fields().map(|field| self.test.matches(&record.value(&field)));
        // Neither end is, or one of them is.
        if self.test.is_negated() { truths.fold(Truth::True, Truth::and) } else { truths.fold(Truth::False, Truth::or) }
    }
}
