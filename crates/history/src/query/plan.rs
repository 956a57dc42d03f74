//! What a query needs from history, in history's own units.

use std::sync::Arc;

use goldwire_answer::{
    coverage::Records,
    groups::{Pair, Quantiles},
    plan::{self, Merging, Quantity, State},
};
use goldwire_model::{
    field::{Field, Table},
    filter::Filter,
    query::{Query, QueryKind, Window, nice_step},
};

use super::{raw::has_two_reports, slots::Steps};
use crate::complete::Complete;

const NANOS_PER_MILLI: i64 = 1_000_000;
/// Groups of an answer at most, pairs not counted.
const MOST_GROUPS: usize = 10_000;
/// Points of a query over time that names no step, at most.
const MOST_POINTS: u32 = 120;

/// A time in nanoseconds since the epoch, `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Span {
    pub(crate) const fn of(window: Window) -> Self {
        Self { from: window.from.saturating_mul(NANOS_PER_MILLI), to: window.to.saturating_mul(NANOS_PER_MILLI) }
    }
}

/// A query for groups.
#[derive(Debug)]
pub(crate) struct Plan<'q> {
    pub(crate) span: Span,
    /// Now, or the window's end where that is earlier: gauges are read no later.
    pub(crate) gauges_until: i64,
    pub(crate) steps: Steps,
    pub(crate) filter: &'q Filter,
    /// What was asked for.
    pub(crate) asked: usize,
    /// What was asked for, then what the merge needs beside.
    pub(crate) keys: Vec<Field>,
    pub(crate) states: Vec<State>,
    /// The table of a `table` query, which states of rows and fields refer to.
    pub(crate) table: Option<Table>,
    /// Both reports of a joined connection count as one, and pairs tell the merge what other nodes may have seen.
    pub(crate) deduplicate: bool,
    /// Values of quantiles are kept, however many there are.
    pub(crate) exact: bool,
    /// With steps, nothing later is counted: steps that are not finished would look as if less had happened.
    pub(crate) complete: Complete,
    /// Texts of keys that do not begin so are not wanted.
    pub(crate) prefix: &'q str,
    /// Groups of the answer at most, pairs not counted.
    pub(crate) most_groups: usize,
    /// The state by which groups are the largest, where there must be fewer.
    pub(crate) rank: Option<usize>,
}

impl<'q> Plan<'q> {
    pub(crate) fn new(query: &'q Query, span: Span, now: i64, exact: bool, complete: Complete) -> Self {
        let asked = plan::keys(&query.kind);
        let mut keys = asked.clone();
        let beside = plan::fallback_keys(query).into_iter().chain(query.filter.end_identity_fields());
        for key in beside {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let step = step_of(query, span).map(|millis| millis.saturating_mul(NANOS_PER_MILLI));
        Self {
            span,
            gauges_until: span.to.min(now),
            steps: Steps::over(span.from, span.to, step),
            filter: &query.filter,
            deduplicate: !query.mentions_reporter(),
            asked: asked.len(),
            keys,
            states: plan::states(&query.kind),
            table: match &query.kind {
                QueryKind::Table { table, .. } => Some(*table),
                _ => None,
            },
            exact,
            complete,
            prefix: "",
            most_groups: MOST_GROUPS,
            rank: plan::rank(&query.kind),
        }
    }

    /// The window as far as it is complete for the records of a table, where the query has steps.
    pub(crate) fn span_of(&self, source: Records) -> Span {
        let complete = self.steps.length.and(self.complete.of(source));
        Span { from: self.span.from, to: complete.map_or(self.span.to, |complete| complete.min(self.span.to)) }
    }

    /// True where rows whose other end's node has a report too are sent whatever the filter says of who is at the ends:
    /// only so the merge knows what that rules out for the other's rows.
    pub(crate) fn leaves_pairs(&self, source: Records) -> bool {
        self.deduplicate && has_two_reports(source) && !self.filter.end_identity_fields().is_empty()
    }

    /// What a slot takes while groups are filled. Half of it at least what it takes later, when that is all there is: while
    /// groups are folded, and as a row of the answer.
    pub(crate) fn slot_bytes(&self) -> usize {
        /// In the index when that has just grown.
        const INDEX: usize = 18;
        /// A number in a list that grows by a quarter, and one in a list that does not grow.
        const GROWING: usize = 10;
        const NUMBER: usize = 8;
        /// A state's own allocation, and what ordering its values takes.
        const QUANTILES: usize = size_of::<Quantiles>() + 32 + 2 * NUMBER;
        let states = |of_quantiles: usize| {
            let bytes = |state: &State| match state.merging {
                Merging::Count | Merging::Sum | Merging::Min | Merging::Max => GROWING,
                Merging::Average => 2 * GROWING,
                Merging::Quantiles => of_quantiles,
            };
            self.states.iter().map(bytes).sum::<usize>()
        };
        let filled = INDEX + GROWING + states(0);
        let folded = GROWING + 2 * NUMBER + states(QUANTILES);
        let keys = self.keys.len() * size_of::<Option<Arc<str>>>();
        let answered = 2 * NUMBER + size_of::<Option<Arc<Pair>>>() + keys + states(QUANTILES);
        filled.max(folded.max(answered).div_ceil(2))
    }

    /// What a state is made from.
    pub(crate) fn source_of(&self, state: &State) -> Records {
        match &state.quantity {
            Quantity::Measure(measure) => (*measure).into(),
            Quantity::Rows | Quantity::Field(_) => self.table.unwrap_or(Table::Requests).into(),
        }
    }

    /// All sources that states are made from, each once.
    pub(crate) fn sources(&self) -> Vec<Records> {
        let mut sources = Vec::new();
        for source in self.states.iter().map(|state| self.source_of(state)) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources
    }
}

fn step_of(query: &Query, span: Span) -> Option<i64> {
    match &query.kind {
        QueryKind::Signals { step_millis, .. } | QueryKind::Heatmap { step_millis, .. } => {
            let window = Window { from: span.from / NANOS_PER_MILLI, to: span.to / NANOS_PER_MILLI };
            Some(step_millis.unwrap_or_else(|| nice_step(window, MOST_POINTS)).max(1))
        }
        _ => None,
    }
}
