//! Endpoints that blocks share, each weighed once.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::series::SeriesTable;
use crate::chunk::endpoints::endpoint_weight;

/// By the pointer of an endpoint: how many blocks hold it. Sound, as every pointer in it is held by one of them.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    holders: FxHashMap<usize, u32>,
    bytes: usize,
}

impl Ledger {
    /// A block with this table is held from now on.
    pub(crate) fn add(&mut self, table: &SeriesTable) {
        for endpoint in &table.endpoints {
            let holders = self.holders.entry(Arc::as_ptr(endpoint) as usize).or_default();
            if *holders == 0 {
                self.bytes += endpoint_weight(endpoint);
            }
            *holders += 1;
        }
    }

    /// A block with this table is about to go.
    pub(crate) fn remove(&mut self, table: &SeriesTable) {
        for endpoint in &table.endpoints {
            let pointer = Arc::as_ptr(endpoint) as usize;
            let Some(holders) = self.holders.get_mut(&pointer) else { continue };
            *holders -= 1;
            if *holders == 0 {
                self.holders.remove(&pointer);
                self.bytes -= endpoint_weight(endpoint);
            }
        }
    }

    /// Bytes of all endpoints that blocks hold.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes + self.holders.capacity() * (size_of::<(usize, u32)>() + 1)
    }
}
