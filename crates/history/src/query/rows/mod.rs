//! `flows`, `requests`, `drops` and `processes`: records as rows.

use std::sync::Arc;

use goldwire_answer::{column::Column, rows::Rows};
use goldwire_model::{
    field::{EndField, Field, Side, Table},
    query::{Order, Query, QueryKind},
};

use self::{
    cells::{Reader, column},
    top::{RowRef, Top},
};
use super::{
    mask::{FALSE, TRUE, mask},
    plan::Span,
    raw::{Counting, Wanted, has_two_reports, select},
    room::Room,
};
use crate::{
    cancel::Cancelled,
    chunk::{
        resolve::{Entries, NamedChunk},
        sealed::Chunk,
    },
};

mod cells;
mod flows;
mod top;

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
        let newest_first = || vec![Order { field: Field::Time, descending: true }];
        let order = if order_by.is_empty() { newest_first() } else { order_by.clone() };
        Some(Self { query, table: *table, columns: columns(query, *table), order, limit: *limit })
    }

    pub(crate) const fn table(&self) -> Table {
        self.table
    }

    fn deduplicate(&self) -> bool {
        !self.query.mentions_reporter() && has_two_reports(self.table.into())
    }

    /// Rows of these chunks within the span, as many of the first ones as there is room for.
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
        let mut best = Best::new(self, room.most() / RANKS_SHARE);
        for number in (0..tables.len()).rev() {
            self.offer(&tables, number, span, &mut best);
            room.check()?;
        }
        Ok(self.materialise(&tables, best.finish(), room))
    }

    /// One row a record, a connection's reports not put together.
    pub(crate) fn records(&self, chunks: &[Arc<Chunk>], node: &str, span: Span) -> Rows {
        let tables: Vec<_> = chunks.iter().map(|chunk| NamedChunk { chunk, node }).collect();
        let mut best = Best::new(self, usize::MAX);
        // The newest first: most queries want these, and what comes after is then put aside at once.
        (0..tables.len()).rev().for_each(|number| self.offer(&tables, number, span, &mut best));
        let (rows, cut) = best.finish();
        Rows { columns: self.cells(&tables, &rows), cut }
    }

    fn offer(&self, tables: &[NamedChunk<'_>], number: usize, span: Span, best: &mut Best<'_>) {
        let wanted = Wanted {
            about: false,
            span,
            filter: &self.query.filter,
            reports: Counting::counted(self.deduplicate(), self.table.into()),
        };
        let (rows, truths) = select(tables[number], wanted);
        best.offer(&tables[number], number as u32, &rows, truths.as_deref());
    }

    /// One row a connection. Where there are many, they are put together in parts: first to find the rows that come first,
    /// then once more to keep these.
    fn connections(&self, chunks: &[Arc<Chunk>], node: &str, span: Span, room: &mut Room) -> Result<Rows, Cancelled> {
        let parts = flows::Part::of(chunks, room.most() / CONNECTIONS_SHARE);
        let combine = |part| flows::combine(chunks, node, span, self.deduplicate(), part);
        let mut best = Best::new(self, room.most() / RANKS_SHARE);
        let mut tables = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let connections = combine(*part);
            let truths = mask(&self.query.filter, &connections);
            let possible = |row: &u32| truths.as_ref().is_none_or(|truths| truths[*row as usize] != FALSE);
            let rows: Vec<u32> = (0..connections.count() as u32).filter(possible).collect();
            best.offer(&connections, number as u32, &rows, truths.as_deref());
            if parts.len() == 1 {
                tables.push(connections);
            }
            room.check()?;
        }
        let (mut rows, cut) = best.finish();
        if parts.len() > 1 {
            for (number, part) in parts.iter().enumerate() {
                tables.push(combine(*part).only(number as u32, &mut rows));
                room.check()?;
            }
        }
        Ok(self.materialise(&tables, (rows, cut), room))
    }

    /// The first of these rows, as many as there is room for.
    fn materialise(&self, tables: &[impl Entries], (mut rows, mut cut): (Vec<RowRef>, u64), room: &mut Room) -> Rows {
        loop {
            let columns = self.cells(tables, &rows);
            let bytes = cells::bytes(&columns);
            if rows.len() <= 1 || (bytes <= room.bound() && room.reach(bytes)) {
                return Rows { columns, cut };
            }
            let kept = rows.len() / 2;
            cut += (rows.len() - kept) as u64;
            rows.truncate(kept);
        }
    }

    fn cells(&self, tables: &[impl Entries], rows: &[RowRef]) -> Vec<(Field, Column)> {
        self.columns.iter().map(|field| (field.clone(), column(tables, field, rows))).collect()
    }
}

/// Parts of a query's memory: for what rows are ordered by, and for connections that are put together.
const RANKS_SHARE: usize = 8;
const CONNECTIONS_SHARE: usize = 4;

/// The columns asked for, then what the merge joins and decides by.
fn columns(query: &Query, table: Table) -> Vec<Field> {
    let mut columns = query.columns();
    let mut add = |field: Field| {
        if !columns.contains(&field) {
            columns.push(field);
        }
    };
    add(Field::Time);
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
    query.filter.end_identity_fields().into_iter().for_each(&mut add);
    for side in [Side::Source, Side::Destination] {
        if columns.contains(&Field::End(side, EndField::Workload)) {
            let dns = Field::End(side, EndField::Dns);
            if !columns.contains(&dns) {
                columns.push(dns);
            }
        }
    }
    columns
}

/// The first rows that match for sure, and the first of those that the merge has to decide on: so that neither pushes
/// the other out.
struct Best<'p> {
    plan: &'p RowPlan<'p>,
    certain: Top,
    possible: Top,
}

impl<'p> Best<'p> {
    /// What rows are ordered by takes so many bytes at most.
    fn new(plan: &'p RowPlan<'_>, bytes: usize) -> Self {
        let descending: Vec<bool> = plan.order.iter().map(|order| order.descending).collect();
        let top = |descending| Top::new(plan.limit, descending, bytes / 2);
        Self { plan, certain: top(descending.clone()), possible: top(descending) }
    }

    fn offer(&mut self, entries: &impl Entries, table: u32, rows: &[u32], truths: Option<&[u8]>) {
        let readers: Vec<Reader<'_>> = self.plan.order.iter().map(|order| Reader::new(entries, &order.field)).collect();
        for row in rows.iter().rev() {
            let certain = truths.is_none_or(|truths| truths[*row as usize] == TRUE);
            let top = if certain { &mut self.certain } else { &mut self.possible };
            top.offer((table, *row), |column| readers[column].rank(*row));
        }
    }

    /// The rows in order, and how many were cut.
    fn finish(self) -> (Vec<RowRef>, u64) {
        let descending: Vec<bool> = self.plan.order.iter().map(|order| order.descending).collect();
        let (mut rows, certain) = self.certain.finish();
        let (possible_rows, possible) = self.possible.finish();
        rows.extend(possible_rows);
        rows.sort_by(|a, b| top::in_order(a, b, &descending));
        let cut = certain + possible - rows.len() as u64;
        (rows.into_iter().map(|(_, row)| row).collect(), cut)
    }
}
