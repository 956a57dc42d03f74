//! The groups of a query: what rows of all tables and tiers are sorted into.

use std::{net::IpAddr, sync::Arc};

use goldwire_answer::groups::Pair;
use goldwire_model::{field::Field, record::Endpoint};
use rustc_hash::FxHashMap;

use super::{
    keys::{COMBINATION_BYTES, Combinations, FIRST_KEY, FOLDED_KEY, GROUP_BYTES, KeyTexts, NO_PAIR},
    plan::Plan,
    room::Room,
    slots::{Slots, Steps},
};
use crate::chunk::{ends::Flags, names::transport_name, resolve::Entries};

/// What a pair takes: in the list, in the index, and as texts in the answer.
const PAIR_BYTES: usize = 256;

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
    /// How many of the keys were asked for.
    asked: usize,
    pub(crate) texts: KeyTexts,
    pub(crate) combinations: Combinations,
    /// By id less [`FIRST_KEY`]; the id 0 is "no pair".
    pairs: Vec<PairKey>,
    pair_ids: FxHashMap<PairKey, u32>,
    pub(crate) slots: Slots,
    pub(crate) steps: Steps,
    pub(crate) room: Room,
    use_pairs: bool,
    /// What a slot takes, with its columns of state and its row of the answer.
    slot_bytes: usize,
}

impl Space {
    pub(crate) fn new(plan: &Plan<'_>, room: Room) -> Self {
        let deciding = plan.filter.end_identity_fields();
        let deciding = plan.keys.iter().map(|key| deciding.contains(key)).collect();
        Self {
            keys: plan.keys.clone(),
            asked: plan.asked,
            texts: KeyTexts::beginning_with(plan.prefix),
            combinations: Combinations::new(plan.asked, deciding, plan.slot_bytes()),
            pairs: Vec::new(),
            pair_ids: FxHashMap::default(),
            slots: Slots::default(),
            steps: plan.steps,
            room,
            use_pairs: plan.deduplicate,
            slot_bytes: plan.slot_bytes(),
        }
    }

    /// The combination of keys and pair of each row. A table without pairs gives all its rows "no pair".
    pub(crate) fn combine(&mut self, entries: &impl Entries, rows: &[u32]) -> Vec<u32> {
        let mut combinations = vec![Combinations::NOTHING; rows.len()];
        let mut column = Vec::with_capacity(rows.len());
        for (place, field) in self.keys.iter().enumerate() {
            column.clear();
            self.room.set_asked(place < self.asked);
            self.texts.read(field, entries, rows, &mut column, &mut self.room);
            self.combinations.extend(&mut combinations, &column, place, &mut self.room);
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
        self.combinations.extend(combinations, &ids, self.keys.len(), &mut self.room);
    }

    fn pair_id(&mut self, pair: Option<PairKey>) -> u32 {
        let Some(pair) = pair else { return 0 };
        if let Some(id) = self.pair_ids.get(&pair) {
            return *id;
        }
        if !self.room.take(PAIR_BYTES) {
            return FOLDED_KEY;
        }
        let id = FIRST_KEY + self.pairs.len() as u32;
        self.pairs.push(pair);
        self.pair_ids.insert(pair, id);
        id
    }

    /// The slot of a group in a step; the one of `other` where there is no room for a new one.
    #[inline]
    pub(crate) fn slot(&mut self, combination: u32, step: u32) -> u32 {
        match self.slots.find(combination, step) {
            Some(slot) => slot,
            None => self.new_slot(combination, step),
        }
    }

    #[inline(never)]
    fn new_slot(&mut self, combination: u32, step: u32) -> u32 {
        // Room for the first was taken with the group.
        if !self.slots.has(combination) || self.room.take(self.slot_bytes) {
            return self.slots.add(combination, step);
        }
        let unpaired = self.combinations.unpaired(combination);
        if let Some(slot) = self.slots.find(unpaired, step) {
            self.room.refuse_pair();
            return slot;
        }
        if !self.combinations.is_other(self.combinations.asked(combination)) {
            self.room.refuse_slot();
        }
        let other = self.combinations.other(combination);
        self.slots.find(other, step).unwrap_or_else(|| {
            self.room.take_anyway(self.slot_bytes);
            self.slots.add(other, step)
        })
    }

    /// Ids of the keys of a combination, and its pair.
    pub(crate) fn decode(&self, combination: u32) -> (Vec<u32>, u32) {
        let mut ids = self.combinations.keys(combination);
        let pair = ids.pop().unwrap_or_default();
        (ids, pair)
    }

    /// The combination of what another space holds, as it is here.
    pub(crate) fn adopt(&mut self, from: &Self, combination: u32) -> u32 {
        let (keys, pair) = from.decode(combination);
        let mut adopted = [Combinations::NOTHING];
        for (place, key) in keys.into_iter().enumerate() {
            self.room.set_asked(place < self.asked);
            let key = if key < FIRST_KEY { key } else { self.texts.id(&from.texts.own(key), &mut self.room) };
            self.combinations.extend(&mut adopted, &[key], place, &mut self.room);
        }
        let pair = pair.checked_sub(FIRST_KEY).filter(|_| self.use_pairs).map(|at| from.pairs[at as usize]);
        let pair = self.pair_id(pair);
        self.combinations.extend(&mut adopted, &[pair], self.keys.len(), &mut self.room);
        adopted[0]
    }

    /// True where pairs of ends are told apart.
    pub(crate) const fn uses_pairs(&self) -> bool {
        self.use_pairs
    }

    /// The same, without pairs of ends.
    pub(crate) fn without_pairs(self) -> Self {
        Self { use_pairs: false, ..self }
    }

    /// What a group takes at most, without its slots: as if it shared nothing with another.
    pub(crate) fn group_bytes(&self, combination: u32) -> usize {
        let (keys, pair) = self.decode(combination);
        let texts: usize = keys.iter().map(|key| COMBINATION_BYTES + self.texts.bytes(*key)).sum();
        let rest = COMBINATION_BYTES + GROUP_BYTES + self.combinations.rest_bytes();
        texts + rest + if pair == NO_PAIR { 0 } else { PAIR_BYTES }
    }

    pub(crate) const fn slot_bytes(&self) -> usize {
        self.slot_bytes
    }

    pub(crate) fn pair_key(&self, id: u32) -> Option<PairKey> {
        let at = id.checked_sub(FIRST_KEY)?;
        self.pairs.get(at as usize).copied()
    }

    pub(crate) fn key_text(&self, id: u32) -> Option<Arc<str>> {
        self.texts.text(id)
    }
}
