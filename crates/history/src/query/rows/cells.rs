//! Cells of rows: from what is stored to the columns of an answer.

use std::sync::Arc;

use goldwire_answer::{column::Column, rows::ClientSays};
use goldwire_model::field::{EndField, Field, Kind};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    sides::Half,
    top::{Rank, RowRef},
};
use crate::{
    chunk::{
        numbers::ABSENT,
        resolve::{Entries, Resolved},
        value::{Value, keys_text},
    },
    query::mask::{hex, number_of, start_of},
};

/// One field over a table, ready to be read row by row.
pub(super) struct Reader<'a> {
    resolved: Resolved<'a>,
    field: Field,
    /// Texts made so far, by code.
    texts: FxHashMap<u64, Option<Arc<str>>>,
}

/// What rows are ordered by in one column of the order.
pub(super) struct Ranking<'a> {
    reader: Reader<'a>,
    says: ClientSays,
    /// What a workload is called by where it has no name of its own.
    stand_ins: Vec<Reader<'a>>,
}

impl<'a> Ranking<'a> {
    pub(super) fn new(entries: &'a impl Entries, field: &Field) -> Self {
        let stand_ins = match field {
            Field::End(side, EndField::Workload) => {
                [EndField::Dns, EndField::Address].map(|end| Reader::new(entries, &Field::End(*side, end))).into()
            }
            _ => Vec::new(),
        };
        Self { reader: Reader::new(entries, field), says: ClientSays::of(field), stand_ins }
    }

    /// The rank of a row. Where the client's report is elsewhere, what that one says comes first.
    pub(super) fn rank(&self, row: u32, half: Half) -> Rank {
        let rank = self.reader.rank(row);
        match (half, self.says) {
            (Half::Server, ClientSays::Better) => Rank::Open,
            (Half::Server, ClientSays::WhereAbsent) if rank == Rank::Absent => Rank::Open,
            _ if rank == Rank::Absent => {
                let stand_ins = self.stand_ins.iter().map(|reader| reader.rank(row));
                stand_ins.into_iter().find(|rank| *rank != Rank::Absent).unwrap_or(Rank::Absent)
            }
            _ => rank,
        }
    }
}

/// A cell as it is stored.
enum Cell<'a> {
    Value(Value<'a>),
    /// In nanoseconds, bytes …
    Number(u64),
    Moment(i64),
    Id(&'a [u8]),
}

impl<'a> Reader<'a> {
    pub(super) fn new(entries: &'a impl Entries, field: &Field) -> Self {
        Self { resolved: entries.resolve(field), field: field.clone(), texts: FxHashMap::default() }
    }

    fn cell(&self, row: u32) -> Cell<'_> {
        let row = row as usize;
        match &self.resolved {
            Resolved::Constant(value) => Cell::Value(*value),
            Resolved::Coded { codes, values } => {
                Cell::Value(values.get(codes.get(row) as usize).copied().unwrap_or(Value::Absent))
            }
            Resolved::Numbers(numbers) if self.field == Field::Time => Cell::Moment(numbers.get(row).cast_signed()),
            Resolved::Numbers(numbers) => Cell::Number(numbers.get(row)),
            Resolved::Starts { times, ages } => Cell::Moment(start_of(*times, *ages, row)),
            Resolved::Ids { codes, ids } => match codes.get(row) {
                0 | ABSENT => Cell::Value(Value::Absent),
                code => Cell::Id(ids.value(code as usize - 1)),
            },
        }
    }

    /// What the row is ordered by.
    fn rank(&self, row: u32) -> Rank {
        match self.cell(row) {
            Cell::Value(Value::Absent | Value::Unknown) | Cell::Number(ABSENT) => Rank::Absent,
            Cell::Value(Value::Integer(number)) | Cell::Moment(number) => Rank::Number(number),
            Cell::Number(number) => Rank::Number(self.whole(number)),
            Cell::Value(Value::Text(text)) => Rank::Text(text.into()),
            Cell::Value(Value::Keys(labels)) => Rank::Text(keys_text(labels).into()),
            Cell::Value(Value::Address(address)) => Rank::Text(address.to_string().into()),
            Cell::Id(id) => Rank::Text(hex(id).into()),
        }
    }

    fn whole(&self, number: u64) -> i64 {
        if self.field == Field::ProcessExitCode {
            return i64::from((number as u32).cast_signed());
        }
        i64::try_from(number).unwrap_or(i64::MAX)
    }

    fn integer(&self, row: u32) -> Option<i64> {
        match self.cell(row) {
            Cell::Number(ABSENT) => None,
            Cell::Number(number) => Some(self.whole(number)),
            Cell::Moment(number) | Cell::Value(Value::Integer(number)) => Some(number),
            _ => None,
        }
    }

    fn float(&self, row: u32) -> Option<f64> {
        match self.cell(row) {
            Cell::Number(ABSENT) => None,
            Cell::Number(number) => Some(number_of(&self.field, self.field.kind(), number)),
            Cell::Value(Value::Integer(number)) => Some(number as f64),
            _ => None,
        }
    }

    fn text(&mut self, row: u32) -> Option<Arc<str>> {
        let code = match &self.resolved {
            Resolved::Coded { codes, .. } | Resolved::Ids { codes, .. } => codes.get(row as usize),
            _ => 0,
        };
        if let Some(text) = self.texts.get(&code) {
            return text.clone();
        }
        let text = match self.cell(row) {
            Cell::Value(Value::Text(text)) => Some(text.into()),
            Cell::Value(Value::Keys(labels)) => Some(keys_text(labels).into()),
            Cell::Value(Value::Address(address)) => Some(address.to_string().into()),
            Cell::Value(Value::Integer(number)) => Some(number.to_string().into()),
            Cell::Id(id) => Some(hex(id).into()),
            _ => None,
        };
        self.texts.insert(code, text.clone());
        text
    }
}

/// The column of a field for rows of several tables.
pub(super) fn column(tables: &[impl Entries], field: &Field, rows: &[RowRef]) -> Column {
    let mut readers: Vec<Option<Reader<'_>>> = tables.iter().map(|_| None).collect();
    for (table, _) in rows {
        let reader = &mut readers[*table as usize];
        if reader.is_none() {
            *reader = Some(Reader::new(&tables[*table as usize], field));
        }
    }
    let readers = &mut readers;
    match field.kind() {
        Kind::Time => Column::Time(read(readers, rows, |reader, row| reader.integer(row))),
        Kind::Duration => Column::Float(read(readers, rows, |reader, row| reader.float(row))),
        Kind::Integer | Kind::Bytes | Kind::Number => {
            Column::Integer(read(readers, rows, |reader, row| reader.integer(row)))
        }
        Kind::Text | Kind::Address => Column::Text(read(readers, rows, |reader, row| reader.text(row))),
    }
}

/// Bytes of columns, each text counted once.
pub(crate) fn bytes(columns: &[(Field, Column)]) -> usize {
    const ARC: usize = 32;
    let of = |column: &Column| match column {
        Column::Text(values) => {
            let mut seen = FxHashSet::default();
            let texts = values.iter().flatten().filter(|text| seen.insert(Arc::as_ptr(text).cast::<u8>()));
            size_of_val(values.as_slice()) + texts.map(|text| ARC + text.len()).sum::<usize>()
        }
        Column::Integer(values) | Column::Time(values) => size_of_val(values.as_slice()),
        Column::Float(values) => size_of_val(values.as_slice()),
    };
    columns.iter().map(|(_, column)| of(column)).sum()
}

fn read<'a, T>(
    readers: &mut [Option<Reader<'a>>],
    rows: &[RowRef],
    cell: impl Fn(&mut Reader<'a>, u32) -> Option<T>,
) -> Vec<Option<T>> {
    rows.iter().map(|(table, row)| readers[*table as usize].as_mut().and_then(|reader| cell(reader, *row))).collect()
}
