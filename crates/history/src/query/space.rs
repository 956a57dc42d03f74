//! The groups of a query: what rows of all tables and tiers are sorted into.

use std::{net::IpAddr, sync::Arc};

use goldwire_answer::groups::Pair;
use goldwire_model::{field::Field, record::Endpoint};
use rustc_hash::FxHashMap;

use super::{
    keys::{Combinations, KeyTexts, OTHER_KEY},
    slots::{Slots, Steps},
};
use crate::chunk::{ends::Flags, names::transport_name, resolve::Entries};

/// Two ends of which one is not on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PairKey {
    pub(crate) by_client: bool,
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) port: u16,
    pub(crate) transport: u8,
}

impl PairKey {
    /// The pair of a report, where its other end is not on this node.
    pub(crate) fn remote(
        by_client: bool,
        source: &Endpoint,
        destination: &Endpoint,
        port: u16,
        transport: u8,
    ) -> Option<Self> {
        let other = if by_client { destination } else { source };
        let (source, destination) = (source.address, destination.address);
        (!other.local).then_some(Self { by_client, source, destination, port, transport })
    }

    pub(crate) fn to_pair(self) -> Pair {
        Pair {
            by_client: self.by_client,
            source: self.source.to_string().into(),
            destination: std::net::SocketAddr::new(self.destination, self.port).to_string().into(),
            transport: transport_name(self.transport).into(),
        }
    }
}

/// Entries that may be one end's report of what another end reports, too.
pub(crate) trait Reports: Entries {
    fn flags(&self, entry: usize) -> Flags;
    /// The pair of an entry whose other end is not on this node.
    fn pair(&self, entry: usize) -> Option<PairKey>;
    /// False where no entry has a pair for sure.
    fn may_have_pairs(&self) -> bool;
}

/// Keys, pairs, and slots of group and step.
#[derive(Debug)]
pub(crate) struct Space {
    pub(crate) keys: Vec<Field>,
    pub(crate) texts: KeyTexts,
    pub(crate) combinations: Combinations,
    /// 0 is "no pair".
    pairs: Vec<PairKey>,
    pair_ids: FxHashMap<PairKey, u32>,
    pub(crate) slots: Slots,
    pub(crate) steps: Steps,
    use_pairs: bool,
}

impl Space {
    pub(crate) fn new(keys: Vec<Field>, steps: Steps, use_pairs: bool) -> Self {
        Self {
            keys,
            texts: KeyTexts::default(),
            combinations: Combinations::default(),
            pairs: Vec::new(),
            pair_ids: FxHashMap::default(),
            slots: Slots::default(),
            steps,
            use_pairs,
        }
    }

    /// The combination of keys and pair of each row. A table without pairs gives all its rows "no pair".
    pub(crate) fn combine(&mut self, entries: &impl Entries, rows: &[u32]) -> Vec<u32> {
        let mut combinations = vec![Combinations::NOTHING; rows.len()];
        let mut column = Vec::with_capacity(rows.len());
        for field in &self.keys {
            column.clear();
            self.texts.read(field, entries, rows, &mut column);
            self.combinations.extend(&mut combinations, &column);
        }
        combinations
    }

    /// The same, with the pair of each row.
    pub(crate) fn combine_reports(&mut self, entries: &impl Reports, rows: &[u32]) -> Vec<u32> {
        let mut combinations = self.combine(entries, rows);
        self.add_pairs(&mut combinations, |space| {
            if space.use_pairs && entries.may_have_pairs() {
                rows.iter().map(|row| space.pair_id(entries.pair(*row as usize))).collect()
            } else {
                vec![0; rows.len()]
            }
        });
        combinations
    }

    /// The same for rows of a table that has no pairs, so that its groups are those of the others.
    pub(crate) fn combine_unpaired(&mut self, entries: &impl Entries, rows: &[u32]) -> Vec<u32> {
        let mut combinations = self.combine(entries, rows);
        self.add_pairs(&mut combinations, |_| vec![0; rows.len()]);
        combinations
    }

    fn add_pairs(&mut self, combinations: &mut [u32], pairs: impl FnOnce(&mut Self) -> Vec<u32>) {
        let ids = pairs(self);
        self.combinations.extend(combinations, &ids);
    }

    fn pair_id(&mut self, pair: Option<PairKey>) -> u32 {
        let Some(pair) = pair else { return 0 };
        let pairs = &mut self.pairs;
        *self.pair_ids.entry(pair).or_insert_with(|| {
            pairs.push(pair);
            pairs.len() as u32
        })
    }

    /// Ids of the keys of a combination, and its pair.
    pub(crate) fn decode(&self, combination: u32) -> (Vec<u32>, u32) {
        if combination == Combinations::OVERFLOW {
            return (vec![OTHER_KEY; self.keys.len()], 0);
        }
        let mut ids = self.combinations.keys(combination);
        let pair = ids.pop().unwrap_or_default();
        (ids, pair)
    }

    pub(crate) fn pair_key(&self, id: u32) -> Option<PairKey> {
        let at = id.checked_sub(1)?;
        self.pairs.get(at as usize).copied()
    }

    pub(crate) fn key_text(&self, id: u32) -> Option<Arc<str>> {
        self.texts.text(id)
    }
}
