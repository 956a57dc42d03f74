//! Records as they come, for queries that stream.

use std::sync::Arc;

use goldwire_answer::rows::Rows;
use goldwire_model::{field::Table, query::Query, record::Record};

use crate::{
    chunk::{
        drops::DropRow,
        flows::FlowRow,
        open::{OpenChunk, Row},
        processes::ProcessRow,
        requests::RequestRow,
        sealed::Chunk,
    },
    query::{plan::Span, rows::RowPlan},
};

/// Records appended together.
pub type Batch = Arc<[Record]>;

/// Rows of one sealed chunk at most: its codes are of 16 bits.
const MOST_ROWS: usize = 16_384;

/// Turns batches of records into the rows that a live query is to show.
#[derive(Clone, Debug)]
pub struct LiveMatcher {
    query: Query,
    table: Table,
    node: String,
}

impl LiveMatcher {
    /// `None` where the query asks for no rows. `node` is this node's name.
    #[must_use]
    pub fn new(query: &Query, node: &str) -> Option<Self> {
        let table = RowPlan::new(query)?.table();
        Some(Self { query: query.clone(), table, node: node.to_owned() })
    }

    /// The records that match, as rows in the columns of the query, in its order; each report on a flow is a row.
    /// `None` where none matches. The query's window does not matter here, its limit does.
    #[must_use]
    pub fn rows<'r>(&self, records: impl IntoIterator<Item = &'r Record>) -> Option<Rows> {
        let plan = RowPlan::new(&self.query)?;
        let chunks = self.chunks(records);
        let rows = plan.records(&chunks, &self.node, Span { from: i64::MIN, to: i64::MAX });
        let any = rows.columns.first().is_some_and(|(_, column)| !column.is_empty());
        any.then_some(rows)
    }

    /// The columns of the query, without a row.
    #[must_use]
    pub fn empty(&self) -> Rows {
        let span = Span { from: i64::MIN, to: i64::MAX };
        RowPlan::new(&self.query).map(|plan| plan.records(&[], &self.node, span)).unwrap_or_default()
    }

    fn chunks<'r>(&self, records: impl IntoIterator<Item = &'r Record>) -> Vec<Arc<Chunk>> {
        let records = records.into_iter();
        match self.table {
            Table::Requests => seal::<RequestRow>(records.filter_map(|record| match record {
                Record::Request(request) => Some(request),
                _ => None,
            })),
            Table::Flows => seal::<FlowRow>(records.filter_map(|record| match record {
                Record::Flow(flow) => Some(flow),
                _ => None,
            })),
            Table::Drops => seal::<DropRow>(records.filter_map(|record| match record {
                Record::Drop(dropped) => Some(dropped),
                _ => None,
            })),
            Table::Processes => seal::<ProcessRow>(records.filter_map(|record| match record {
                Record::Process(process) => Some(process),
                _ => None,
            })),
        }
    }
}

fn seal<'r, R: Row>(records: impl Iterator<Item = &'r R::Record>) -> Vec<Arc<Chunk>>
where
    R::Record: 'r,
{
    let mut open = OpenChunk::<R>::new(MOST_ROWS);
    let mut chunks = Vec::new();
    for record in records {
        open.push(record);
        if open.is_full() {
            chunks.push(Arc::new(open.seal()));
        }
    }
    if open.len() > 0 {
        chunks.push(Arc::new(open.seal()));
    }
    chunks
}
