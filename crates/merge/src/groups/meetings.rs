//! Which pairs of ends, as several nodes see them, are of the same connections.
//!
//! Ids that both ends know tell, whatever translates addresses between them. Where one of both knows none, addresses do; and
//! where both know some and have none in common, something rewrites sequence numbers if their ids are alike in one half, or if
//! nobody else has the same addresses and both have as many.

use std::collections::BTreeMap;

use goldwire_answer::{
    groups::Pair,
    links::{Links, digest},
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    plan::Part,
    undecided::{doubtful, undecided},
};

/// Pairs of views that have an id of DNS in common. What more have tells nothing.
const MOST_ALIKE: usize = 64;

/// A pair of ends as one node sees it.
pub(super) struct View<'a> {
    pub(super) pair: &'a Pair,
    /// As part and row.
    pub(super) rows: Vec<(usize, usize)>,
    pub(super) ids: &'a [u64],
    /// As in [`Links`].
    pub(super) up_to: u64,
}

impl View<'_> {
    /// It had more connections than were kept.
    pub(super) const fn is_cut(&self) -> bool {
        self.up_to > 0 && self.up_to < u64::MAX
    }
}

/// Views of the same connections.
#[derive(Debug, Default)]
pub(super) struct Meeting {
    /// By side: server, client.
    pub(super) sides: [Vec<usize>; 2],
    /// The sequence numbers are not the same at both ends.
    pub(super) is_rewritten: bool,
}

/// All that the parts have.
pub(super) fn views(parts: &[Part]) -> Vec<View<'_>> {
    let mut views = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let links: FxHashMap<&Pair, &Links> = part.groups.links.iter().map(|links| (&links.pair, links)).collect();
        let mut places: FxHashMap<&Pair, usize> = FxHashMap::default();
        for (row, pair) in part.groups.pairs.iter().enumerate() {
            let Some(pair) = pair.as_deref() else { continue };
            let place = *places.entry(pair).or_insert_with(|| {
                let links = links.get(pair);
                let (ids, up_to) = links.map_or((&[][..], 0), |links| (&links.ids[..], links.up_to));
                views.push(View { pair, rows: Vec::new(), ids, up_to });
                views.len() - 1
            });
            views[place].rows.push((number, row));
        }
    }
    views
}

/// All views, by what they have to do with each other.
pub(super) struct Met {
    /// Those that have both sides.
    pub(super) meetings: Vec<Meeting>,
    /// Views that met none, or not all that they have to do with, and might have if more ids had been kept.
    pub(super) undecided: Vec<usize>,
    /// Clients' views of conversations over UDP that met none, and may be of the same as a server's view that met none.
    pub(super) doubtful: Vec<usize>,
}

/// Finds out which views are of the same connections.
pub(super) fn meet(views: &[View<'_>]) -> Met {
    let mut sets = Sets::new(views.len());
    join_by_ids(views, &mut sets);
    join_by_addresses(views, &mut sets);
    let mut meetings: BTreeMap<usize, Meeting> = BTreeMap::new();
    for (number, view) in views.iter().enumerate() {
        let set = sets.of(number);
        let meeting = meetings.entry(set).or_default();
        meeting.sides[usize::from(view.pair.by_client)].push(number);
        meeting.is_rewritten |= sets.rewritten.contains(&set);
    }
    let alone: Vec<usize> = (0..views.len()).filter(|view| sets.is_alone(*view)).collect();
    let has_both = |meeting: &Meeting| meeting.sides.iter().all(|side| !side.is_empty());
    let meetings: Vec<Meeting> = meetings.into_values().filter(has_both).collect();
    let (undecided, doubtful) = (undecided(views, &alone, &meetings), doubtful(views, &alone));
    Met { meetings, undecided, doubtful }
}

/// Numbers of views that belong together.
struct Sets {
    parents: Vec<usize>,
    /// Those that are more than one view.
    joined: FxHashSet<usize>,
    rewritten: FxHashSet<usize>,
}

impl Sets {
    fn new(count: usize) -> Self {
        Self { parents: (0..count).collect(), joined: FxHashSet::default(), rewritten: FxHashSet::default() }
    }

    fn of(&mut self, mut view: usize) -> usize {
        while self.parents[view] != view {
            self.parents[view] = self.parents[self.parents[view]];
            view = self.parents[view];
        }
        view
    }

    fn join(&mut self, one: usize, other: usize) -> usize {
        let (one, other) = (self.of(one), self.of(other));
        let (first, second) = (one.min(other), one.max(other));
        self.parents[second] = first;
        self.joined.insert(first);
        first
    }

    fn is_alone(&mut self, view: usize) -> bool {
        let set = self.of(view);
        !self.joined.contains(&set)
    }
}

/// Ids of TCP are never alike by chance: all views that have one are of one connection. Those of DNS may be, so that half of
/// them must be alike.
fn join_by_ids(views: &[View<'_>], sets: &mut Sets) {
    let mut by_id: FxHashMap<(u64, &str), [Vec<usize>; 2]> = FxHashMap::default();
    for (number, view) in views.iter().enumerate() {
        for id in view.ids {
            let of_id = &mut by_id.entry((*id, &*view.pair.transport)).or_default()[usize::from(view.pair.by_client)];
            if of_id.last() != Some(&number) {
                of_id.push(number);
            }
        }
    }
    let mut shared: FxHashMap<(usize, usize), usize> = FxHashMap::default();
    for ((_, transport), [servers, clients]) in &by_id {
        let (Some(server), Some(client)) = (servers.first(), clients.first()) else { continue };
        if *transport != "udp" {
            servers.iter().for_each(|server| _ = sets.join(*server, *client));
            clients.iter().for_each(|client| _ = sets.join(*server, *client));
            continue;
        }
        if servers.len() * clients.len() > MOST_ALIKE {
            continue;
        }
        for (server, client) in servers.iter().flat_map(|server| clients.iter().map(move |client| (*server, *client))) {
            *shared.entry((server, client)).or_default() += 1;
        }
    }
    for ((server, client), count) in shared {
        if 2 * count >= views[server].ids.len().min(views[client].ids.len()) {
            sets.join(server, client);
        }
    }
}

type Ends<'a> = (&'a str, &'a str, &'a str);

fn ends(pair: &Pair) -> Ends<'_> {
    (&pair.source, &pair.destination, &pair.transport)
}

fn join_by_addresses(views: &[View<'_>], sets: &mut Sets) {
    let mut by_ends: BTreeMap<Ends<'_>, [Vec<usize>; 2]> = BTreeMap::new();
    for (number, view) in views.iter().enumerate() {
        if sets.is_alone(number) {
            by_ends.entry(ends(view.pair)).or_default()[usize::from(view.pair.by_client)].push(number);
        }
    }
    for [servers, clients] in by_ends.into_values() {
        for (server, client) in servers.iter().flat_map(|server| clients.iter().map(move |client| (*server, *client))) {
            let (server_view, client_view) = (&views[server], &views[client]);
            let is_unknown = server_view.ids.is_empty() || client_view.ids.is_empty();
            let are_alone = servers.len() == 1 && clients.len() == 1;
            if is_unknown {
                sets.join(server, client);
            } else if are_alone && may_be_rewritten(server_view, client_view) {
                let set = sets.join(server, client);
                sets.rewritten.insert(set);
            }
        }
    }
}

/// Whether views of the same addresses that have no id in common may be of the same connections.
fn may_be_rewritten(server: &View<'_>, client: &View<'_>) -> bool {
    let halves = |view: &View<'_>, shift: u32| view.ids.iter().map(|id| (id >> shift) as u32).collect::<FxHashSet<_>>();
    let are_alike = [0, 32].into_iter().any(|shift| !halves(server, shift).is_disjoint(&halves(client, shift)));
    let (more, less) = (server.ids.len().max(client.ids.len()), server.ids.len().min(client.ids.len()));
    are_alike || more - less <= more / 10
}

/// Whether views of one side have connections that certainly are in none of the other side.
pub(super) fn has_foreign(views: &[View<'_>], side: &[usize], others: &[usize]) -> bool {
    let up_to = others.iter().map(|view| views[*view].up_to).min().unwrap_or(0);
    let known: FxHashSet<u64> = others.iter().flat_map(|view| views[*view].ids).copied().collect();
    let mut ids = side.iter().flat_map(|view| views[*view].ids);
    ids.any(|id| digest(*id) <= up_to && !known.contains(id))
}

/// Whether both sides see other addresses.
pub(super) fn is_translated(views: &[View<'_>], meeting: &Meeting) -> bool {
    distinct_ends(views, meeting.sides.iter().flatten()) > 1
}

/// How many different pairs of ends there are.
pub(super) fn distinct_ends<'a>(views: &'a [View<'_>], numbers: impl Iterator<Item = &'a usize>) -> usize {
    numbers.map(|view| ends(views[*view].pair)).collect::<FxHashSet<_>>().len()
}
