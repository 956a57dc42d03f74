//! Every combination of keys once.

use hashbrown::HashTable;

use super::{
    super::{growth::make_room, room::Room},
    FOLDED_KEY, NO_PAIR, OTHER_KEY, UNKNOWN_KEY, UNSEEN, hash_of,
};

/// What a combination takes, whole or not: in the index when that has just grown, in the list, and where slots look it up.
pub(crate) const COMBINATION_BYTES: usize = 48;
/// What a group takes beside that, while groups are put in order and folded.
pub(crate) const GROUP_BYTES: usize = 160;

/// Combinations of keys, built one key at a time: each step down is a pair of "so far" and "next". The keys that were asked for
/// come first, then those that serve the merge, and the pair of ends at last.
#[derive(Debug)]
pub(crate) struct Combinations {
    /// Of ids, by what they are made of.
    ids: HashTable<u32>,
    /// By id less one: what it was made of.
    parts: Vec<(u32, u32)>,
    /// How many keys were asked for.
    asked: usize,
    /// Each combination has a slot at least; room for it is taken with the combination.
    slot_bytes: usize,
    /// By place: true where the filter asks for the key, so that the merge decides where it is unknown.
    deciding: Vec<bool>,
    /// What combinations without room become, by how many keys they have: where all that decides is known, and where
    /// some of it is not.
    others: [Vec<u32>; 2],
}

impl Combinations {
    /// No key yet.
    pub(crate) const NOTHING: u32 = 0;

    /// Of keys at as many places as `deciding` has, `asked` of which were asked for, and a pair behind them.
    pub(crate) fn new(asked: usize, deciding: Vec<bool>, slot_bytes: usize) -> Self {
        let (ids, parts, others) = (HashTable::new(), Vec::new(), Default::default());
        let mut made = Self { ids, parts, asked, slot_bytes, deciding, others };
        for unknown in [false, true] {
            let mut chain = vec![Self::NOTHING];
            for place in 0..=made.deciding.len() {
                let next = made.folded_key(place, unknown);
                chain.push(made.find_or_add(chain[place], next));
            }
            made.others[usize::from(unknown)] = chain;
        }
        made
    }

    /// What the key at a place becomes where there is no room for it.
    fn folded_key(&self, place: usize, unknown: bool) -> u32 {
        match self.deciding.get(place) {
            None => NO_PAIR,
            Some(true) if unknown => UNKNOWN_KEY,
            Some(_) => OTHER_KEY,
        }
    }

    #[inline]
    fn find(&self, so_far: u32, next: u32) -> Option<u32> {
        let made_of = (so_far, next);
        self.ids.find(hash_of(&made_of), |id| self.parts[*id as usize - 1] == made_of).copied()
    }

    fn find_or_add(&mut self, so_far: u32, next: u32) -> u32 {
        self.find(so_far, next).unwrap_or_else(|| self.add(so_far, next))
    }

    /// The combination of each in `so_far` with the next key at the same place.
    pub(crate) fn extend(&mut self, so_far: &mut [u32], next: &[u32], place: usize, room: &mut Room) {
        let (Some(first), Some(first_next)) = (so_far.first().copied(), next.first().copied()) else { return };
        if next.iter().all(|key| *key == first_next) {
            let mut known = Vec::new();
            so_far.iter_mut().for_each(|so_far| {
                *so_far = recall(&mut known, *so_far, || self.pair(*so_far, first_next, place, room));
            });
        } else if so_far.iter().all(|so_far| *so_far == first) {
            let mut known = Vec::new();
            so_far.iter_mut().zip(next).for_each(|(so_far, next)| {
                *so_far = recall(&mut known, *next, || self.pair(first, *next, place, room));
            });
        } else {
            so_far.iter_mut().zip(next).for_each(|(so_far, next)| *so_far = self.pair(*so_far, *next, place, room));
        }
    }

    #[inline]
    fn pair(&mut self, so_far: u32, next: u32, place: usize, room: &mut Room) -> u32 {
        match self.find(so_far, next) {
            Some(id) => id,
            None => self.new_pair(so_far, next, place, room),
        }
    }

    #[inline(never)]
    fn new_pair(&mut self, so_far: u32, next: u32, place: usize, room: &mut Room) -> u32 {
        if place < self.asked {
            return self.new_asked(so_far, next, place, room);
        }
        let is_pair = place == self.deciding.len();
        let bytes = COMBINATION_BYTES + if is_pair { GROUP_BYTES + self.slot_bytes } else { 0 };
        let unknown = !is_pair && (next == UNKNOWN_KEY || self.is_undecided(so_far, place));
        let folded = self.folded_key(place, unknown);
        // Room for what is folded was taken with the keys that were asked for.
        let has_room = next == folded && self.is_folded(so_far, place);
        if has_room || (next != FOLDED_KEY && room.take(bytes)) {
            return self.add(so_far, next);
        }
        if is_pair && next != NO_PAIR {
            room.refuse_pair();
        }
        self.find_or_add(so_far, folded)
    }

    fn new_asked(&mut self, so_far: u32, next: u32, place: usize, room: &mut Room) -> u32 {
        let is_last = place + 1 == self.asked;
        let bytes = COMBINATION_BYTES + if is_last { self.rest_bytes() } else { 0 };
        if next != FOLDED_KEY && room.take_for_group(bytes) {
            return self.add(so_far, next);
        }
        room.refuse_group();
        let unknown = self.is_undecided(so_far, place) || (next == UNKNOWN_KEY && self.deciding[place]);
        self.others[usize::from(unknown)][place + 1]
    }

    /// True where all keys that were not asked for, of the first `length`, are what keys without room become.
    fn is_folded(&self, mut combination: u32, length: usize) -> bool {
        (self.asked..length).rev().all(|place| {
            let (so_far, key) = self.parts[combination as usize - 1];
            combination = so_far;
            [false, true].into_iter().any(|unknown| key == self.folded_key(place, unknown))
        })
    }

    /// What a group takes where its other keys and its pair have no room of their own.
    pub(crate) fn rest_bytes(&self) -> usize {
        let chains = 1 + usize::from(self.deciding.contains(&true));
        chains * (self.deciding.len() + 1 - self.asked) * COMBINATION_BYTES + GROUP_BYTES + self.slot_bytes
    }

    fn add(&mut self, so_far: u32, next: u32) -> u32 {
        let parts = &mut self.parts;
        make_room(parts, 1);
        parts.push((so_far, next));
        let id = parts.len() as u32;
        self.ids.insert_unique(hash_of(&(so_far, next)), id, |id| hash_of(&parts[*id as usize - 1]));
        id
    }

    /// True where one of the first `length` keys decides and is unknown.
    fn is_undecided(&self, combination: u32, length: usize) -> bool {
        let (mut combination, mut place) = (combination, length);
        while combination != Self::NOTHING {
            let (so_far, key) = self.parts[combination as usize - 1];
            place -= 1;
            if key == UNKNOWN_KEY && self.deciding.get(place) == Some(&true) {
                return true;
            }
            combination = so_far;
        }
        false
    }

    /// The keys that were asked for, of a whole combination.
    pub(crate) fn asked(&self, combination: u32) -> u32 {
        let rest = self.deciding.len() + 1 - self.asked;
        (0..rest).fold(combination, |combination, _| self.parts[combination as usize - 1].0)
    }

    /// A whole combination without its pair.
    pub(crate) fn unpaired(&mut self, combination: u32) -> u32 {
        let so_far = self.parts[combination as usize - 1].0;
        self.find_or_add(so_far, NO_PAIR)
    }

    /// True for the keys of what has no room.
    pub(crate) fn is_other(&self, asked: u32) -> bool {
        self.others.iter().any(|chain| chain[self.asked] == asked)
    }

    /// Makes keys those of what has no room.
    pub(crate) fn fold(&self, keys: &mut [u32]) {
        let is_undecided = keys.iter().zip(&self.deciding).any(|(key, decides)| *decides && *key == UNKNOWN_KEY);
        for (place, key) in keys.iter_mut().enumerate() {
            *key = self.folded_key(place, is_undecided);
        }
    }

    /// What a whole combination becomes where there is no room for it, without its pair. The same in each space of a query.
    pub(crate) fn other(&self, combination: u32) -> u32 {
        let length = self.deciding.len();
        let unknown = self.is_undecided(combination, length + 1);
        self.others[usize::from(unknown)][length + 1]
    }

    /// The keys of a combination, first to last.
    pub(crate) fn keys(&self, mut combination: u32) -> Vec<u32> {
        let mut keys = Vec::new();
        while combination != Self::NOTHING {
            let (so_far, key) = self.parts[combination as usize - 1];
            keys.push(key);
            combination = so_far;
        }
        keys.reverse();
        keys
    }
}

/// What was found for `id` before, else what `find` finds now.
#[inline]
fn recall(known: &mut Vec<u32>, id: u32, find: impl FnOnce() -> u32) -> u32 {
    let at = id as usize;
    if at >= known.len() {
        known.resize(at + 1, UNSEEN);
    }
    if known[at] == UNSEEN {
        known[at] = find();
    }
    known[at]
}

#[cfg(test)]
mod tests {
    use super::{super::room, *};

    #[test]
    fn a_combination_gives_its_keys_back() {
        let room = &mut room(1 << 20);
        let mut combinations = Combinations::new(2, vec![false; 2], 0);
        let mut ids = vec![Combinations::NOTHING; 3];
        combinations.extend(&mut ids, &[5, 6, 5], 0, room);
        combinations.extend(&mut ids, &[6, 5, 6], 1, room);
        assert_eq!(ids[0], ids[2]);
        assert_ne!(ids[0], ids[1]);
        assert_eq!(combinations.keys(ids[0]), [5, 6]);
        assert_eq!(combinations.keys(ids[1]), [6, 5]);
    }

    #[test]
    fn a_combination_without_room_becomes_other_and_keeps_what_is_undecided() {
        let room = &mut room(1 << 20);
        let mut combinations = Combinations::new(2, vec![false, true], 0);
        room.freeze();
        let mut ids = vec![Combinations::NOTHING; 3];
        combinations.extend(&mut ids, &[5, 6, 7], 0, room);
        combinations.extend(&mut ids, &[8, UNKNOWN_KEY, FOLDED_KEY], 1, room);
        combinations.extend(&mut ids, &[0, 0, 9], 2, room);
        let keys: Vec<_> = ids.iter().map(|id| combinations.keys(*id)).collect();
        assert_eq!(
            keys,
            [vec![OTHER_KEY, OTHER_KEY, 0], vec![OTHER_KEY, UNKNOWN_KEY, 0], vec![OTHER_KEY, OTHER_KEY, 9]]
        );
        assert!(room.has_refused_group());
    }

    #[test]
    fn a_group_keeps_its_keys_where_there_is_no_room_for_its_pair() {
        let room = &mut room(16 << 10);
        let mut combinations = Combinations::new(1, vec![false, false], 0);
        let mut ids = vec![Combinations::NOTHING; 300];
        combinations.extend(&mut ids, &[5; 300], 0, room);
        combinations.extend(&mut ids, &[6; 300], 1, room);
        let pairs: Vec<u32> = (10..310).collect();
        combinations.extend(&mut ids, &pairs, 2, room);
        assert_eq!(combinations.keys(ids[0]), [5, 6, 10]);
        assert_eq!(combinations.keys(ids[299]), [5, 6, NO_PAIR]);
        assert!(!room.has_refused_group() && room.has_refused_pair());
        assert_eq!(combinations.asked(ids[0]), combinations.asked(ids[299]));
    }
}
