//! Records of all nodes in one set of columns.

use std::borrow::Cow;

use goldwire_answer::{column::Column, rows::Rows};
use goldwire_model::{
    field::{Field, Kind},
    filter::{Lookup, Value},
};

/// Columns of equal length.
pub(super) struct Records {
    columns: Vec<(Field, Column)>,
    rows: usize,
}

impl Records {
    /// The columns that are to be shown, then those that the nodes added to join by. Where a node lacks a column, or
    /// has it of another type, its values are absent.
    pub(super) fn of(shown: &[Field], parts: Vec<Rows>) -> Self {
        let mut fields: Vec<Field> = shown.to_vec();
        for (field, _) in parts.iter().flat_map(|part| &part.columns) {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
        let mut records =
            Self { columns: fields.into_iter().map(|field| (field.clone(), empty(&field))).collect(), rows: 0 };
        for part in parts {
            records.append(part);
        }
        records
    }

    fn append(&mut self, part: Rows) {
        let rows = part.columns.iter().map(|(_, column)| column.len()).min().unwrap_or(0);
        let mut given = part.columns;
        for (field, column) in &mut self.columns {
            let place = given.iter().position(|(of, _)| of == field);
            extend(column, place.map(|place| given.swap_remove(place).1), rows);
        }
        self.rows += rows;
    }

    pub(super) const fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn column(&self, field: &Field) -> Option<&Column> {
        self.columns.iter().find(|(of, _)| of == field).map(|(_, column)| column)
    }

    pub(super) fn column_mut(&mut self, field: &Field) -> Option<&mut Column> {
        self.columns.iter_mut().find(|(of, _)| of == field).map(|(_, column)| column)
    }

    pub(super) fn columns_mut(&mut self) -> impl Iterator<Item = (&Field, &mut Column)> {
        self.columns.iter_mut().map(|(field, column)| (&*field, column))
    }

    /// A name of a record.
    pub(super) fn text(&self, field: &Field, row: usize) -> Option<&str> {
        match self.column(field)? {
            Column::Text(values) => values[row].as_deref(),
            _ => None,
        }
    }

    /// A whole number or a moment of a record.
    pub(super) fn number(&self, field: &Field, row: usize) -> Option<i64> {
        match self.column(field)? {
            Column::Integer(values) | Column::Time(values) => values[row],
            _ => None,
        }
    }

    pub(super) const fn row(&self, row: usize) -> Record<'_> {
        Record { records: self, row }
    }
}

/// The type that a field's column has.
fn empty(field: &Field) -> Column {
    match field.kind() {
        Kind::Text | Kind::Address => Column::Text(Vec::new()),
        Kind::Integer | Kind::Bytes | Kind::Number => Column::Integer(Vec::new()),
        Kind::Duration => Column::Float(Vec::new()),
        Kind::Time => Column::Time(Vec::new()),
    }
}

fn extend(column: &mut Column, given: Option<Column>, rows: usize) {
    let length = column.len() + rows;
    match (&mut *column, given) {
        (Column::Text(values), Some(Column::Text(more))) => values.extend(more.into_iter().take(rows)),
        (Column::Integer(values), Some(Column::Integer(more))) | (Column::Time(values), Some(Column::Time(more))) => {
            values.extend(more.into_iter().take(rows));
        }
        (Column::Float(values), Some(Column::Float(more))) => values.extend(more.into_iter().take(rows)),
        _ => {}
    }
    match column {
        Column::Text(values) => values.resize(length, None),
        Column::Integer(values) | Column::Time(values) => values.resize(length, None),
        Column::Float(values) => values.resize(length, None),
    }
}

/// One record, as far as names of ends go: everything else was decided by its node.
pub(super) struct Record<'a> {
    records: &'a Records,
    row: usize,
}

impl Lookup for Record<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        if !field.is_end_identity() {
            return Value::Unknown;
        }
        match self.records.column(field) {
            Some(Column::Text(values)) => match values[self.row].as_deref() {
                None | Some("") => Value::Absent,
                Some(name) => Value::Text(Cow::Borrowed(name)),
            },
            Some(Column::Integer(values)) => values[self.row].map_or(Value::Absent, Value::Integer),
            _ => Value::Unknown,
        }
    }
}
