//! What a node answers: mergeable state, rows, and how complete it is.
//!
//! History fills these, `goldwire-protocol` carries them, `goldwire-merge` joins them and makes the finished answer.

pub mod column;
pub mod coverage;
pub mod groups;
pub mod links;
pub mod plan;
pub mod rows;
pub mod table;

use goldwire_model::field::Field;

/// All that one node says to one query.
#[derive(Clone, Debug, PartialEq)]
pub struct PartialAnswer {
    /// What was asked for.
    pub body: Body,
    /// How complete it is.
    pub coverage: coverage::NodeCoverage,
}

/// What was asked decides which it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `signals`, `heatmap`, `serviceMap`, `table`.
    Groups(groups::Groups),
    /// `flows`, `requests`, `drops`, `processes`.
    Rows(rows::Rows),
    /// `values`: distinct values and how often each was seen, most frequent first.
    Values {
        /// Whose values.
        field: Field,
        /// Value, and how many records have it.
        values: Vec<(String, u64)>,
    },
}
