//! Live rows of several nodes: each exchange once, with the names of both ends, the oldest first.
//!
//! The two reports of an exchange come apart. So what came is held for a moment; then the other ends' reports are asked
//! for by what they have in common, and each exchange is shown by the report that it would be shown by in the past. All of
//! this is pure: the caller says what time it is, and carries questions and answers.

use std::collections::VecDeque;

use goldwire_answer::{PartialAnswer, rows::Rows, table::Table};
use goldwire_model::{
    field::{self, Field},
    query::{MOST_PARTNERS, Mark, Partner, Portion, Query, QueryKind, Window},
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::rows::{self, exchange::Exchange, records::Records};

/// How long what came is held: the other end's report comes within it.
const HOLD_MILLIS: i64 = 1_000;

/// Rows that are held, at most: beyond, those that come are counted and left out.
const MOST_HELD: usize = 65_536;

/// Exchanges that are remembered after they were shown, in case the other end's report comes late.
const MOST_REMEMBERED: usize = 65_536;

/// Questions for partners in one batch, at most.
const MOST_QUESTIONS: usize = 8;

/// Rows of all nodes as they come.
pub struct LiveInquiry {
    query: Query,
    /// Two nodes may report one exchange.
    joins: bool,
    held: VecDeque<Held>,
    held_rows: usize,
    left_out: LeftOut,
    remembered: Remembered,
}

/// What a node told at a time.
struct Held {
    came: i64,
    node: usize,
    rows: Rows,
}

/// Rows that are not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Rows that matched.
    pub rows: u64,
    /// Reports that may have been of these, or of others.
    pub doubtful: u64,
}

#[derive(Default)]
struct Remembered {
    order: VecDeque<Partner>,
    known: FxHashSet<Partner>,
}

/// What is shown together.
#[derive(Default)]
pub struct Batch {
    records: Records,
    /// Rows that came.
    told: Vec<usize>,
    questions: Vec<Query>,
    /// Beyond what can be asked at once.
    unasked: FxHashSet<Partner>,
    /// Partners that came when they were asked for.
    partners: FxHashMap<Partner, Vec<usize>>,
}

impl LiveInquiry {
    /// Follows a query on so many nodes.
    #[must_use]
    pub fn new(query: &Query, nodes: usize) -> Self {
        Self {
            query: query.clone(),
            joins: rows::are_twofold(query, nodes),
            held: VecDeque::new(),
            held_rows: 0,
            left_out: LeftOut::default(),
            remembered: Remembered::default(),
        }
    }

    /// What each of so many nodes is asked; after a break, with the last mark that the node gave.
    #[must_use]
    pub fn opening(query: &Query, nodes: usize, after: Option<Mark>) -> Query {
        let mut query = Query { partial: true, ..query.clone() };
        query.portion = Portion { alone: nodes == 1, after, ..Portion::default() };
        if let QueryKind::Rows { live, .. } = &mut query.kind {
            *live = true;
        }
        query
    }

    /// Takes what a node told. Times are the caller's, in milliseconds.
    pub fn take(&mut self, node: usize, rows: Rows, now: i64) {
        self.left_out.rows += rows.cut;
        self.left_out.doubtful += rows.doubtful;
        let count = rows.columns.first().map_or(0, |(_, column)| column.len());
        if self.held_rows + count > MOST_HELD {
            let mut records = Records::default();
            let told = records.append(node, rows);
            let twins =
                told.clone().filter(|row| records.is_by_client(*row) && records.partner(*row).is_some()).count();
            self.left_out.rows += (told.len() - twins) as u64;
            self.left_out.doubtful += twins as u64;
        } else if count > 0 {
            self.held_rows += count;
            self.held.push_back(Held { came: now, node, rows });
        }
    }

    /// When the next batch is due; `None` while nothing is held.
    #[must_use]
    pub fn due(&self) -> Option<i64> {
        let hold = if self.joins { HOLD_MILLIS } else { 0 };
        self.held.front().map(|held| held.came.saturating_add(hold))
    }

    /// What is to be shown now, once its questions are answered.
    pub fn batch(&mut self, now: i64) -> Option<Batch> {
        let mut batch = Batch::default();
        while self.due().is_some_and(|due| due <= now) {
            let Some(held) = self.held.pop_front() else { break };
            let told = batch.records.append(held.node, held.rows);
            self.held_rows -= told.len();
            batch.told.extend(told);
        }
        if batch.told.is_empty() {
            return None;
        }
        if self.joins {
            batch.ask(&self.query);
        }
        Some(batch)
    }

    /// The rows of a batch, the oldest first.
    pub fn finish(&mut self, batch: &Batch) -> Table {
        let is_flows = matches!(&self.query.kind, QueryKind::Rows { table: field::Table::Flows, .. });
        let mut shown = Vec::new();
        for row in &batch.told {
            let link = batch.records.partner(*row).filter(|_| self.joins);
            if link.as_ref().is_some_and(|link| batch.unasked.contains(link)) {
                self.left_out.doubtful += 1;
                continue;
            }
            let Some(exchange) = batch.exchange(*row, link.as_ref(), is_flows) else { continue };
            if !exchange.matches(&batch.records, &self.query) {
                continue;
            }
            // A report on a flow has no name of its own.
            let is_new = link.is_none_or(|link| is_flows || self.remembered.insert(link));
            if is_new {
                shown.push(exchange);
            }
        }
        shown.sort_by_key(|exchange| batch.records.number(&Field::Time, exchange.main));
        rows::shown(&batch.records, &self.query.columns(), &shown)
    }

    /// What was left out since this was asked before.
    pub fn left_out(&mut self) -> LeftOut {
        std::mem::take(&mut self.left_out)
    }
}

impl Batch {
    /// What all nodes are to be asked.
    #[must_use]
    pub fn questions(&self) -> &[Query] {
        &self.questions
    }

    /// Takes the answer of a node to one of the questions.
    pub fn take(&mut self, node: usize, question: &Query, answer: PartialAnswer) {
        let goldwire_answer::Body::Rows(rows) = answer.body else { return };
        let asked: FxHashSet<&Partner> = question.portion.partners.iter().collect();
        for row in self.records.append(node, rows) {
            if let Some(link) = self.records.partner(row).filter(|link| asked.contains(link)) {
                self.partners.entry(link).or_default().push(row);
            }
        }
    }

    fn ask(&mut self, query: &Query) {
        let links = self.told.iter().filter_map(|row| self.records.partner(*row));
        let mut known = FxHashSet::default();
        let partners: Vec<Partner> = links.filter(|link| known.insert(link.clone())).collect();
        let times = self.told.iter().filter_map(|row| self.records.number(&Field::Time, *row));
        let millis = |nanoseconds: i64| nanoseconds.div_euclid(1_000_000).max(0);
        let (first, last) = times.fold((i64::MAX, 0), |(first, last), time| (first.min(time), last.max(time)));
        // Clocks differ; nodes look around the window.
        let window = Window { from: millis(first.min(last)), to: millis(last).saturating_add(1) };
        let question = |partners: &[Partner]| {
            let portion = Portion { partners: partners.to_vec(), ..Portion::default() };
            let mut question = Query { partial: true, window: Some(window), portion, ..query.clone() };
            if let QueryKind::Rows { live, .. } = &mut question.kind {
                *live = false;
            }
            question
        };
        self.questions = partners.chunks(MOST_PARTNERS).take(MOST_QUESTIONS).map(question).collect();
        self.unasked = partners.into_iter().skip(MOST_PARTNERS * MOST_QUESTIONS).collect();
    }

    /// The exchange that a row is to be shown as; none where the other end's report stands for it.
    fn exchange(&self, row: usize, link: Option<&Partner>, is_flows: bool) -> Option<Exchange> {
        let Some(link) = link else { return Some(Exchange::of(row)) };
        let by_client = self.records.is_by_client(row);
        let others = self.partners.get(link).map_or(&[][..], Vec::as_slice).iter();
        let time = |row: usize| self.records.number(&Field::Time, row).unwrap_or(0);
        let nearest = others
            .filter(|other| self.records.is_by_client(**other) != by_client)
            .min_by_key(|other| time(**other).abs_diff(time(row)));
        match (by_client, nearest) {
            (true, Some(_)) => None,
            (false, Some(client)) if is_flows => Some(Exchange::named_by(row, *client)),
            (false, Some(client)) => Some(Exchange::both(row, *client)),
            (_, None) => Some(Exchange::of(row)),
        }
    }
}

impl Remembered {
    /// False where it is known already.
    fn insert(&mut self, link: Partner) -> bool {
        if !matches!(link, Partner::Pairing(_, Some(_))) {
            return true;
        }
        if !self.known.insert(link.clone()) {
            return false;
        }
        self.order.push_back(link);
        if self.order.len() > MOST_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}
