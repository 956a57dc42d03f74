//! Rows of the node-wide saturation counters.

use goldwire_model::{field::Field, record::SaturationRecord};

use super::{
    open::{Dictionaries, Row, Values},
    sealed::{Packer, Slot},
};

impl Row for SaturationRecord {
    const TEXTS: &'static [Field] = &[];
    type Record = Self;

    fn make(record: &Self, _: &mut Dictionaries) -> Self {
        *record
    }

    fn time(&self) -> i64 {
        self.time.0
    }

    fn text_codes(&self) -> &[u16] {
        &[]
    }

    fn pack(rows: &[Self], _: &Values, packer: &mut Packer) {
        let first = packer.first_time();
        packer.column(Slot::Time, rows, |row| row.time.0.abs_diff(first));
        packer.column(Slot::AcceptQueueOverflows, rows, |row| row.accept_queue_overflows);
        packer.column(Slot::ZeroWindows, rows, |row| row.zero_windows);
    }
}
