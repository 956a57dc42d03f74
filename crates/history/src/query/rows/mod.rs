//! `flows`, `requests`, `drops` and `processes`: records as rows.

use std::sync::Arc;

use goldwire_answer::{column::Column, rows::Rows};
use goldwire_model::{
    field::{EndField, Field, Side, Table},
    query::{Order, Query, QueryKind},
};

use self::{
    candidates::{Candidate, Candidates, Found},
    cells::column,
    flows::Spans,
    partners::Links,
    sides::{Reported, elsewhere},
    top::RowRef,
};
use super::{
    plan::Span,
    raw::{Counting, has_two_reports},
    room::Room,
};
use crate::{
    cancel::Cancelled,
    chunk::{
        ends::Flags,
        resolve::{Entries, NamedChunk},
        sealed::{Chunk, Slot},
    },
    ring::Piece,
};

pub(crate) use cells::bytes;

mod candidates;
mod cells;
mod flows;
mod partners;
mod sides;
mod top;

/// Clocks differ between nodes: a partner is looked for so far around the window.
const PARTNERS_AROUND_NANOSECONDS: i64 = 300_000_000_000;

/// Reports that are handed out for one question for partners, at most.
const MOST_REPORTS: usize = 65_536;

/// Which rows are wanted, in which columns and order.
pub(crate) struct RowPlan<'q> {
    query: &'q Query,
    table: Table,
    columns: Vec<Field>,
    order: Vec<Order>,
    limit: usize,
}

impl<'q> RowPlan<'q> {
    /// `None` where the query asks for no rows.
    pub(crate) fn new(query: &'q Query) -> Option<Self> {
        let QueryKind::Rows { table, order_by, limit, .. } = &query.kind else { return None };
        let mut order = order_by.clone();
        if order.iter().all(|order| order.field != Field::Time) {
            order.push(Order { field: Field::Time, descending: true });
        }
        let columns = columns(query, *table, &order);
        Some(Self { query, table: *table, columns, order, limit: query.portion.first.unwrap_or(*limit) })
    }

    pub(crate) const fn table(&self) -> Table {
        self.table
    }

    /// What history is to be read of.
    pub(crate) fn reach(&self, span: Span) -> Span {
        if self.query.portion.partners.is_empty() {
            return span;
        }
        Span {
            from: span.from.saturating_sub(PARTNERS_AROUND_NANOSECONDS),
            to: span.to.saturating_add(PARTNERS_AROUND_NANOSECONDS),
        }
    }

    fn deduplicate(&self) -> bool {
        !self.query.mentions_reporter() && has_two_reports(self.table.into())
    }

    /// Another node may have the other end's report of a record, and it is asked for that.
    fn is_twofold(&self) -> bool {
        self.deduplicate() && !self.query.portion.alone
    }

    /// Rows of these chunks within the span, as many of the first ones as there is room for; or the partners that are
    /// asked for.
    pub(crate) fn rows(
        &self,
        chunks: &[Arc<Chunk>],
        node: &str,
        span: Span,
        room: &mut Room,
    ) -> Result<Rows, Cancelled> {
        if self.table == Table::Flows {
            return self.connections(chunks, node, span, room);
        }
        let tables: Vec<_> = chunks.iter().map(|chunk| NamedChunk { chunk, node }).collect();
        let (span, reports) = (self.reach(span), Counting::counted(self.deduplicate(), self.table.into()));
        let mut choice = Choice::new(self, room.most() / RANKS_SHARE);
        // The newest first: most queries want these, and what comes after is then put aside at once.
        for (number, table) in tables.iter().enumerate().rev() {
            choice.offer(table, number as u32, &rows_within(table.chunk, span, reports));
            room.check()?;
        }
        Ok(self.materialise(&tables, choice.finish(), room))
    }

    /// These rows of chunks from that moment on, one row a record: a connection's reports are not put together.
    pub(crate) fn pieces(&self, pieces: &[Piece], node: &str, from: i64) -> Rows {
        let tables: Vec<_> = pieces.iter().map(|(chunk, _)| NamedChunk { chunk, node }).collect();
        let reports = Counting::counted(self.deduplicate(), self.table.into());
        let span = Span { from, to: i64::MAX };
        let mut choice = Choice::new(self, usize::MAX);
        for (number, (table, (_, rows))) in tables.iter().zip(pieces).enumerate() {
            let within = rows_within(table.chunk, span, reports);
            let within: Vec<u32> = within.into_iter().filter(|row| rows.contains(row)).collect();
            choice.offer(table, number as u32, &within);
        }
        let Found { rows, cut, doubtful } = choice.finish();
        Rows { columns: self.cells(&tables, &rows), cut, doubtful }
    }

    /// One row a connection. Where there are many, they are put together in parts: first to find the rows that come first,
    /// then once more to keep these.
    fn connections(&self, chunks: &[Arc<Chunk>], node: &str, span: Span, room: &mut Room) -> Result<Rows, Cancelled> {
        let parts = flows::Part::of(chunks, room.most() / CONNECTIONS_SHARE);
        let spans = Spans { counted: span, known: self.reach(span) };
        let combine = |part| flows::combine(chunks, node, spans, self.deduplicate(), part);
        let mut choice = Choice::new(self, room.most() / RANKS_SHARE);
        let mut tables = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let connections = combine(*part);
            let rows: Vec<u32> = (0..connections.count() as u32).collect();
            choice.offer(&connections, number as u32, &rows);
            if parts.len() == 1 {
                tables.push(connections);
            }
            room.check()?;
        }
        let mut found = choice.finish();
        if parts.len() > 1 {
            for (number, part) in parts.iter().enumerate() {
                tables.push(combine(*part).only(number as u32, &mut found.rows));
                room.check()?;
            }
        }
        Ok(self.materialise(&tables, found, room))
    }

    /// The first of these rows, as many as there is room for.
    fn materialise(&self, tables: &[impl Entries], mut found: Found, room: &mut Room) -> Rows {
        loop {
            let columns = self.cells(tables, &found.rows);
            let bytes = cells::bytes(&columns);
            if found.rows.len() <= 1 || (bytes <= room.bound() && room.reach(bytes)) {
                return Rows { columns, cut: found.cut, doubtful: found.doubtful };
            }
            found.keep(found.rows.len() / 2);
        }
    }

    fn cells(&self, tables: &[impl Entries], rows: &[Candidate]) -> Vec<(Field, Column)> {
        let places: Vec<RowRef> = rows.iter().map(|candidate| candidate.row).collect();
        let cells = |field: &Field| match field {
            Field::Elsewhere => elsewhere(rows.iter().map(|candidate| candidate.sides)),
            field => column(tables, field, &places),
        };
        self.columns.iter().map(|field| (field.clone(), cells(field))).collect()
    }
}

/// Parts of a query's memory: for what rows are ordered by, and for connections that are put together.
const RANKS_SHARE: usize = 8;
const CONNECTIONS_SHARE: usize = 4;

/// Which rows are taken: the first that may be shown, or the partners that are asked for.
enum Choice<'q> {
    First(Candidates<'q>),
    Partners(Links, Vec<Candidate>),
}

impl<'q> Choice<'q> {
    /// What rows are ordered by takes so many bytes at most.
    fn new(plan: &'q RowPlan<'_>, bytes: usize) -> Self {
        let partners = &plan.query.portion.partners;
        if partners.is_empty() {
            let is_twofold = plan.is_twofold();
            return Self::First(Candidates::new(&plan.query.filter, &plan.order, plan.limit, bytes, is_twofold));
        }
        Self::Partners(Links::of(partners), Vec::new())
    }

    fn offer(&mut self, entries: &impl Reported, table: u32, rows: &[u32]) {
        match self {
            Self::First(candidates) => candidates.offer(entries, table, rows),
            Self::Partners(links, found) => {
                let asked = links.find(entries, rows);
                if !asked.is_empty() {
                    let sides = entries.sides();
                    let of = |row: u32| Candidate { row: (table, row), sides: sides[row as usize], is_sure: false };
                    found.extend(asked.into_iter().map(of));
                }
            }
        }
    }

    fn finish(self) -> Found {
        match self {
            Self::First(candidates) => candidates.finish(),
            Self::Partners(_, rows) => {
                let mut found = Found { rows, cut: 0, doubtful: 0 };
                found.keep(MOST_REPORTS);
                found
            }
        }
    }
}

fn rows_within(chunk: &Chunk, span: Span, reports: Counting) -> Vec<u32> {
    let (times, flags) = (chunk.numbers(Slot::Time), chunk.numbers(Slot::Flags));
    let mut rows: Vec<u32> = (0..chunk.len() as u32).collect();
    if !chunk.times.are_within(span.from, span.to) {
        rows.retain(|row| (span.from..span.to).contains(&times.get(*row as usize).cast_signed()));
    }
    if reports != Counting::All {
        rows.retain(|row| reports.have(Flags(flags.get(*row as usize) as u8)));
    }
    rows
}

/// The columns asked for, then what the merge joins, orders and decides by.
fn columns(query: &Query, table: Table, order: &[Order]) -> Vec<Field> {
    let mut columns = query.columns();
    let mut add = |field: Field| {
        if !columns.contains(&field) {
            columns.push(field);
        }
    };
    if has_two_reports(table.into()) {
        add(Field::Reporter);
        add(Field::Pairing);
        if table == Table::Requests {
            add(Field::Position);
        }
        add(Field::NetworkTransport);
        for side in [Side::Source, Side::Destination] {
            add(Field::End(side, EndField::Address));
            add(Field::End(side, EndField::Port));
        }
    }
    if table != Table::Processes {
        add(Field::Elsewhere);
    }
    order.iter().for_each(|order| add(order.field.clone()));
    query.filter.fields().into_iter().for_each(&mut add);
    for side in [Side::Source, Side::Destination] {
        if columns.contains(&Field::End(side, EndField::Workload)) {
            for stand_in in [EndField::Dns, EndField::Address].map(|end| Field::End(side, end)) {
                if !columns.contains(&stand_in) {
                    columns.push(stand_in);
                }
            }
        }
    }
    columns
}
