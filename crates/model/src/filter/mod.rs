//! The filter language: one text for the editor, the command line and every client, parsed once, here.
//!
//! ```text
//! destination.workload = "deathstar" and http.response.status_code >= 500
//! source.address in (10.0.0.0/8, 192.168.1.7) and not destination.port in (53, 5353)
//! url.path =~ "^/v1/" and latency > 250ms
//! either.namespace = "default"        -- source or destination
//! ```
//!
//! The journey: text, `token`, `parse` with `operand` for what a field compares with, then a [`Filter`], which
//! `evaluate` answers with a [`Truth`].
//!
//! **What absence means.** `=`, `=~`, `in` and the orders are false for a field that a record does not have; `!=`,
//! `!~` and `not in` are exactly their opposites, so they are true for it.
//!
//! **What `either.` means.** `either.x = v` holds where the source's or the destination's `x` is `v`; its opposite
//! `either.x != v` holds where neither is.

use std::collections::HashSet;

use crate::field::{EndField, Field, Side, Table};

mod conditions;
mod display;
mod error;
mod evaluate;
mod exact;
mod glob;
mod list;
mod network;
mod of_table;
mod operand;
mod parse;
mod pattern;
mod quantity;
mod test;
mod token;
mod truth;
mod variable;

pub use conditions::Condition;
pub(crate) use error::list_tables;
pub use error::{FieldNotInTable, FilterError};
pub use evaluate::{Lookup, Value};
pub use glob::Glob;
pub use network::Network;
pub use operand::Operand;
pub use pattern::Pattern;
pub use quantity::{Quantity, Unit};
pub use test::{Operator, Test};
pub use truth::Truth;
pub use variable::{template_variable, variable_in_filter};

/// What records must be like. Its `Display` is the canonical text, which parses to the same filter.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Filter {
    /// No condition: every record matches. Its text is empty.
    #[default]
    All,
    /// One field against one test.
    Compare(Comparison),
    /// What it holds does not match.
    Not(Box<Filter>),
    /// Two or more, of which each must match.
    And(Vec<Filter>),
    /// Two or more, of which one must match.
    Or(Vec<Filter>),
}

/// A leaf of a filter: a field and what its value must be like.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Whose value is tested.
    pub field: FieldRef,
    /// What it must be like.
    pub test: Test,
}

/// A field, or the same field of both ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldRef {
    /// One field.
    Exact(Field),
    /// `either.`: the source's or the destination's.
    Either(EndField),
}

impl FieldRef {
    /// The fields that it stands for: one, or the source's and the destination's.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let (first, second) = match self {
            Self::Exact(field) => (field.clone(), None),
            Self::Either(end) => {
                (Field::End(Side::Source, end.clone()), Some(Field::End(Side::Destination, end.clone())))
            }
        };
        std::iter::once(first).chain(second)
    }
}

impl Filter {
    /// Both must match. [`Filter::All`] adds nothing. This is how a filter is enforced on another.
    #[must_use]
    pub fn and(a: Self, b: Self) -> Self {
        let mut parts = Vec::new();
        for part in [a, b] {
            match part {
                Self::All => {}
                Self::And(inner) => parts.extend(inner),
                other => parts.push(other),
            }
        }
        match parts.len() {
            0 => Self::All,
            1 => parts.remove(0),
            _ => Self::And(parts),
        }
    }

    /// True where there is no condition.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Every comparison, in the order of the text.
    #[must_use]
    pub fn comparisons(&self) -> Vec<&Comparison> {
        let mut found = Vec::new();
        self.collect_comparisons(&mut found);
        found
    }

    fn collect_comparisons<'a>(&'a self, found: &mut Vec<&'a Comparison>) {
        match self {
            Self::All => {}
            Self::Compare(comparison) => found.push(comparison),
            Self::Not(inner) => inner.collect_comparisons(found),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.collect_comparisons(found)),
        }
    }

    /// Every field that is mentioned, once, in the order of the text; `either.` counts as both ends' fields.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let mut seen = HashSet::new();
        let mentioned = self.comparisons().into_iter().flat_map(|comparison| comparison.field.fields());
        mentioned.filter(|field| seen.insert(field.clone())).collect()
    }

    /// True where `reporter` is mentioned, so that both ends' reports are wanted as they are.
    #[must_use]
    pub fn references_reporter(&self) -> bool {
        self.comparisons().iter().any(|comparison| comparison.field == FieldRef::Exact(Field::Reporter))
    }

    /// The mentioned fields of ends other than address and port: those that a node may not know of the other end.
    #[must_use]
    pub fn end_identity_fields(&self) -> Vec<Field> {
        self.fields().into_iter().filter(Field::is_end_identity).collect()
    }

    /// The same filter without `either.`: each is written out as both ends' comparisons.
    #[must_use]
    pub fn without_either(&self) -> Self {
        match self {
            Self::All => Self::All,
            Self::Compare(comparison) => comparison.without_either(),
            Self::Not(inner) => Self::Not(Box::new(inner.without_either())),
            Self::And(parts) => Self::And(parts.iter().map(Self::without_either).collect()),
            Self::Or(parts) => Self::Or(parts.iter().map(Self::without_either).collect()),
        }
    }

    /// Checks that records of the table have every field that is mentioned.
    ///
    /// # Errors
    /// The first field that they do not have.
    pub fn check_table(&self, table: Table) -> Result<(), FieldNotInTable> {
        match self.fields().into_iter().find(|field| !field.is_in(table)) {
            Some(field) => Err(FieldNotInTable { field, table }),
            None => Ok(()),
        }
    }
}

impl Comparison {
    fn without_either(&self) -> Filter {
        let one = |field| Filter::Compare(Self { field: FieldRef::Exact(field), test: self.test.clone() });
        match &self.field {
            FieldRef::Exact(field) => one(field.clone()),
            either if self.test.is_negated() => Filter::And(either.fields().map(one).collect()),
            either => Filter::Or(either.fields().map(one).collect()),
        }
    }
}
