//! Rows of `drops`.

use goldwire_model::{field::Field, record::DropRecord};

use super::{
    ends::{EndCodes, pack_ends},
    open::{Dictionaries, Row, Values},
    sealed::{Packer, Slot},
};

/// Place of the reason in a row's texts.
pub(crate) const REASON: usize = 0;
/// Place of the kernel function in a row's texts.
pub(crate) const PLACE: usize = 1;

/// Dropped packets by code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DropRow {
    pub(crate) time: i64,
    pub(crate) count: u64,
    pub(crate) bytes: u64,
    pub(crate) ends: EndCodes,
    pub(crate) texts: [u16; 2],
}

impl Row for DropRow {
    const TEXTS: &'static [Field] = &[Field::DropReason, Field::DropPlace];
    type Record = DropRecord;

    fn make(record: &DropRecord, dictionaries: &mut Dictionaries) -> Self {
        Self {
            time: record.time.0,
            count: record.count,
            bytes: record.bytes,
            ends: EndCodes::make(&record.ends, dictionaries),
            texts: [dictionaries.text(REASON, Some(&record.reason)), dictionaries.text(PLACE, record.place.as_ref())],
        }
    }

    fn time(&self) -> i64 {
        self.time
    }

    fn text_codes(&self) -> &[u16] {
        &self.texts
    }

    fn pack(rows: &[Self], values: &Values, packer: &mut Packer) {
        let first = packer.first_time();
        packer.column(Slot::Time, rows, |row| row.time.abs_diff(first));
        pack_ends(packer, rows, &values.pairings, |row| &row.ends);
        packer.column(Slot::Count, rows, |row| row.count);
        packer.column(Slot::DropBytes, rows, |row| row.bytes);
    }
}
