//! Rollups of `drops`.

use goldwire_model::record::Verdict;

use super::{
    series::{ABSENT_STATUS, ABSENT_TEXT, Detail, Series},
    tiers::Tiers,
};
use crate::chunk::{
    drops::{DropRow, PLACE, REASON},
    names::verdict_code,
    open::Dictionaries,
};

/// Places of the sums.
pub(crate) const COUNT: usize = 0;
pub(crate) const BYTES: usize = 1;
const SUMS: usize = 2;

/// Drops are rare beside requests, so codes are looked up anew for each.
#[derive(Debug)]
pub(crate) struct DropRollup {
    pub(crate) tiers: Tiers<SUMS, 0>,
}

impl DropRollup {
    pub(crate) fn new(limit: usize) -> Self {
        Self { tiers: Tiers::new(limit) }
    }

    /// Counts dropped packets in their series and step.
    pub(crate) fn add(&mut self, row: &DropRow, known: &Dictionaries) {
        let registry = &mut self.tiers.open.registry;
        let mut endpoint = |code: u16| registry.reduced_endpoint(&known.endpoints()[usize::from(code) - 1]);
        let (source, destination) = (endpoint(row.ends.source), endpoint(row.ends.destination));
        let mut text = |column: usize| match row.texts[column] {
            0 => ABSENT_TEXT,
            code => registry.text(&known.texts(column)[usize::from(code) - 1]),
        };
        let series = Series {
            source,
            destination,
            destination_port: row.ends.destination_port,
            transport: row.ends.transport,
            flags: row.ends.flags,
            status: ABSENT_STATUS,
            protocol: 0,
            error: 0,
            verdict: verdict_code(Verdict::Dropped),
            ending: 0,
            texts: [text(PLACE), text(REASON), ABSENT_TEXT],
            detail: Detail::Drop,
            is_coarse: false,
        };
        self.tiers.add(row.time, &series, |into| {
            into.sums[COUNT] += row.count;
            into.sums[BYTES] += row.bytes;
        });
    }
}
