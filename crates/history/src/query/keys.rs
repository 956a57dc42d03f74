//! Group keys as small numbers: every text once, every combination of keys once.

use std::sync::Arc;

use goldwire_model::field::Field;
use rustc_hash::FxHashMap;

use super::mask::{hex, start_of};
use crate::chunk::{
    numbers::ABSENT,
    resolve::{Entries, Resolved},
    value::{OTHER, Value, keys_text},
};

/// Id of "not known on this node".
pub(crate) const UNKNOWN_KEY: u32 = 0;
/// Id of a value that its end certainly does not have: the empty text.
const EMPTY_KEY: u32 = 1;
/// Id of what was counted together.
pub(crate) const OTHER_KEY: u32 = 2;
const UNSEEN: u32 = u32::MAX;
/// Distinct texts, and distinct combinations, that a query may find. What comes after is `other`.
const MOST: usize = 400_000;

/// Distinct key texts of a query.
#[derive(Debug)]
pub(crate) struct KeyTexts {
    ids: FxHashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
    numbers: FxHashMap<u64, u32>,
}

impl Default for KeyTexts {
    fn default() -> Self {
        let empty: Arc<str> = Arc::from("");
        // The text at `UNKNOWN_KEY` is never looked at.
        let other: Arc<str> = Arc::from(OTHER);
        let texts = vec![empty.clone(), empty.clone(), other.clone()];
        let ids = FxHashMap::from_iter([(empty, EMPTY_KEY), (other, OTHER_KEY)]);
        Self { ids, texts, numbers: FxHashMap::default() }
    }
}

impl KeyTexts {
    pub(crate) fn id(&mut self, text: &str) -> u32 {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        if self.texts.len() >= MOST {
            return OTHER_KEY;
        }
        let (id, text) = (self.texts.len() as u32, Arc::<str>::from(text));
        self.texts.push(text.clone());
        self.ids.insert(text, id);
        id
    }

    fn number(&mut self, number: u64) -> u32 {
        if number == ABSENT {
            return EMPTY_KEY;
        }
        if let Some(id) = self.numbers.get(&number) {
            return *id;
        }
        let id = self.id(&number.to_string());
        self.numbers.insert(number, id);
        id
    }

    fn value(&mut self, value: &Value<'_>) -> u32 {
        match value {
            Value::Unknown => UNKNOWN_KEY,
            Value::Absent => EMPTY_KEY,
            Value::Text(text) => self.id(text),
            Value::Keys(labels) => self.id(&keys_text(labels)),
            Value::Address(address) => self.id(&address.to_string()),
            Value::Integer(number) => self.id(&number.to_string()),
        }
    }

    /// The text of an id; `None` for what is not known here.
    pub(crate) fn text(&self, id: u32) -> Option<Arc<str>> {
        (id != UNKNOWN_KEY).then(|| self.texts[id as usize].clone())
    }

    /// The key of each of `rows`, in their order, appended to `keys`.
    pub(crate) fn read(&mut self, field: &Field, entries: &impl Entries, rows: &[u32], keys: &mut Vec<u32>) {
        match entries.resolve(field) {
            Resolved::Constant(value) => keys.resize(keys.len() + rows.len(), self.value(&value)),
            Resolved::Coded { codes, values } if codes.is_nothing() => {
                let id = values.first().map_or(EMPTY_KEY, |value| self.value(value));
                keys.resize(keys.len() + rows.len(), id);
            }
            Resolved::Coded { codes, values } => {
                let mut ids = vec![UNSEEN; values.len()];
                keys.extend(rows.iter().map(|row| {
                    let code = codes.get(*row as usize) as usize;
                    if ids[code] == UNSEEN {
                        ids[code] = self.value(&values[code]);
                    }
                    ids[code]
                }));
            }
            Resolved::Ids { codes, ids } => keys.extend(rows.iter().map(|row| match codes.get(*row as usize) {
                0 | ABSENT => EMPTY_KEY,
                code => self.id(&hex(ids.value(code as usize - 1))),
            })),
            Resolved::Numbers(numbers) => keys.extend(rows.iter().map(|row| {
                let number = numbers.get(*row as usize);
                if *field == Field::ProcessExitCode && number != ABSENT {
                    return self.id(&(number as u32).cast_signed().to_string());
                }
                self.number(number)
            })),
            Resolved::Starts { times, ages } => {
                keys.extend(rows.iter().map(|row| self.number(start_of(times, ages, *row as usize).cast_unsigned())));
            }
        }
    }
}

/// Combinations of keys, built one key at a time: each step down is a pair of "so far" and "next".
#[derive(Debug, Default)]
pub(crate) struct Combinations {
    ids: FxHashMap<u64, u32>,
    /// By id less one: what it was made of.
    parts: Vec<(u32, u32)>,
}

impl Combinations {
    /// No key yet.
    pub(crate) const NOTHING: u32 = 0;
    /// There were too many to tell apart. An index behind those of all others, so that tables by combination have room for it.
    pub(crate) const OVERFLOW: u32 = MOST as u32 + 1;

    /// The combination of each in `so_far` with the next key at the same place.
    pub(crate) fn extend(&mut self, so_far: &mut [u32], next: &[u32]) {
        let (Some(first), Some(first_next)) = (so_far.first().copied(), next.first().copied()) else { return };
        if next.iter().all(|key| *key == first_next) {
            let mut known = Vec::new();
            so_far.iter_mut().for_each(|so_far| {
                *so_far = recall(&mut known, *so_far, || self.pair(*so_far, first_next));
            });
        } else if so_far.iter().all(|so_far| *so_far == first) {
            let mut known = Vec::new();
            so_far.iter_mut().zip(next).for_each(|(so_far, next)| {
                *so_far = recall(&mut known, *next, || self.pair(first, *next));
            });
        } else {
            so_far.iter_mut().zip(next).for_each(|(so_far, next)| *so_far = self.pair(*so_far, *next));
        }
    }

    fn pair(&mut self, so_far: u32, next: u32) -> u32 {
        if so_far == Self::OVERFLOW || self.parts.len() >= MOST {
            return self.ids.get(&(u64::from(so_far) << 32 | u64::from(next))).copied().unwrap_or(Self::OVERFLOW);
        }
        let parts = &mut self.parts;
        *self.ids.entry(u64::from(so_far) << 32 | u64::from(next)).or_insert_with(|| {
            parts.push((so_far, next));
            parts.len() as u32
        })
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
    if at > MOST {
        return find();
    }
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
    use super::*;

    #[test]
    fn a_combination_gives_its_keys_back() {
        let mut combinations = Combinations::default();
        let mut ids = vec![Combinations::NOTHING; 3];
        combinations.extend(&mut ids, &[5, 6, 5]);
        combinations.extend(&mut ids, &[6, 5, 6]);
        assert_eq!(ids[0], ids[2]);
        assert_ne!(ids[0], ids[1]);
        assert_eq!(combinations.keys(ids[0]), [5, 6]);
        assert_eq!(combinations.keys(ids[1]), [6, 5]);
    }

    #[test]
    fn combinations_beyond_the_bound_share_one_small_index() {
        let mut combinations = Combinations::default();
        let next: Vec<u32> = (0..MOST as u32 + 5).collect();
        let mut ids = vec![Combinations::NOTHING; next.len()];
        combinations.extend(&mut ids, &next);
        assert_eq!(ids[MOST - 1], MOST as u32);
        assert!(ids[MOST..].iter().all(|id| *id == Combinations::OVERFLOW));
        combinations.extend(&mut ids, &next);
        assert!(ids.iter().all(|id| *id as usize <= MOST + 1));
        let mut slots = super::super::slots::Slots::default();
        assert_eq!([slots.slot(Combinations::OVERFLOW, 0), slots.slot(Combinations::OVERFLOW, 0)], [0, 0]);
    }

    #[test]
    fn unknown_is_told_apart_from_empty() {
        let mut texts = KeyTexts::default();
        assert_eq!(texts.value(&Value::Unknown), UNKNOWN_KEY);
        let absent = texts.value(&Value::Absent);
        assert_eq!(texts.text(absent).as_deref(), Some(""));
        assert_eq!(texts.text(UNKNOWN_KEY), None);
    }
}
