//! Records of all nodes in one set of columns.

use std::{net::SocketAddr, ops::Range};

use goldwire_answer::{column::Column, rows::Rows};
use goldwire_model::{
    field::{EndField, Field, Kind, Side},
    query::Partner,
};

/// Columns of equal length, and which node each row came from.
#[derive(Debug, Default)]
pub(crate) struct Records {
    columns: Vec<(Field, Column)>,
    nodes: Vec<u32>,
}

impl Records {
    /// Takes the rows of a node in. Where it lacks a column, or has it of another type, its values are absent.
    pub(crate) fn append(&mut self, node: usize, part: Rows) -> Range<usize> {
        let before = self.len();
        let rows = part.columns.iter().map(|(_, column)| column.len()).min().unwrap_or(0);
        let mut given = part.columns;
        for (field, _) in &given {
            if self.column(field).is_none() {
                let mut column = empty(field);
                extend(&mut column, None, before);
                self.columns.push((field.clone(), column));
            }
        }
        for (field, column) in &mut self.columns {
            let place = given.iter().position(|(of, _)| of == field);
            extend(column, place.map(|place| given.swap_remove(place).1), rows);
        }
        self.nodes.resize(before + rows, u32::try_from(node).unwrap_or(u32::MAX));
        before..before + rows
    }

    pub(crate) const fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn node(&self, row: usize) -> usize {
        self.nodes[row] as usize
    }

    pub(crate) fn column(&self, field: &Field) -> Option<&Column> {
        self.columns.iter().find(|(of, _)| of == field).map(|(_, column)| column)
    }

    /// The fields of all columns.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.columns.iter().map(|(field, _)| field)
    }

    /// A name of a record; an empty one is none.
    pub(crate) fn text(&self, field: &Field, row: usize) -> Option<&str> {
        match self.column(field)? {
            Column::Text(values) => values[row].as_deref().filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// A whole number or a moment of a record.
    pub(crate) fn number(&self, field: &Field, row: usize) -> Option<i64> {
        match self.column(field)? {
            Column::Integer(values) | Column::Time(values) => values[row],
            _ => None,
        }
    }

    /// Where nothing told who opened the connection, both ends guess it alike, and who reports is the end that is not
    /// elsewhere.
    pub(crate) fn is_by_client(&self, row: usize) -> bool {
        match self.text(&Field::Reporter, row) {
            Some("client") => true,
            Some("server") => false,
            _ => self.text(&Field::Elsewhere, row) == Some(Side::Destination.name()),
        }
    }

    /// Whether that end does not run on the reporting node.
    pub(crate) fn is_elsewhere(&self, side: Side, row: usize) -> bool {
        let elsewhere = self.text(&Field::Elsewhere, row);
        elsewhere.is_some_and(|which| which == "both" || which == side.name())
    }

    /// The address of one end; an unspecified one where the node sent none.
    fn address(&self, side: Side, row: usize) -> Option<SocketAddr> {
        let address = self.text(&Field::End(side, EndField::Address), row)?.parse().ok()?;
        let port = self.number(&Field::End(side, EndField::Port), row).unwrap_or(0);
        Some(SocketAddr::new(address, u16::try_from(port).unwrap_or(0)))
    }

    /// What the row has in common with the other end's report of the same record, where there may be one on another
    /// node: the other end is elsewhere.
    pub(crate) fn partner(&self, row: usize) -> Option<Partner> {
        let other = if self.is_by_client(row) { Side::Destination } else { Side::Source };
        if !self.is_elsewhere(other, row) {
            return None;
        }
        self.link(row)
    }

    /// What the row has in common with reports of the same record.
    pub(crate) fn link(&self, row: usize) -> Option<Partner> {
        let pairing = self.text(&Field::Pairing, row).and_then(|text| u64::from_str_radix(text, 16).ok());
        if let Some(pairing) = pairing {
            let position = self.number(&Field::Position, row).and_then(|position| u32::try_from(position).ok());
            return Some(Partner::Pairing(pairing, position));
        }
        let transport = self.text(&Field::NetworkTransport, row).unwrap_or_default().into();
        Some(Partner::Ends(transport, self.address(Side::Source, row)?, self.address(Side::Destination, row)?))
    }
}

/// The type that a field's column has.
pub(crate) const fn empty(field: &Field) -> Column {
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
