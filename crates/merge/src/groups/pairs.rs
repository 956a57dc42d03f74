//! Two reports, one exchange: the client's node and the server's node may both have seen it.
//!
//! Rows of records whose other end is on another node bear a [`Pair`](goldwire_answer::groups::Pair). Where both ends' nodes
//! answered, one side's rows are counted and the other's lend them the names that they lack.
//!
//! * The side that counted more in the window is taken (equal: the server's), because a side can only miss exchanges,
//!   never see too many.
//! * Nodes send the rows of a pair whatever the filter says of names: so both sides' totals are of the same exchanges, and
//!   what the one side's names rule out is ruled out for the other's rows.
//! * But where several workloads share the source's address, the client's rows are taken whatever the totals: only they
//!   are split by workload. The same holds for the server's rows where the client's are not split.
//! * Where addresses are translated between them, several clients may look like one to the server, and several servers like one
//!   to the client. The side that tells them apart is taken, if the other has no other's exchanges besides. Where that cannot
//!   be known of any name, the totals are right, names are left out, and the answer says so.

use std::sync::Arc;

use goldwire_answer::plan::State;
use goldwire_model::field::{EndField, Field, Side};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    doubts::Doubts,
    meetings::{Meeting, View, distinct_ends, has_foreign, is_translated, meet, views},
    names::host_and_port,
    plan::{Part, Plan, Witness},
};
use crate::{
    residual::Residual,
    states::{self, Weight},
};

/// What to do with each row of each part.
pub(crate) struct Pairs {
    /// By part and row: the number of its pair where both sides answered.
    numbers: Vec<FxHashMap<usize, (usize, bool)>>,
    verdicts: Vec<Verdict>,
    masks: Masks,
    /// What of the counts is not certain.
    pub(super) doubts: Doubts,
}

#[derive(Default)]
struct Verdict {
    client_counts: bool,
    /// By side (server, client): what its rows most often say of each key that names an end.
    names: [Vec<Option<Arc<str>>>; 2],
    /// By side (server, client), where addresses are translated: where its rows' ends really are, by key.
    places: [Vec<Option<Arc<str>>>; 2],
    /// By side: its rows tell several ends apart, so that what they say is not of each exchange.
    is_split: [bool; 2],
}

/// Which states are taken of a row, by whether its side is the client's and whether that is the counted one.
struct Masks {
    all: Vec<bool>,
    /// What sides are compared by.
    compared: Vec<bool>,
    counted_server: Vec<bool>,
    other_server: Vec<bool>,
    other_client: Vec<bool>,
}

/// What is taken of a row, and which names the other side lends it.
pub(crate) struct Decision<'a> {
    mask: &'a [bool],
    lent: Option<&'a [Option<Arc<str>>]>,
    places: Option<&'a [Option<Arc<str>>]>,
    lends_for_certain: bool,
}

impl Decision<'_> {
    /// Nothing is taken: the other side counts it.
    pub(crate) fn is_dropped(&self) -> bool {
        !self.mask.contains(&true)
    }

    /// The state of that number is taken.
    pub(crate) fn keeps(&self, state: usize) -> bool {
        self.mask[state]
    }

    /// What the other side says holds for this row for certain: it says the same in all its rows.
    pub(crate) const fn lends_for_certain(&self) -> bool {
        self.lends_for_certain
    }

    /// What the other side says of the key of that number.
    pub(crate) fn lent(&self, key: usize) -> Option<&Arc<str>> {
        self.lent?.get(key)?.as_ref()
    }

    /// Where an end really is, whatever address its own node sees it at; of a service, what the client asked for.
    pub(crate) fn place(&self, key: usize) -> Option<&Arc<str>> {
        self.places?.get(key)?.as_ref()
    }
}

impl Pairs {
    pub(crate) fn of(plan: &Plan, parts: &[Part], residual: Option<&Residual<'_>>) -> Self {
        let mut pairs = Self {
            numbers: parts.iter().map(|_| FxHashMap::default()).collect(),
            verdicts: Vec::new(),
            masks: Masks::of(plan),
            doubts: Doubts::default(),
        };
        let views = views(parts);
        let met = meet(&views);
        let is_any_translated =
            met.meetings.len() > 1 && met.meetings.iter().any(|meeting| is_translated(&views, meeting));
        for meeting in &met.meetings {
            let is_of_destinations = residual.is_some_and(Residual::is_of_destinations);
            let difference = pairs.judge(parts, &views, meeting, is_of_destinations);
            // What one end has and the other has not may be with another meeting, by a connection that neither has kept.
            if is_any_translated && meeting.sides.iter().flatten().any(|view| views[*view].is_cut()) {
                pairs.doubts.undecided = pairs.doubts.undecided.saturating_add(difference);
            }
        }
        let events = |views_of: &[usize]| weight(parts, &rows_of(&views, views_of), &pairs.masks.compared).events();
        pairs.doubts.undecided = pairs.doubts.undecided.saturating_add(events(&met.undecided));
        pairs.doubts.doubtful = events(&met.doubtful);
        pairs
    }

    /// Decides on a meeting, and gives by how much its sides' counts differ.
    fn judge(&mut self, parts: &[Part], views: &[View<'_>], meeting: &Meeting, is_of_destinations: bool) -> u64 {
        let number = self.verdicts.len();
        let rows = [0, 1].map(|side| rows_of(views, &meeting.sides[side]));
        let seen = [0, 1].map(|side| Seen::of(parts, &rows[side], &self.masks.compared));
        let difference = seen[0].weight.events().abs_diff(seen[1].weight.events());
        let mut verdict = if is_translated(views, meeting) {
            self.judge_translated(parts, views, meeting, &rows, seen)
        } else {
            judge_plain(parts, &rows, seen, is_of_destinations)
        };
        let is_split = |side: usize, end| {
            distinct_ends(views, meeting.sides[side].iter()) > 1 || distinct(parts, &rows[side], end) > 1
        };
        verdict.is_split = [is_split(0, Side::Destination), is_split(1, Side::Source)];
        if meeting.is_rewritten {
            self.doubts.rewritten(views[meeting.sides[1][0]].pair);
        }
        self.verdicts.push(verdict);
        for (side, rows) in rows.iter().enumerate() {
            for (part, row) in rows {
                self.numbers[*part].insert(*row, (number, side == 1));
            }
        }
        difference
    }

    fn judge_translated(
        &mut self,
        parts: &[Part],
        views: &[View<'_>],
        meeting: &Meeting,
        rows: &[Vec<(usize, usize)>; 2],
        seen: [Seen; 2],
    ) -> Verdict {
        let [servers, clients] = &meeting.sides;
        let is_split = |side: usize, end| {
            distinct_ends(views, meeting.sides[side].iter()) > 1 || distinct(parts, &rows[side], end) > 1
        };
        let split = (is_split(1, Side::Source), is_split(0, Side::Destination));
        let [server, client] = seen;
        let foreign = (
            client.weight.is_much_less_than(server.weight) && has_foreign(views, servers, clients),
            server.weight.is_much_less_than(client.weight) && has_foreign(views, clients, servers),
        );
        let (client_counts, is_told_apart) = match (foreign, split) {
            ((true, _), _) => (false, false),
            ((false, true), _) => (true, false),
            (_, (true, true)) => (false, false),
            (_, (true, false)) => (true, true),
            (_, (false, true)) => (false, true),
            (_, (false, false)) => (client.weight.compare(server.weight).is_gt(), true),
        };
        if !is_told_apart {
            let count = if client_counts { client.weight.events() } else { server.weight.events() };
            let shared = &mut self.doubts.shared[usize::from(client_counts)];
            *shared = shared.saturating_add(count);
            return Verdict { client_counts, ..Verdict::default() };
        }
        let places = [places(parts, views, servers, clients), places(parts, views, clients, servers)];
        Verdict { client_counts, names: [server.names, client.names], places, ..Verdict::default() }
    }

    pub(crate) fn decision(&self, part: usize, row: usize) -> Decision<'_> {
        let Some((number, by_client)) = self.numbers[part].get(&row) else {
            return Decision { mask: &self.masks.all, lent: None, places: None, lends_for_certain: false };
        };
        let verdict = &self.verdicts[*number];
        let mask = match (*by_client, verdict.client_counts) {
            (true, true) => &self.masks.all,
            (false, false) => &self.masks.counted_server,
            (true, false) => &self.masks.other_client,
            (false, true) => &self.masks.other_server,
        };
        let places = &verdict.places[usize::from(*by_client)];
        let other = usize::from(!*by_client);
        let lends_for_certain = !verdict.is_split[other];
        Decision { mask, lent: Some(&verdict.names[other]), places: Some(places), lends_for_certain }
    }
}

fn rows_of(views: &[View<'_>], side: &[usize]) -> Vec<(usize, usize)> {
    side.iter().flat_map(|view| &views[*view].rows).copied().collect()
}

fn judge_plain(parts: &[Part], rows: &[Vec<(usize, usize)>; 2], seen: [Seen; 2], is_of_destinations: bool) -> Verdict {
    let [server, client] = seen;
    let client_is_split = distinct(parts, &rows[1], Side::Source) > 1;
    let server_is_split = distinct(parts, &rows[0], Side::Destination) > 1;
    let client_counts = match (client_is_split, server_is_split) {
        // Who asks about destinations only is told by the side that knows them.
        (true, true) => !is_of_destinations,
        (true, false) => true,
        (false, true) => false,
        (false, false) => client.weight.compare(server.weight).is_gt(),
    };
    Verdict { client_counts, names: [server.names, client.names], ..Verdict::default() }
}

/// Where the ends of one side's rows really are, as far as the other side sees it alike in all its views: by key.
fn places(parts: &[Part], views: &[View<'_>], own: &[usize], others: &[usize]) -> Vec<Option<Arc<str>>> {
    let Some((part, _)) = own.first().and_then(|view| views[*view].rows.first()) else { return Vec::new() };
    let by_client = views[own[0]].pair.by_client;
    let alike = |side: &[usize], of: fn(&View<'_>) -> Arc<str>| {
        let mut all = side.iter().map(|view| of(&views[*view]));
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    };
    let destination: fn(&View<'_>) -> Arc<str> = |view| view.pair.destination.clone();
    let of_key = |field: &Field| match (field, by_client) {
        (Field::End(Side::Source, EndField::Address), false) => alike(others, |view| view.pair.source.clone()),
        (Field::End(Side::Destination, EndField::Address), true) => {
            alike(others, destination).map(|place| host_and_port(&place).0.into())
        }
        (Field::End(Side::Destination, EndField::Port), true) => {
            alike(others, destination).map(|place| host_and_port(&place).1.into())
        }
        (Field::End(Side::Destination, EndField::Service), _) => {
            let (clients, servers) = if by_client { (own, others) } else { (others, own) };
            alike(clients, destination).filter(|asked| alike(servers, destination).as_ref() != Some(asked))
        }
        _ => None,
    };
    parts[*part].groups.keys.iter().map(|key| of_key(&key.field)).collect()
}

impl Masks {
    fn of(plan: &Plan) -> Self {
        let mask = |keeps: fn(Witness) -> bool| plan.states.iter().map(|state| keeps(Witness::of(state))).collect();
        let is_compared = |state: &State| Witness::of(state) == Witness::Either && state.tells_completeness();
        Self {
            all: mask(|_| true),
            compared: plan.states.iter().map(is_compared).collect(),
            counted_server: mask(|witness| witness != Witness::Client),
            other_server: mask(|witness| witness == Witness::Both),
            other_client: mask(|witness| witness != Witness::Either),
        }
    }
}

/// What one side saw of a pair.
struct Seen {
    weight: Weight,
    names: Vec<Option<Arc<str>>>,
}

impl Seen {
    fn of(parts: &[Part], rows: &[(usize, usize)], compared: &[bool]) -> Self {
        let mut weight = Weight::default();
        let mut by_name: FxHashMap<Vec<Option<Arc<str>>>, Weight> = FxHashMap::default();
        for (part, row) in rows {
            let groups = &parts[*part].groups;
            let of_row = row_weight(&parts[*part], *row, compared);
            weight += of_row;
            let names = groups
                .keys
                .iter()
                .map(|key| if key.field.is_end_identity() { key.values[*row].clone() } else { None })
                .collect();
            *by_name.entry(names).or_default() += of_row;
        }
        // Equal weights are told apart by the names, so that the answer does not hang on the order of a map.
        let heaviest = by_name.into_iter().max_by(|(a, of_a), (b, of_b)| of_a.compare(*of_b).then_with(|| b.cmp(a)));
        Self { weight, names: heaviest.map(|(names, _)| names).unwrap_or_default() }
    }
}

fn weight(parts: &[Part], rows: &[(usize, usize)], compared: &[bool]) -> Weight {
    let mut weight = Weight::default();
    rows.iter().for_each(|(part, row)| weight += row_weight(&parts[*part], *row, compared));
    weight
}

fn row_weight(part: &Part, row: usize, compared: &[bool]) -> Weight {
    let mut weight = Weight::default();
    for (column, _) in part.groups.states.iter().zip(compared).filter(|(_, compared)| **compared) {
        weight += states::weight(column, row);
    }
    weight
}

/// How many identities of that end the rows tell apart.
fn distinct(parts: &[Part], rows: &[(usize, usize)], side: Side) -> usize {
    let mut seen = FxHashSet::default();
    for (part, row) in rows {
        let keys = parts[*part].groups.keys.iter();
        let names: Vec<Option<&str>> = keys
            .filter(|key| matches!(&key.field, Field::End(of, end) if *of == side && end.is_identity()))
            .map(|key| key.values[*row].as_deref())
            .collect();
        seen.insert(names);
    }
    seen.len()
}
