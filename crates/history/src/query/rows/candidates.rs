//! The first rows that may be shown.

use goldwire_answer::rows::ClientSays;
use goldwire_model::{filter::Filter, query::Order};

use super::{
    cells::Ranking,
    sides::{Half, Reported, Sides},
    top::{RowRef, Top},
};
use crate::query::mask::{FALSE, Mask, Missing, TRUE, mask_where};

/// A row that may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) row: RowRef,
    pub(super) sides: Sides,
    /// It matches, and no other report is of the same record.
    pub(super) is_sure: bool,
}

/// The first candidates, and how many were cut.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rows: Vec<Candidate>,
    pub(super) cut: u64,
    pub(super) doubtful: u64,
}

impl Found {
    /// Leaves so many of the first.
    pub(super) fn keep(&mut self, rows: usize) {
        let dropped = self.rows.drain(rows.min(self.rows.len())..);
        for candidate in dropped {
            if candidate.is_sure {
                self.cut += 1;
            } else {
                self.doubtful += 1;
            }
        }
    }
}

/// Gathers the first candidates.
///
/// Where the client's and the server's report of a record are on two nodes (the rows are twofold), the server's is what
/// the merge finds the record by: it is a candidate where it matches or the client's may make it match, and as early in
/// the order as that may put it. The client's is a candidate where it would be shown if it stood alone.
pub(super) struct Candidates<'q> {
    filter: &'q Filter,
    order: &'q [Order],
    is_twofold: bool,
    top: Top,
    sure: u64,
    all: u64,
}

/// Whether entries match, by what a missing value means.
struct Truths {
    settled: Option<Mask>,
    /// Of servers' reports, where that differs.
    open: Option<Mask>,
}

impl<'q> Candidates<'q> {
    /// What rows are ordered by takes so many bytes at most.
    pub(super) fn new(filter: &'q Filter, order: &'q [Order], limit: usize, bytes: usize, is_twofold: bool) -> Self {
        let descending = order.iter().map(|order| order.descending).collect();
        Self { filter, order, is_twofold, top: Top::new(limit, descending, bytes), sure: 0, all: 0 }
    }

    /// Offers some rows of a table.
    pub(super) fn offer<E: Reported>(&mut self, entries: &E, table: u32, rows: &[u32]) {
        if rows.is_empty() {
            return;
        }
        let sides = entries.sides();
        let half = |row: u32| if self.is_twofold { sides[row as usize].half() } else { Half::Whole };
        let truths = self.truths(entries, rows.iter().any(|row| half(*row) == Half::Server));
        let rankings: Vec<Ranking<'_>> = self.order.iter().map(|order| Ranking::new(entries, &order.field)).collect();
        for row in rows.iter().rev() {
            let half = half(*row);
            let truth = truths.of(*row, half);
            if truth == FALSE {
                continue;
            }
            let is_sure = truth == TRUE && half != Half::Client;
            self.all += 1;
            self.sure += u64::from(is_sure);
            let candidate = Candidate { row: (table, *row), sides: sides[*row as usize], is_sure };
            self.top.offer(candidate, |column| rankings[column].rank(*row, half));
        }
    }

    fn truths(&self, entries: &impl Reported, any_server: bool) -> Truths {
        let mut fields = self.filter.fields().into_iter();
        let is_open = any_server && fields.any(|field| ClientSays::of(&field) != ClientSays::Nothing);
        Truths {
            settled: mask_where(self.filter, entries, Missing::Settled),
            open: is_open.then(|| mask_where(self.filter, entries, Missing::Open)).flatten(),
        }
    }

    pub(super) fn finish(self) -> Found {
        let rows = self.top.finish();
        let sure = rows.iter().filter(|candidate| candidate.is_sure).count() as u64;
        let cut = self.sure - sure;
        let doubtful = self.all - rows.len() as u64 - cut;
        Found { rows, cut, doubtful }
    }
}

impl Truths {
    fn of(&self, row: u32, half: Half) -> u8 {
        let mask = match (half, &self.open) {
            (Half::Server, Some(open)) => Some(open),
            _ => self.settled.as_ref(),
        };
        mask.map_or(TRUE, |mask| mask[row as usize])
    }
}
