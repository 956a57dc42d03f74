//! Records as they come, for queries that stream.
//!
//! A live query reads the tail of history by the order in which records came, so that nothing is queued for it: one that
//! is slow, or that comes again after a break, goes on where it was as long as the records are held.

use std::sync::{Arc, Mutex};

use goldwire_answer::rows::Rows;
use goldwire_model::{
    field::{Field, Table},
    query::{Mark, Order, Portion, Query, QueryKind},
};

use crate::{
    query::{
        lock,
        rows::{RowPlan, bytes},
    },
    ring::Counts,
    store::Store,
};

/// Records that are looked at in one go, at most and at least.
const RECORDS_AT_ONCE: usize = 16_384;
const FEWEST_AT_ONCE: usize = 32;

/// What is handed out in one go takes about so many bytes at most, for it may wait for a client that does not read.
const BYTES_AT_ONCE: usize = 256 << 10;

/// A reader that is further behind has rows counted instead of shown, until it is near again.
const MOST_BEHIND: u64 = 131_072;

/// A live query, and how far it has come.
#[derive(Debug)]
pub struct Follow {
    store: Arc<Mutex<Store>>,
    query: Query,
    table: Table,
    node: String,
    mark: Mark,
    /// Records that the next look takes.
    at_once: usize,
    /// The last look took all that it could.
    is_full: bool,
    /// Records before are none of the query's: nanoseconds since the epoch.
    from: i64,
}

/// What came since the last look.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveRows {
    /// Rows that may match, the oldest first. What is cut was not handed out, and will not be.
    pub rows: Rows,
    /// Records that were freed before they could be looked at.
    pub gone: u64,
    /// Where to go on after a break.
    pub mark: Mark,
}

impl Follow {
    /// `None` where the query asks for no rows. Begins at the query's mark, else with what comes from now on.
    pub(crate) fn new(store: &Arc<Mutex<Store>>, epoch: u64, node: &str, query: &Query) -> Option<Self> {
        let mut query = query.clone();
        let after = query.portion.after.take();
        let QueryKind::Rows { table, order_by, .. } = &mut query.kind else { return None };
        let table = *table;
        *order_by = vec![Order { field: Field::Time, descending: false }];
        query.portion = Portion { first: Some(RECORDS_AT_ONCE), ..query.portion };
        let Counts { came, gone, latest } = lock(store).tail(table, u64::MAX, 0).0;
        let (records, from) = match after {
            None => (came, i64::MIN),
            Some(mark) if mark.epoch == epoch => (mark.records, i64::MIN),
            // The daemon has begun anew, perhaps with records that it had saved.
            Some(mark) => (gone, mark.time.saturating_add(1)),
        };
        let mark = Mark { epoch, records, time: after.map_or(latest.max(0), |mark| mark.time) };
        Some(Self {
            store: Arc::clone(store),
            query,
            table,
            node: node.to_owned(),
            mark,
            at_once: RECORDS_AT_ONCE,
            is_full: false,
            from,
        })
    }

    /// What came since the last look; `None` where nothing did that is to be told.
    pub fn look(&mut self) -> Option<LiveRows> {
        loop {
            let (counts, tail) = lock(&self.store).tail(self.table, self.mark.records, self.at_once);
            let first = self.mark.records.max(counts.gone);
            let gone = first - self.mark.records;
            let pieces = tail.into_pieces();
            self.is_full = false;
            if pieces.is_empty() && gone == 0 {
                return None;
            }
            let looked: usize = pieces.iter().map(|(_, rows)| rows.len()).sum();
            let end = first + looked as u64;
            let is_behind = counts.came.saturating_sub(end) > MOST_BEHIND;
            self.query.portion.first = Some(if is_behind { 0 } else { RECORDS_AT_ONCE });
            let rows = RowPlan::new(&self.query)?.pieces(&pieces, &self.node, self.from);
            if self.is_too_much(&rows) {
                continue;
            }
            let latest = pieces.iter().map(|(chunk, _)| chunk.times.last).max();
            self.mark.time = latest.map_or(self.mark.time, |latest| self.mark.time.max(latest));
            self.mark.records = end;
            self.is_full = end < counts.came;
            let any = rows.columns.first().is_some_and(|(_, column)| !column.is_empty());
            if any || rows.cut > 0 || rows.doubtful > 0 || gone > 0 {
                return Some(LiveRows { rows, gone, mark: self.mark });
            }
        }
    }

    /// There is more than what the last look gave.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.is_full
    }

    /// Whether the rows are too much for one go. Then the next look takes fewer records; after small ones, more.
    fn is_too_much(&mut self, rows: &Rows) -> bool {
        let bytes = bytes(&rows.columns);
        let is_too_much = bytes > BYTES_AT_ONCE && self.at_once > FEWEST_AT_ONCE;
        if is_too_much {
            self.at_once = (self.at_once / 4).max(FEWEST_AT_ONCE);
        } else if bytes < BYTES_AT_ONCE / 8 {
            self.at_once = (self.at_once * 2).min(RECORDS_AT_ONCE);
        }
        is_too_much
    }

    /// The columns of the query, without a row.
    #[must_use]
    pub fn empty(&self) -> LiveRows {
        let rows = RowPlan::new(&self.query).map(|plan| plan.pieces(&[], &self.node, self.from)).unwrap_or_default();
        LiveRows { rows, gone: 0, mark: self.mark }
    }
}
