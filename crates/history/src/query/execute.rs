//! From a query to a partial answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use goldwire_answer::{
    Body, PartialAnswer,
    coverage::{Covered, Exactness, Loss, NodeCoverage, Records, Tier, Unread, UnreadKind},
    rows::Rows,
};
use goldwire_model::{
    field::Field,
    query::{Query, QueryKind, Window},
    time::Timestamp,
};

use super::{
    groups::{Gathered, gather},
    plan::{Plan, Span},
    room::Room,
    rows::RowPlan,
    tier::Choice,
    values,
};
use crate::{
    allowance::{Allowance, QueryMemory},
    cancel::{Cancel, Cancelled},
    complete::Complete,
    store::Store,
    unread::may_match,
};

/// Of what a query may take, one part in so many is for its groups while it runs, so that some of them can be moved beside
/// the others; the answer is made of them afterwards. A finished one is made from a mergeable one, and stands beside it.
const PARTIAL_SHARE: usize = 2;
const FINISHED_SHARE: usize = 4;

/// How a query is executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Execute {
    /// Values behind quantiles are handed on themselves, however many there are, where raw records answer: for an answer
    /// that goes to no other node and is finished at once.
    pub exact: bool,
}

/// Why a query cannot be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecuteError {
    /// An editor's query, which only a panel can complete.
    #[error("the query has no `from` and `to`")]
    NoWindow,
    /// Nothing lies within.
    #[error("the query's `from` ({from}) is not before its `to` ({to})")]
    EmptyWindow {
        /// Milliseconds since the epoch.
        from: i64,
        /// Milliseconds since the epoch.
        to: i64,
    },
    /// Nobody waits for the answer any more.
    #[error("the query was cancelled")]
    Cancelled,
    /// Others have taken all the memory that queries may take.
    #[error(
        "failed to begin the query: other queries have taken the {all} bytes that queries may take together; ask again"
    )]
    NoMemory {
        /// Bytes that all queries may take together.
        all: usize,
    },
}

impl From<Cancelled> for ExecuteError {
    fn from(Cancelled: Cancelled) -> Self {
        Self::Cancelled
    }
}

/// An answer, and the memory that it takes until it is dropped.
#[derive(Debug)]
pub struct Executed {
    /// State that merges with other nodes' answers.
    pub answer: PartialAnswer,
    /// What the query has taken. Keep it as long as the answer.
    pub allowance: Allowance,
}

/// Locks the store, whatever happened to another thread that had it: history's structures stay whole between records.
pub(crate) fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Executes a query; never holds the lock while it computes.
pub(crate) fn execute(
    store: &Mutex<Store>,
    node: &str,
    query: &Query,
    (now, how): (Timestamp, Execute),
    memory: &Arc<QueryMemory>,
    cancel: &Cancel,
) -> Result<Executed, ExecuteError> {
    let window = query.window.ok_or(ExecuteError::NoWindow)?;
    if window.from >= window.to {
        return Err(ExecuteError::EmptyWindow { from: window.from, to: window.to });
    }
    let allowance = memory.begin().ok_or(ExecuteError::NoMemory { all: memory.all() })?;
    let share = if how.exact { FINISHED_SHARE } else { PARTIAL_SHARE };
    let room = Room::new(allowance, cancel.clone(), share);
    let complete = lock(store).complete;
    let job = Job { store, node, query, span: clamp(window, now), now, how, complete };
    let mut executed = match &query.kind {
        QueryKind::Signals { .. }
        | QueryKind::Heatmap { .. }
        | QueryKind::ServiceMap { .. }
        | QueryKind::Table { .. } => job.groups(room),
        QueryKind::Rows { .. } => job.rows(room),
        QueryKind::Values { field, prefix, limit } => job.values(field, prefix, *limit, room),
    }?;
    if window.from > now.as_millis() {
        executed.answer.coverage.notes.push("the window begins in the future".to_owned());
    }
    Ok(executed)
}

/// The window as far as it has come: nothing is known of the future, except by clocks that differ a little.
fn clamp(window: Window, now: Timestamp) -> Span {
    const CLOCKS_DIFFER: i64 = 1_000_000_000;
    let span = Span::of(window);
    let latest = now.0.saturating_add(CLOCKS_DIFFER).max(span.from.saturating_add(1));
    Span { from: span.from, to: span.to.min(latest) }
}

struct Job<'a> {
    store: &'a Mutex<Store>,
    node: &'a str,
    query: &'a Query,
    span: Span,
    now: Timestamp,
    how: Execute,
    /// Read before the records: these may be further than it says, never less far.
    complete: Complete,
}

/// What is said of the tables that were looked at.
struct Looked {
    tier: Tier,
    /// Nanoseconds since the epoch.
    oldest: Option<i64>,
    recording_since: i64,
    covered: Vec<Covered>,
    lost: Vec<Loss>,
    unread: Vec<Unread>,
    notes: Vec<String>,
}

impl Job<'_> {
    fn groups(&self, room: Room) -> Result<Executed, Cancelled> {
        let plan = Plan::new(self.query, self.span, self.now.0, self.how.exact, self.complete);
        let (gathered, looked) = {
            let store = lock(self.store);
            let gathered = gather(&store, &plan);
            let looked = self.look(&store, gathered.choices());
            (gathered, looked)
        };
        let (grouped, allowance) = gathered.group(&plan, self.node, room)?;
        let mut coverage = self.coverage(looked, grouped.quantiles, grouped.folded);
        coverage.notes.extend(grouped.notes);
        Ok(Executed { answer: PartialAnswer { body: Body::Groups(grouped.groups), coverage }, allowance })
    }

    fn values(&self, field: &Field, prefix: &str, limit: usize, mut room: Room) -> Result<Executed, Cancelled> {
        let plans = values::plans(self.query, field, prefix, self.span);
        let (gathered, looked) = {
            let store = lock(self.store);
            let gathered: Vec<Gathered> = plans.iter().map(|plan| gather(&store, plan)).collect();
            let looked = self.look(&store, gathered.iter().flat_map(Gathered::choices));
            (gathered, looked)
        };
        let mut counted = values::Counted::of(field);
        let (mut folded, mut notes) = (0, Vec::new());
        for (plan, gathered) in plans.iter().zip(gathered) {
            let (grouped, allowance) = gathered.group(plan, self.node, room.hand_over())?;
            room = room.with(allowance);
            counted.add(&grouped.groups);
            folded += grouped.folded;
            notes.extend(grouped.notes);
        }
        let values = counted.most_frequent(prefix, limit);
        let mut coverage = self.coverage(looked, Exactness::None, folded);
        coverage.notes.extend(notes);
        let body = Body::Values { field: field.clone(), values };
        Ok(Executed { answer: PartialAnswer { body, coverage }, allowance: room.into_allowance() })
    }

    fn rows(&self, mut room: Room) -> Result<Executed, Cancelled> {
        let plan = RowPlan::new(self.query);
        let source = plan.as_ref().map_or(Records::Requests, |plan| plan.table().into());
        let (copy, looked) = {
            let store = lock(self.store);
            let reaches = store.reach(source).raw;
            let choice = Choice { rollup: None, reaches, note: None };
            let looked = self.look(&store, std::iter::once((source, &choice)));
            let reach = plan.as_ref().map_or(self.span, |plan| plan.reach(self.span));
            (store.raw(source, reach.from, reach.to), looked)
        };
        let rows = match plan {
            Some(plan) => plan.rows(&copy.into_chunks(), self.node, self.span, &mut room)?,
            None => Rows::default(),
        };
        let coverage = self.coverage(looked, Exactness::None, 0);
        Ok(Executed { answer: PartialAnswer { body: Body::Rows(rows), coverage }, allowance: room.into_allowance() })
    }

    fn look<'c>(&self, store: &Store, choices: impl Iterator<Item = (Records, &'c Choice)>) -> Looked {
        let since = store.recording_since;
        let mut looked = Looked {
            tier: Tier::Raw,
            oldest: None,
            recording_since: since,
            covered: Vec::new(),
            lost: store.losses.within(self.span.from, self.span.to),
            unread: Vec::new(),
            notes: store.blind.within(self.span.from, self.span.to),
        };
        for (source, choice) in choices {
            looked.tier = looked.tier.max(choice.tier());
            looked.covered.push(Covered {
                records: source,
                since: up_to_millis(choice.reaches.unwrap_or(since).max(since)),
                until: self.complete.of(source).map(|until| until.div_euclid(1_000_000)),
            });
            // A table that lost all that it held reaches back less far than one that never held anything.
            if choice.reaches.is_some() || store.holds_any(source) {
                looked.oldest = looked.oldest.max(Some(choice.reaches.unwrap_or(since).max(since)));
            }
            looked.notes.extend(choice.note.clone());
            if source == Records::Requests {
                looked.unread = store.unread.within(self.span.from, self.span.to);
                // Who talks to whom is what they would add to, and every machine has some.
                let is_map = matches!(self.query.kind, QueryKind::ServiceMap { .. });
                looked.unread.retain(|unread| {
                    (is_map || unread.kind != UnreadKind::UnixSockets) && may_match(unread.kind, &self.query.filter)
                });
            }
        }
        looked
    }

    fn coverage(&self, looked: Looked, quantiles: Exactness, folded_groups: u64) -> NodeCoverage {
        NodeCoverage {
            node: self.node.to_owned(),
            tier: looked.tier,
            oldest: looked.oldest.map(up_to_millis),
            recording_since: looked.recording_since.div_euclid(1_000_000),
            covered: looked.covered,
            lost: looked.lost,
            quantiles,
            folded_groups,
            notes: looked.notes,
            unread: looked.unread,
        }
    }
}

/// The first whole millisecond that is not before a moment.
fn up_to_millis(nanoseconds: i64) -> i64 {
    nanoseconds.div_euclid(1_000_000) + i64::from(nanoseconds.rem_euclid(1_000_000) != 0)
}
