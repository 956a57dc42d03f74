//! Records of several nodes become one list.

use std::{cmp::Ordering, sync::Arc};

use goldwire_answer::{
    column::Column,
    table::{self, NamedColumn},
};
use goldwire_model::{
    field::{Field, Table},
    query::{Query, QueryKind},
};

use crate::coverage::Joined;

pub(crate) mod exchange;
mod key;
mod pairing;
pub(crate) mod records;
mod search;

use exchange::{Cell, Exchange};
use records::Records;
pub(crate) use search::{Found, Search};

/// The rows that were found, in the columns of the query; says what is not among them.
pub(crate) fn finish(query: &Query, found: &Found, joined: &mut Joined) -> table::Table {
    let QueryKind::Rows { limit, .. } = &query.kind else { return table::Table::default() };
    let Found { more, doubtful, .. } = found;
    if *doubtful > 0 {
        joined.note(format!(
            "At least {more} more rows match than the limit of {limit} shows: {doubtful} further reports were not joined"
        ));
    } else if *more > 0 {
        joined.note(format!("{more} more rows match than the limit of {limit} shows"));
    }
    if found.is_cut_short {
        joined.note(
            "Rows may be missing: too many had to be looked at to find the first ones; a narrower filter or time range \
             finds them"
                .to_owned(),
        );
    }
    if found.is_silent {
        joined.note(
            "A node did not answer when it was asked for the other ends of rows: some may be shown twice, or without \
             names"
                .to_owned(),
        );
    }
    shown(&found.records, &query.columns(), &found.exchanges)
}

/// Whether two nodes may have reported one record: of a drop there is one report.
pub(crate) fn are_twofold(query: &Query, nodes: usize) -> bool {
    let has_two_reports = matches!(query.kind, QueryKind::Rows { table: Table::Requests | Table::Flows, .. });
    nodes > 1 && has_two_reports && !query.mentions_reporter()
}

/// Exchanges as rows.
pub(crate) fn shown(records: &Records, columns: &[Field], exchanges: &[Exchange]) -> table::Table {
    let columns = columns.iter().map(|field| NamedColumn {
        name: field.name().into(),
        unit: field.unit(),
        values: column(records, field, exchanges),
    });
    table::Table { columns: columns.collect() }
}

fn column(records: &Records, field: &Field, exchanges: &[Exchange]) -> Column {
    let cells = exchanges.iter().map(|exchange| exchange.shown(records, field));
    match records::empty(field) {
        Column::Text(_) => Column::Text(cells.map(text).collect()),
        Column::Integer(_) => Column::Integer(cells.map(integer).collect()),
        Column::Time(_) => Column::Time(cells.map(integer).collect()),
        Column::Float(_) => Column::Float(
            cells.map(|cell| if let Some(Cell::Float(number)) = cell { Some(number) } else { None }).collect(),
        ),
    }
}

fn text(cell: Option<Cell>) -> Option<Arc<str>> {
    if let Some(Cell::Text(text)) = cell { Some(text) } else { None }
}

fn integer(cell: Option<Cell>) -> Option<i64> {
    match cell {
        Some(Cell::Integer(number) | Cell::Time(number)) => Some(number),
        _ => None,
    }
}

/// Compares exchanges by all their values, so that equals of an order always stand in the same order.
fn by_values(records: &Records, a: &Exchange, b: &Exchange) -> Ordering {
    let differing = records.fields().map(|field| {
        let cells = (a.shown(records, field), b.shown(records, field));
        cells.0.partial_cmp(&cells.1).unwrap_or(Ordering::Equal)
    });
    differing.into_iter().find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

/// Compares two values of a column; absent ones are the least.
pub(crate) fn compare(column: &Column, a: usize, b: usize) -> Ordering {
    match column {
        Column::Text(values) => values[a].cmp(&values[b]),
        Column::Integer(values) | Column::Time(values) => values[a].cmp(&values[b]),
        Column::Float(values) => match (values[a], values[b]) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        },
    }
}

/// The values of these rows, in their order.
pub(crate) fn pick(column: &Column, rows: &[usize]) -> Column {
    match column {
        Column::Text(values) => Column::Text(rows.iter().map(|row| values[*row].clone()).collect()),
        Column::Integer(values) => Column::Integer(rows.iter().map(|row| values[*row]).collect()),
        Column::Float(values) => Column::Float(rows.iter().map(|row| values[*row]).collect()),
        Column::Time(values) => Column::Time(rows.iter().map(|row| values[*row]).collect()),
    }
}
