//! What a node could not decide of the filter, because only another node knows the name of the other end.

use goldwire_model::{
    filter::{Filter, Lookup},
    query::Query,
};

/// The filter, where it asks for names of ends.
pub(crate) struct Residual<'a>(&'a Filter);

impl<'a> Residual<'a> {
    /// `None` where every node could decide the filter by itself.
    pub(crate) fn of(query: &'a Query) -> Option<Self> {
        let filter = &query.filter;
        (!filter.end_identity_fields().is_empty()).then_some(Self(filter))
    }

    /// Whether the row may match, now that its names are known. What the row is not asked for was decided by its node.
    pub(crate) fn keeps(&self, row: &impl Lookup) -> bool {
        self.0.matches(row).is_possible()
    }
}
