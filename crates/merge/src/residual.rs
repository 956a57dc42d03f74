//! What a node could not decide of the filter, because only another node knows the name of the other end.

use goldwire_model::filter::{Filter, Lookup};

use crate::terms::Term;

/// What ends must be like.
pub(crate) struct Residual<'a> {
    shown: &'a Filter,
    enforced: &'a Filter,
}

impl<'a> Residual<'a> {
    /// `None` where nothing is asked of ends.
    pub(crate) fn of(term: &'a Term) -> Option<Self> {
        let residual = Self { shown: &term.residual, enforced: &term.enforced };
        (!residual.shown.is_all() || !residual.enforced.is_all()).then_some(residual)
    }

    /// Whether the row matches by its names as they are shown, and for certain by those that are known.
    pub(crate) fn keeps(&self, shown: &impl Lookup, known: &impl Lookup) -> bool {
        self.shown.matches(shown).is_certain() && self.enforced.matches(known).is_certain()
    }

    /// Only the ends that connections lead to are asked about.
    pub(crate) fn is_of_destinations(&self) -> bool {
        use goldwire_model::field::{Field, Side};
        let fields = [self.shown, self.enforced].into_iter().flat_map(Filter::fields);
        fields.into_iter().all(|field| matches!(field, Field::End(Side::Destination, _)))
    }
}
