//! The programs' books of one kind.

use crate::services::ledger::{Entry, Tally};

/// Entries of one kind.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    entries: Vec<&'a Entry>,
}

impl<'a> Counted<'a> {
    pub(super) fn of(books: &'a [Entry], kind: &str) -> Self {
        Self { entries: books.iter().filter(|entry| entry.edge.kind == kind).collect() }
    }

    /// Each edge with what came of it.
    pub(super) fn edges(&self) -> impl Iterator<Item = ((String, String), &'a Tally)> {
        self.entries.iter().map(|entry| ((entry.edge.source.clone(), entry.edge.destination.clone()), &entry.tally))
    }

    /// How many ended like this, on all edges.
    pub(super) fn with_status(&self, status: &str) -> u64 {
        self.entries.iter().filter_map(|entry| entry.tally.statuses.get(status)).sum()
    }

    /// How many there were on all edges.
    pub(super) fn total(&self) -> u64 {
        self.entries.iter().map(|entry| entry.tally.sent).sum()
    }
}
