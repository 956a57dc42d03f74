//! One exchange or connection: its report, and the other end's where there is one.
//!
//! What was exchanged is the server's report, whole, as it is where one node sees both ends. Each end's identity comes
//! from the side that it runs on. Of a connection, each socket knows the segments that itself sent again, and only the
//! client's how long the connect took.

use std::{borrow::Cow, sync::Arc};

use goldwire_answer::column::Column;
use goldwire_model::{
    field::{EndField, Field, Side},
    filter::{Filter, Lookup, Value},
    query::Query,
    time::Timestamp,
};

use super::records::Records;

/// Rows of [`Records`]; two of one record, or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// The server's report where there is one.
    pub(crate) main: usize,
    /// The client's report beside the server's.
    pub(crate) client: Option<usize>,
    /// The client's report only says who is at the ends: it is not of the same part of a connection.
    names_only: bool,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) enum Cell {
    Text(Arc<str>),
    Integer(i64),
    Float(f64),
    Time(i64),
}

impl Exchange {
    pub(crate) const fn of(row: usize) -> Self {
        Self { main: row, client: None, names_only: false }
    }

    pub(crate) const fn both(server: usize, client: usize) -> Self {
        Self { main: server, client: Some(client), names_only: false }
    }

    pub(crate) const fn named_by(server: usize, client: usize) -> Self {
        Self { main: server, client: Some(client), names_only: true }
    }

    /// The value as it is shown: a workload that nobody knows is called by its DNS name, else by its address.
    pub(crate) fn shown(&self, records: &Records, field: &Field) -> Option<Cell> {
        let known = self.known(records, field);
        match field {
            Field::End(side, EndField::Workload) if known.is_none() => {
                let mut names = [EndField::Dns, EndField::Address].into_iter();
                names.find_map(|end| self.known(records, &Field::End(*side, end)))
            }
            _ => known,
        }
    }

    /// The value that one of the two reports has.
    pub(crate) fn known(&self, records: &Records, field: &Field) -> Option<Cell> {
        let Some(client) = self.client else { return cell(records, field, self.main) };
        let (own, other) = (cell(records, field, self.main), || cell(records, field, client));
        match field {
            Field::End(Side::Source, _) => other().or(own),
            Field::End(Side::Destination, EndField::Service) => {
                own.or_else(other).or_else(|| self.translated(records, client))
            }
            Field::End(Side::Destination, _) => own.or_else(other),
            _ if self.names_only => own,
            Field::Retransmits => added(own, other()),
            Field::ConnectLatency | Field::TlsHandshakeLatency => least(own, other()),
            _ => own,
        }
    }

    /// The address that the client asked for, where it is not the server's own.
    fn translated(&self, records: &Records, client: usize) -> Option<Cell> {
        let address = |row| {
            let end = |end| Field::End(Side::Destination, end);
            let port = records.number(&end(EndField::Port), row)?;
            Some((records.text(&end(EndField::Address), row)?, port))
        };
        let (asked, own) = (address(client)?, address(self.main)?);
        let text = if asked.0.contains(':') {
            format!("[{}]:{}", asked.0, asked.1)
        } else {
            format!("{}:{}", asked.0, asked.1)
        };
        (asked != own).then(|| Cell::Text(text.into()))
    }

    /// Whether it is to be shown: what the query wants as far as anybody knows, and what is enforced for certain.
    pub(crate) fn matches(&self, records: &Records, query: &Query) -> bool {
        let as_shown = Known { records, exchange: *self, is_strict: false };
        let is_shown = query.filter.is_all() || query.filter.matches(&as_shown).is_certain();
        is_shown && self.is_allowed(records, &query.enforced)
    }

    fn is_allowed(&self, records: &Records, enforced: &Filter) -> bool {
        let as_known = Known { records, exchange: *self, is_strict: true };
        enforced.is_all() || enforced.matches(&as_known).is_certain()
    }

    /// Nobody who answered runs that end.
    fn is_elsewhere(&self, records: &Records, side: Side) -> bool {
        self.client.is_none() && records.is_elsewhere(side, self.main)
    }
}

/// Values of an exchange for a filter.
struct Known<'a> {
    records: &'a Records,
    exchange: Exchange,
    /// Names of an end that runs elsewhere are unknown, and nothing stands for them.
    is_strict: bool,
}

impl Lookup for Known<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        let cell = if self.is_strict {
            self.exchange.known(self.records, field)
        } else {
            self.exchange.shown(self.records, field)
        };
        match (cell, field) {
            (Some(cell), _) => cell.into_value(),
            (None, Field::End(side, end))
                if self.is_strict && end.is_identity() && self.exchange.is_elsewhere(self.records, *side) =>
            {
                Value::Unknown
            }
            (None, _) => Value::Absent,
        }
    }
}

impl Cell {
    fn into_value(self) -> Value<'static> {
        match self {
            Self::Text(text) => Value::Text(Cow::Owned(text.to_string())),
            Self::Integer(number) => Value::Integer(number),
            Self::Float(number) => Value::Float(number),
            Self::Time(nanoseconds) => Value::Time(Timestamp(nanoseconds)),
        }
    }
}

/// The value of one report.
pub(crate) fn cell(records: &Records, field: &Field, row: usize) -> Option<Cell> {
    match records.column(field)? {
        Column::Text(values) => values[row].clone().filter(|text| !text.is_empty()).map(Cell::Text),
        Column::Integer(values) => values[row].map(Cell::Integer),
        Column::Float(values) => values[row].map(Cell::Float),
        Column::Time(values) => values[row].map(Cell::Time),
    }
}

fn added(own: Option<Cell>, other: Option<Cell>) -> Option<Cell> {
    match (own, other) {
        (Some(Cell::Integer(own)), Some(Cell::Integer(other))) => Some(Cell::Integer(own.saturating_add(other))),
        (own, other) => own.or(other),
    }
}

fn least(own: Option<Cell>, other: Option<Cell>) -> Option<Cell> {
    match (own, other) {
        (Some(Cell::Float(own)), Some(Cell::Float(other))) => Some(Cell::Float(own.min(other))),
        (own, other) => own.or(other),
    }
}
