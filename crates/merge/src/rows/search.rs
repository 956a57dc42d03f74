//! The first rows of a query over several nodes, found in rounds.
//!
//! Each node tells its first rows in the query's order, and how many it holds back. A row whose other end runs elsewhere
//! may be told by that end's node too, and only both reports together say whether it matches and where it stands. So the
//! reports' partners are asked for, and further rows, until nothing that is held back can come before the rows that are
//! shown:
//!
//! * A record that both ends report is found by its server's report. What only the client's can say of it counts as
//!   possible in the filter and as first in the order, so that the node tells it early enough.
//! * A client's report that stands alone is told as it would be shown.
//!
//! Nothing depends on the limit but where the list ends, so that it is always the beginning of the whole list.

use std::ops::Range;

use goldwire_answer::rows::Rows;
use goldwire_model::{
    field::Field,
    query::{MOST_FIRST, MOST_PARTNERS, Partner, Portion, Query, QueryKind},
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    exchange::Exchange,
    key::{Key, Sorting},
    pairing,
    records::Records,
};

/// Rounds after the first, at most.
const MOST_ROUNDS: usize = 24;

/// Rows that a node is asked for in the first round, at least: a filter may leave few of them.
const FEWEST_FIRST: usize = 64;

/// How many times more rows a node is asked for when those that it told do not do.
const GROWTH: usize = 4;

/// Rows of all nodes as far as they are known.
pub(crate) struct Search {
    query: Query,
    limit: usize,
    sorting: Sorting,
    records: Records,
    streams: Vec<Stream>,
    /// Reports by what was asked for.
    partners: FxHashMap<Partner, Vec<usize>>,
    /// Two nodes may have reported one record.
    joins: bool,
    /// Nodes that did not answer when they were asked again.
    silent: FxHashSet<usize>,
    rounds: usize,
    /// The rows could not all be found within the bounds of a search.
    is_cut_short: bool,
}

/// The first rows of a node.
struct Stream {
    rows: Range<usize>,
    asked: usize,
    cut: u64,
    doubtful: u64,
}

/// What a search has found.
pub(crate) struct Found {
    pub(crate) records: Records,
    pub(crate) exchanges: Vec<Exchange>,
    /// Rows that match and are not shown, at least.
    pub(crate) more: u64,
    /// Further reports of which is not known whether they match.
    pub(crate) doubtful: u64,
    /// They could not all be found within the bounds of a search.
    pub(crate) is_cut_short: bool,
    /// Nodes did not answer when they were asked again.
    pub(crate) is_silent: bool,
}

/// A record of which all is known that can be known.
struct Decided {
    key: Key,
    exchange: Exchange,
    /// Its node counts it among the rows that it holds back.
    is_counted: bool,
}

struct View {
    /// In order.
    decided: Vec<Decided>,
    /// Reports whose partner is to be asked for, in the order of where they stand at the earliest.
    open: Vec<(Key, Partner)>,
    /// Nothing that a node holds back comes before.
    bound: Option<Key>,
}

impl Search {
    /// What all of so many nodes are asked in the first round.
    pub(crate) fn opening(query: &Query, nodes: usize) -> Portion {
        let QueryKind::Rows { limit, .. } = &query.kind else { return Portion::default() };
        // Of many nodes, each has a part of the first rows only.
        let share = limit.saturating_mul(4) / nodes.max(1);
        let first = if nodes > 4 { share.max(FEWEST_FIRST).min(*limit) } else { *limit };
        Portion { first: Some(first.max(FEWEST_FIRST)), alone: nodes == 1, ..Portion::default() }
    }

    /// Begins with what these told of all the nodes that were asked in the first round.
    pub(crate) fn new(query: &Query, nodes: usize, parts: Vec<Rows>) -> Self {
        let limit = if let QueryKind::Rows { limit, .. } = &query.kind { *limit } else { 0 };
        let asked = Self::opening(query, nodes).first.unwrap_or(limit);
        let mut search = Self {
            query: query.clone(),
            limit,
            sorting: Sorting::of(query),
            records: Records::default(),
            joins: super::are_twofold(query, nodes),
            streams: Vec::new(),
            partners: FxHashMap::default(),
            silent: FxHashSet::default(),
            rounds: 0,
            is_cut_short: false,
        };
        for (node, part) in parts.into_iter().enumerate() {
            let stream = search.stream(node, asked, part);
            search.streams.push(stream);
        }
        search
    }

    fn stream(&mut self, node: usize, asked: usize, part: Rows) -> Stream {
        let (cut, doubtful) = (part.cut, part.doubtful);
        Stream { rows: self.records.append(node, part), asked, cut, doubtful }
    }

    /// What to ask whom now; nothing where all is found.
    pub(crate) fn next(&mut self) -> Vec<(usize, Portion)> {
        let view = self.view();
        let needed = |key: &Key| {
            let last = view.decided.get(self.limit.saturating_sub(1));
            last.is_none_or(|last| self.sorting.compare(key, &last.key).is_le())
        };
        let partners = self.partners_to_ask(&view, needed);
        let growing: Vec<usize> = if partners.is_empty() { self.streams_to_grow(needed) } else { Vec::new() };
        if partners.is_empty() && growing.is_empty() {
            return Vec::new();
        }
        if self.rounds == MOST_ROUNDS {
            self.is_cut_short = true;
            return Vec::new();
        }
        self.rounds += 1;
        if !partners.is_empty() {
            for partner in &partners {
                self.partners.insert(partner.clone(), Vec::new());
            }
            let portion = Portion { partners, ..Portion::default() };
            let can_tell = (0..self.streams.len()).filter(|node| !self.silent.contains(node));
            return can_tell.map(|node| (node, portion.clone())).collect();
        }
        let mut questions = Vec::new();
        for node in growing {
            let stream = &mut self.streams[node];
            let first = stream.asked.saturating_mul(GROWTH).min(MOST_FIRST);
            if first == stream.asked {
                self.is_cut_short = true;
            } else {
                stream.asked = first;
                questions.push((node, Portion { first: Some(first), ..Portion::default() }));
            }
        }
        questions
    }

    fn partners_to_ask(&self, view: &View, needed: impl Fn(&Key) -> bool) -> Vec<Partner> {
        let mut chosen = FxHashSet::default();
        let mut partners = Vec::new();
        for (_, partner) in view.open.iter().take_while(|(key, _)| needed(key)) {
            if partners.len() < MOST_PARTNERS && chosen.insert(partner) {
                partners.push(partner.clone());
            }
        }
        partners
    }

    /// Nodes that hold rows back which may come before the last that is shown.
    fn streams_to_grow(&self, needed: impl Fn(&Key) -> bool) -> Vec<usize> {
        let nodes = 0..self.streams.len();
        let can_tell = nodes.filter(|node| !self.silent.contains(node));
        can_tell.filter(|node| self.threshold(*node).is_some_and(|threshold| needed(&threshold))).collect()
    }

    /// Takes a node's answer to what [`Search::next`] asked.
    pub(crate) fn take(&mut self, node: usize, portion: &Portion, part: Rows) {
        if portion.partners.is_empty() {
            let asked = portion.first.unwrap_or(self.limit);
            self.streams[node] = self.stream(node, asked, part);
            return;
        }
        self.is_cut_short |= part.doubtful > 0;
        let asked: FxHashSet<&Partner> = portion.partners.iter().collect();
        for row in self.records.append(node, part) {
            let link = self.records.partner(row).filter(|link| asked.contains(link));
            if let Some(rows) = link.and_then(|link| self.partners.get_mut(&link)) {
                rows.push(row);
            }
        }
    }

    /// The node did not answer what [`Search::next`] asked.
    pub(crate) fn miss(&mut self, node: usize) {
        self.silent.insert(node);
    }

    /// The last row that the node told, where it holds others back.
    fn threshold(&self, node: usize) -> Option<Key> {
        let stream = &self.streams[node];
        let last = stream.rows.clone().next_back()?;
        (stream.cut + stream.doubtful > 0).then(|| self.told_key(last))
    }

    /// Where the row's node put it.
    fn told_key(&self, row: usize) -> Key {
        if self.joins && !self.records.is_by_client(row) && self.records.partner(row).is_some() {
            return self.sorting.earliest(&self.records, row);
        }
        self.sorting.key(&self.records, &Exchange::of(row))
    }

    fn view(&self) -> View {
        let mut view = View { decided: Vec::new(), open: Vec::new(), bound: None };
        let mut links: FxHashMap<Partner, Vec<usize>> = FxHashMap::default();
        for row in self.streams.iter().flat_map(|stream| stream.rows.clone()) {
            match self.records.partner(row).filter(|_| self.joins) {
                None => self.decide(Exchange::of(row), &[row], &mut view),
                Some(link) => links.entry(link).or_default().push(row),
            }
        }
        for (link, told) in links {
            match self.partners.get(&link) {
                Some(asked) => self.decide_all(&self.with_silent(asked, &told), &told, &mut view),
                None if self.are_both(&link, &told) => self.decide_all(&told, &told, &mut view),
                None => view.open.extend(told.iter().map(|row| (self.told_key(*row), link.clone()))),
            }
        }
        let sorting = &self.sorting;
        view.decided.sort_by(|a, b| {
            sorting.compare(&a.key, &b.key).then_with(|| super::by_values(&self.records, &a.exchange, &b.exchange))
        });
        view.open.sort_by(|(a, _), (b, _)| sorting.compare(a, b));
        let thresholds = (0..self.streams.len()).filter_map(|node| self.threshold(node));
        view.bound = thresholds.min_by(|a, b| sorting.compare(a, b));
        view
    }

    /// Both ends' reports of one exchange, which no other can be of.
    fn are_both(&self, link: &Partner, rows: &[usize]) -> bool {
        let by_client = rows.iter().filter(|row| self.records.is_by_client(**row)).count();
        matches!(link, Partner::Pairing(..)) && rows.len() == 2 && by_client == 1
    }

    /// What came when it was asked for, and what nodes had told before that then told none of it: they were silent, or have
    /// freed it since.
    fn with_silent(&self, asked: &[usize], told: &[usize]) -> Vec<usize> {
        let tells = |node: usize| asked.iter().any(|row| self.records.node(*row) == node);
        let of_silent = told.iter().filter(|row| !tells(self.records.node(**row)));
        asked.iter().chain(of_silent).copied().collect()
    }

    fn decide_all(&self, rows: &[usize], told: &[usize], view: &mut View) {
        for exchange in pairing::exchanges(&self.records, rows) {
            self.decide(exchange, told, view);
        }
    }

    fn decide(&self, exchange: Exchange, told: &[usize], view: &mut View) {
        if !self.is_inside(&exchange) || !exchange.matches(&self.records, &self.query) {
            return;
        }
        let key = self.sorting.key(&self.records, &exchange);
        let is_counted = self.is_held_back(exchange.main, told);
        view.decided.push(Decided { key, exchange, is_counted });
    }

    /// Partners are looked for beyond the window, since clocks differ. The server's clock decides.
    fn is_inside(&self, exchange: &Exchange) -> bool {
        let (Some(window), Some(time)) = (self.query.window, self.records.number(&Field::Time, exchange.main)) else {
            return true;
        };
        (window.from..window.to).contains(&time.div_euclid(1_000_000))
    }

    /// Whether the row is one of those that its node holds back; `told` are those of its link that are told.
    fn is_held_back(&self, row: usize, told: &[usize]) -> bool {
        let records = &self.records;
        let is_same = |other: usize| {
            records.node(other) == records.node(row)
                && super::by_values(records, &Exchange::of(other), &Exchange::of(row)).is_eq()
        };
        if told.iter().any(|other| is_same(*other)) {
            return false;
        }
        let threshold = self.threshold(records.node(row));
        threshold.is_some_and(|threshold| self.sorting.compare(&self.told_key(row), &threshold).is_ge())
    }

    /// Takes reports whose partners nobody can be asked for as they are.
    pub(crate) fn settle(&mut self) {
        let rows = self.streams.iter().flat_map(|stream| stream.rows.clone());
        for (row, link) in rows.filter_map(|row| Some((row, self.records.partner(row)?))) {
            self.partners.entry(link).or_default().push(row);
        }
    }

    /// The first rows, as far as they were found.
    pub(crate) fn finish(self) -> Found {
        let view = self.view();
        let shown = view.decided.len().min(self.limit);
        let counted = view.decided[shown..].iter().filter(|decided| !decided.is_counted).count();
        let sum = |of: fn(&Stream) -> u64| self.streams.iter().map(of).sum::<u64>();
        let is_before = |key: &Key, bound: &Key| self.sorting.compare(key, bound).is_lt();
        let is_sure = |key: &Key| {
            view.bound.iter().chain(view.open.first().map(|(key, _)| key)).all(|bound| is_before(key, bound))
        };
        let last = view.decided[..shown].last();
        let is_whole = view.bound.is_none() && view.open.is_empty();
        let is_found = is_whole || (shown == self.limit && last.is_none_or(|last| is_sure(&last.key)));
        Found {
            exchanges: view.decided[..shown].iter().map(|decided| decided.exchange).collect(),
            more: counted as u64 + sum(|stream| stream.cut),
            doubtful: view.open.len() as u64 + sum(|stream| stream.doubtful),
            is_cut_short: self.is_cut_short && !is_found,
            is_silent: !self.silent.is_empty(),
            records: self.records,
        }
    }
}
