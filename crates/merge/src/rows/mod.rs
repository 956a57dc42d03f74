//! Records of several nodes become one list.

use std::cmp::Ordering;

use goldwire_answer::{
    column::Column,
    rows::Rows,
    table::{NamedColumn, Table},
};
use goldwire_model::{
    field::Field,
    query::{Order, Query, QueryKind},
};

use crate::{coverage::Joined, residual::Residual};

mod names;
mod records;
mod twice;

use records::Records;

/// Joins the parts: what two nodes saw is shown once, with the names of both; ordered and cut as the query wants.
pub(crate) fn merge(query: &Query, parts: Vec<Rows>, joined: &mut Joined) -> Table {
    let QueryKind::Rows { order_by, limit, .. } = &query.kind else { return Table::default() };
    let cut_by_nodes: u64 = parts.iter().map(|part| part.cut).sum();
    // What several nodes cut may be the same records, seen from both ends.
    let may_be_twice = parts.iter().filter(|part| part.cut > 0).count() > 1 && !query.mentions_reporter();
    let columns = query.columns();
    let mut records = Records::of(&columns, parts);
    let mut kept: Vec<usize> = (0..records.len()).collect();
    if !query.mentions_reporter() {
        kept = twice::once_each(&mut records);
    }
    names::fill(&mut records);
    if let Some(residual) = Residual::of(query) {
        kept.retain(|row| residual.keeps(&records.row(*row)));
    }
    sort(&records, order_by, &mut kept);
    let cut = cut_by_nodes + kept.len().saturating_sub(*limit) as u64;
    if cut > 0 {
        let at_most = if may_be_twice { "Up to " } else { "" };
        joined.note(format!("{at_most}{cut} more rows match than the limit of {limit} shows"));
    }
    kept.truncate(*limit);
    shown(&records, &columns, &kept)
}

/// As asked, else newest first; rows that are equal so far stay in the order of their nodes.
fn sort(records: &Records, order_by: &[Order], rows: &mut [usize]) {
    let newest_first = [Order { field: Field::Time, descending: true }];
    let order = if order_by.is_empty() { &newest_first[..] } else { order_by };
    let columns: Vec<(&Column, bool)> =
        order.iter().filter_map(|order| Some((records.column(&order.field)?, order.descending))).collect();
    rows.sort_by(|a, b| {
        let orderings = columns.iter().map(|(column, descending)| {
            let ordering = compare(column, *a, *b);
            if *descending { ordering.reverse() } else { ordering }
        });
        orderings.into_iter().find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    });
}

fn shown(records: &Records, columns: &[Field], rows: &[usize]) -> Table {
    let columns = columns.iter().filter_map(|field| {
        Some(NamedColumn { name: field.name().into(), unit: field.unit(), values: pick(records.column(field)?, rows) })
    });
    Table { columns: columns.collect() }
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
