//! What a query takes away from the lock: shared chunks and blocks, and copies of what is being filled.

use std::sync::Arc;

use goldwire_answer::coverage::Records;
use goldwire_model::field::Table;

use crate::{
    chunk::{open::Row, sealed::Chunk},
    query::tier::Reach,
    ring::{Counts, Piece, Ring},
    rollup::{block::SharedBlock, tiers::Tiers},
    store::Store,
};

/// Raw records of one table. The open chunk is sealed when they are asked for, outside of the lock.
pub(crate) struct RawCopy(Box<dyn FnOnce() -> Vec<Arc<Chunk>>>);

impl RawCopy {
    fn of<R: Row>(ring: &Ring<R>, from: i64, to: i64) -> Self {
        let copy = ring.copy(from, to);
        Self(Box::new(move || copy.into_chunks()))
    }

    /// All chunks, sealed.
    pub(crate) fn into_chunks(self) -> Vec<Arc<Chunk>> {
        (self.0)()
    }
}

/// The last records of one table.
pub(crate) struct RawTail(Box<dyn FnOnce() -> Vec<Piece>>);

impl RawTail {
    fn of<R: Row>(ring: &Ring<R>, first: u64, most: usize) -> (Counts, Self) {
        let copy = ring.tail(first, most);
        (ring.counts(), Self(Box::new(move || copy.into_pieces())))
    }

    /// Rows of chunks, in the order in which they came.
    pub(crate) fn into_pieces(self) -> Vec<Piece> {
        (self.0)()
    }
}

impl Store {
    /// At most so many records from that one on, counted as they came.
    pub(crate) fn tail(&self, table: Table, first: u64, most: usize) -> (Counts, RawTail) {
        match table {
            Table::Requests => RawTail::of(&self.requests, first, most),
            Table::Flows => RawTail::of(&self.flows, first, most),
            Table::Drops => RawTail::of(&self.drops, first, most),
            Table::Processes => RawTail::of(&self.processes, first, most),
        }
    }

    /// Raw records that may lie in `[from, to)`.
    pub(crate) fn raw(&self, source: Records, from: i64, to: i64) -> RawCopy {
        match source {
            Records::Requests => RawCopy::of(&self.requests, from, to),
            Records::Flows => RawCopy::of(&self.flows, from, to),
            Records::Drops => RawCopy::of(&self.drops, from, to),
            Records::Processes => RawCopy::of(&self.processes, from, to),
            Records::Saturation => RawCopy::of(&self.saturation, from, to),
        }
    }

    /// Rollups of a tier that may lie in `[from, to)`.
    pub(crate) fn rolled(&self, source: Records, tier: usize, from: i64, to: i64) -> Vec<SharedBlock> {
        match source {
            Records::Requests => self.request_rollup.tiers.snapshot(tier, from, to),
            Records::Flows => self.flow_rollup.tiers.snapshot(tier, from, to),
            Records::Drops => self.drop_rollup.tiers.snapshot(tier, from, to),
            Records::Processes | Records::Saturation => Vec::new(),
        }
    }

    /// True once a record of the table came, as long as anything of it is held.
    pub(crate) fn holds_any(&self, source: Records) -> bool {
        match source {
            Records::Requests => self.requests.rows() > 0 || self.request_rollup.tiers.rows() > 0,
            Records::Flows => self.flows.rows() > 0 || self.flow_rollup.tiers.rows() > 0,
            Records::Drops => self.drops.rows() > 0 || self.drop_rollup.tiers.rows() > 0,
            Records::Processes => self.processes.rows() > 0,
            Records::Saturation => self.saturation.rows() > 0,
        }
    }

    /// How far back the tiers of a table reach.
    pub(crate) fn reach(&self, source: Records) -> Reach {
        match source {
            Records::Requests => {
                Reach { raw: self.requests.evicted_until(), rollups: Some(evicted(&self.request_rollup.tiers)) }
            }
            Records::Flows => {
                Reach { raw: self.flows.evicted_until(), rollups: Some(evicted(&self.flow_rollup.tiers)) }
            }
            Records::Drops => {
                Reach { raw: self.drops.evicted_until(), rollups: Some(evicted(&self.drop_rollup.tiers)) }
            }
            Records::Processes => Reach { raw: self.processes.evicted_until(), rollups: None },
            Records::Saturation => Reach { raw: self.saturation.evicted_until(), rollups: None },
        }
    }
}

fn evicted<const S: usize, const D: usize>(tiers: &Tiers<S, D>) -> [Option<i64>; 3] {
    std::array::from_fn(|tier| tiers.tier(tier).evicted_until)
}
