//! Two reports, one exchange: the client's node and the server's node may both have seen it.
//!
//! Rows of records whose other end is on another node bear a [`Pair`]. Where both ends' nodes answered, one side's rows
//! are counted and the other's lend them the names that they lack.
//!
//! * The side that counted more in the window is taken (equal: the server's), because a side can only miss exchanges,
//!   never see too many.
//! * But where several workloads share the source's address, the client's rows are taken whatever the totals: only they
//!   are split by workload. The same holds for the server's rows where the client's are not split.

use std::sync::Arc;

use goldwire_answer::groups::Pair;
use goldwire_model::field::{Field, Side};
use rustc_hash::{FxHashMap, FxHashSet};

use super::plan::{Part, Plan, Witness};
use crate::states::{self, Weight};

/// What to do with each row of each part.
pub(crate) struct Pairs {
    /// By part and row: the number of its pair where both sides answered.
    numbers: Vec<FxHashMap<usize, (usize, bool)>>,
    verdicts: Vec<Verdict>,
    masks: Masks,
}

struct Verdict {
    client_counts: bool,
    /// By side (server, client): what its rows most often say of each key that names an end.
    names: [Vec<Option<Arc<str>>>; 2],
}

/// Which states are taken of a row, by whether its side is the client's and whether that is the counted one.
struct Masks {
    all: Vec<bool>,
    /// What both sides should see alike, and so are compared by.
    either: Vec<bool>,
    counted_server: Vec<bool>,
    other_server: Vec<bool>,
    other_client: Vec<bool>,
}

/// What is taken of a row, and which names the other side lends it.
pub(crate) struct Decision<'a> {
    mask: &'a [bool],
    lent: Option<&'a [Option<Arc<str>>]>,
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

    /// What the other side says of the key of that number.
    pub(crate) fn lent(&self, key: usize) -> Option<&Arc<str>> {
        self.lent?.get(key)?.as_ref()
    }
}

type Ends<'a> = (&'a str, &'a str, &'a str);

/// Rows of both sides (server, client), as part and row.
#[derive(Default)]
struct Sides([Vec<(usize, usize)>; 2]);

impl Pairs {
    pub(crate) fn of(plan: &Plan, parts: &[Part]) -> Self {
        let mut both: FxHashMap<Ends<'_>, Sides> = FxHashMap::default();
        for (number, part) in parts.iter().enumerate() {
            for (row, pair) in part.groups.pairs.iter().enumerate() {
                if let Some(pair) = pair {
                    let sides = both.entry(ends(pair)).or_default();
                    sides.0[usize::from(pair.by_client)].push((number, row));
                }
            }
        }
        let mut pairs = Self {
            numbers: parts.iter().map(|_| FxHashMap::default()).collect(),
            verdicts: Vec::new(),
            masks: Masks::of(plan),
        };
        for sides in both.values().filter(|sides| sides.0.iter().all(|rows| !rows.is_empty())) {
            pairs.judge(parts, sides);
        }
        pairs
    }

    fn judge(&mut self, parts: &[Part], sides: &Sides) {
        let number = self.verdicts.len();
        let [server, client] = [0, 1].map(|side| Seen::of(parts, &sides.0[side], &self.masks.either));
        let client_is_split = distinct(parts, &sides.0[1], Side::Source) > 1;
        let server_is_split = distinct(parts, &sides.0[0], Side::Destination) > 1;
        let client_counts = match (client_is_split, server_is_split) {
            (true, _) => true,
            (false, true) => false,
            (false, false) => client.weight.compare(server.weight).is_gt(),
        };
        self.verdicts.push(Verdict { client_counts, names: [server.names, client.names] });
        for (side, rows) in sides.0.iter().enumerate() {
            for (part, row) in rows {
                self.numbers[*part].insert(*row, (number, side == 1));
            }
        }
    }

    pub(crate) fn decision(&self, part: usize, row: usize) -> Decision<'_> {
        let Some((number, by_client)) = self.numbers[part].get(&row) else {
            return Decision { mask: &self.masks.all, lent: None };
        };
        let verdict = &self.verdicts[*number];
        let mask = match (*by_client, verdict.client_counts) {
            (true, true) => &self.masks.all,
            (false, false) => &self.masks.counted_server,
            (true, false) => &self.masks.other_client,
            (false, true) => &self.masks.other_server,
        };
        Decision { mask, lent: Some(&verdict.names[usize::from(!*by_client)]) }
    }
}

impl Masks {
    fn of(plan: &Plan) -> Self {
        let mask = |keeps: fn(Witness) -> bool| plan.states.iter().map(|state| keeps(Witness::of(state))).collect();
        Self {
            all: mask(|_| true),
            either: mask(|witness| witness == Witness::Either),
            counted_server: mask(|witness| witness != Witness::Client),
            other_server: mask(|witness| witness == Witness::Both),
            other_client: mask(|witness| witness != Witness::Either),
        }
    }
}

fn ends(pair: &Pair) -> Ends<'_> {
    (&pair.source, &pair.destination, &pair.transport)
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
            let mut of_row = Weight::default();
            for (column, _) in groups.states.iter().zip(compared).filter(|(_, compared)| **compared) {
                of_row += states::weight(column, *row);
            }
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
