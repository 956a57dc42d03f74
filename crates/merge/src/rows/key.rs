//! What rows are ordered by.

use std::{cmp::Ordering, sync::Arc};

use goldwire_answer::rows::ClientSays;
use goldwire_model::{
    field::Field,
    query::{Order, Query, QueryKind},
};

use super::{
    exchange::{Cell, Exchange},
    records::Records,
};

/// The order of a query's rows: as asked, and the newest first among equals.
#[derive(Clone, Debug)]
pub(crate) struct Sorting(Vec<Order>);

/// Where a row stands, by each column of the order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// What the other end's report says better is not known yet: it may come first.
    First,
    Number(i64),
    Float(f64),
    Text(Arc<str>),
    /// Last, whatever the direction.
    Absent,
}

impl Sorting {
    pub(crate) fn of(query: &Query) -> Self {
        let QueryKind::Rows { order_by, .. } = &query.kind else { return Self(Vec::new()) };
        let mut order = order_by.clone();
        if order.iter().all(|order| order.field != Field::Time) {
            order.push(Order { field: Field::Time, descending: true });
        }
        Self(order)
    }

    /// Where the exchange stands, by all that is known of it.
    pub(crate) fn key(&self, records: &Records, exchange: &Exchange) -> Key {
        Key(self.0.iter().map(|order| part(exchange.shown(records, &order.field))).collect())
    }

    /// Where the exchange of a server's report stands at the earliest, whose client's report is not here.
    pub(crate) fn earliest(&self, records: &Records, row: usize) -> Key {
        let exchange = Exchange::of(row);
        let earliest = |order: &Order| {
            let is_open = match ClientSays::of(&order.field) {
                ClientSays::Nothing => false,
                ClientSays::WhereAbsent => exchange.known(records, &order.field).is_none(),
                ClientSays::Better => true,
            };
            if is_open { Part::First } else { part(exchange.shown(records, &order.field)) }
        };
        Key(self.0.iter().map(earliest).collect())
    }

    pub(crate) fn compare(&self, a: &Key, b: &Key) -> Ordering {
        let parts = a.0.iter().zip(&b.0).zip(&self.0);
        let mut differing = parts.map(|((a, b), order)| compare(a, b, order.descending));
        differing.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

fn part(cell: Option<Cell>) -> Part {
    match cell {
        None => Part::Absent,
        Some(Cell::Text(text)) => Part::Text(text),
        Some(Cell::Integer(number) | Cell::Time(number)) => Part::Number(number),
        Some(Cell::Float(number)) => Part::Float(number),
    }
}

fn compare(a: &Part, b: &Part, descending: bool) -> Ordering {
    let ordering = match (a, b) {
        (Part::First, Part::First) | (Part::Absent, Part::Absent) => return Ordering::Equal,
        (Part::First, _) | (_, Part::Absent) => return Ordering::Less,
        (_, Part::First) | (Part::Absent, _) => return Ordering::Greater,
        (Part::Number(a), Part::Number(b)) => a.cmp(b),
        (Part::Float(a), Part::Float(b)) => a.total_cmp(b),
        (Part::Text(a), Part::Text(b)) => a.cmp(b),
        // A column has one type.
        _ => Ordering::Equal,
    };
    if descending { ordering.reverse() } else { ordering }
}
