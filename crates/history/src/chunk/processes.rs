//! Rows of `processes`.

use goldwire_model::{
    field::Field,
    record::{ProcessEvent, ProcessRecord},
};

use super::{
    numbers::ABSENT,
    open::{Dictionaries, Row, Values},
    sealed::{Packer, Slot},
};

const TEXTS: usize = 7;

/// A process's begin or end by code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessRow {
    time: i64,
    pid: u32,
    parent: u32,
    /// Nanoseconds since the epoch, or [`ABSENT`].
    start: u64,
    /// The bits of an `i32`, or [`ABSENT`].
    exit_code: u64,
    texts: [u16; TEXTS],
    event: u8,
}

impl Row for ProcessRow {
    const TEXTS: &'static [Field] = &[
        Field::ProcessName,
        Field::ProcessExecutable,
        Field::ProcessWorkload,
        Field::ProcessContainer,
        Field::ProcessAncestry,
        Field::ProcessArguments,
        Field::ProcessUser,
    ];
    type Record = ProcessRecord;

    fn make(record: &ProcessRecord, dictionaries: &mut Dictionaries) -> Self {
        let texts = [
            Some(&record.process),
            record.executable.as_ref(),
            record.workload.as_ref(),
            record.container.as_ref(),
            record.ancestry.as_ref(),
            record.arguments.as_ref(),
            record.user.as_ref(),
        ];
        let mut codes = [0; TEXTS];
        for (column, text) in texts.into_iter().enumerate() {
            codes[column] = dictionaries.text(column, text);
        }
        Self {
            time: record.time.0,
            pid: record.pid,
            parent: record.parent,
            start: record.start.map_or(ABSENT, |start| start.0.cast_unsigned()),
            exit_code: record.exit_code.map_or(ABSENT, |code| u64::from(code.cast_unsigned())),
            texts: codes,
            event: match record.event {
                ProcessEvent::Exec => 1,
                ProcessEvent::Exit => 2,
                ProcessEvent::Seen => 3,
            },
        }
    }

    fn time(&self) -> i64 {
        self.time
    }

    fn text_codes(&self) -> &[u16] {
        &self.texts
    }

    fn pack(rows: &[Self], _: &Values, packer: &mut Packer) {
        let first = packer.first_time();
        packer.column(Slot::Time, rows, |row| row.time.abs_diff(first));
        packer.column(Slot::Pid, rows, |row| u64::from(row.pid));
        packer.column(Slot::Parent, rows, |row| u64::from(row.parent));
        packer.column(Slot::ProcessStart, rows, |row| row.start);
        packer.column(Slot::ExitCode, rows, |row| row.exit_code);
        packer.column(Slot::ProcessEvent, rows, |row| u64::from(row.event));
    }
}
