//! Every text of a key once.

use std::sync::Arc;

use goldwire_model::field::Field;
use hashbrown::HashTable;
use rustc_hash::FxHashMap;

use super::{
    super::{
        growth::make_room,
        mask::{hex, start_of},
        room::Room,
    },
    EMPTY_KEY, FOLDED_KEY, OTHER_KEY, UNKNOWN_KEY, UNSEEN, hash_of,
};
use crate::chunk::{
    numbers::ABSENT,
    resolve::{Entries, Resolved},
    value::{OTHER, Value, keys_text},
};

/// What a text takes beside its bytes: its allocation, its place in the list, and in the index when that has just grown.
const TEXT_BYTES: usize = 72;
/// What a number takes that is known by itself.
const NUMBER_BYTES: usize = 56;

/// Distinct key texts of a query.
#[derive(Debug)]
pub(crate) struct KeyTexts {
    /// Of ids, by their texts.
    ids: HashTable<u32>,
    texts: Vec<Arc<str>>,
    numbers: FxHashMap<u64, u32>,
    /// Others are not wanted, and counted together. In lower case.
    prefix: String,
}

impl KeyTexts {
    /// Only texts that begin with `prefix`, whatever the case of their letters, are told apart.
    pub(crate) fn beginning_with(prefix: &str) -> Self {
        let empty: Arc<str> = Arc::from("");
        // The text at `UNKNOWN_KEY` is never looked at.
        let other: Arc<str> = Arc::from(OTHER);
        let texts = vec![empty.clone(), empty.clone(), other.clone(), other.clone()];
        let mut ids = HashTable::new();
        for id in [EMPTY_KEY, OTHER_KEY] {
            ids.insert_unique(hash_of(&*texts[id as usize]), id, |id| hash_of(&*texts[*id as usize]));
        }
        Self { ids, texts, numbers: FxHashMap::default(), prefix: prefix.to_lowercase() }
    }

    pub(crate) fn id(&mut self, text: &str, room: &mut Room) -> u32 {
        let (hash, texts) = (hash_of(text), &self.texts);
        if let Some(id) = self.ids.find(hash, |id| *texts[*id as usize] == *text) {
            return *id;
        }
        if !self.prefix.is_empty() && !text.to_lowercase().starts_with(&self.prefix) {
            return OTHER_KEY;
        }
        if !room.take_part(TEXT_BYTES + text.len()) {
            return FOLDED_KEY;
        }
        let (id, texts) = (self.texts.len() as u32, &mut self.texts);
        make_room(texts, 1);
        texts.push(Arc::from(text));
        self.ids.insert_unique(hash, id, |id| hash_of(&*texts[*id as usize]));
        id
    }

    fn number(&mut self, number: u64, room: &mut Room) -> u32 {
        if number == ABSENT {
            return EMPTY_KEY;
        }
        if let Some(id) = self.numbers.get(&number) {
            return *id;
        }
        let id = self.id(&number.to_string(), room);
        if room.take(NUMBER_BYTES) {
            self.numbers.insert(number, id);
        }
        id
    }

    fn value(&mut self, value: &Value<'_>, room: &mut Room) -> u32 {
        match value {
            Value::Unknown => UNKNOWN_KEY,
            Value::Absent => EMPTY_KEY,
            Value::Text(text) => self.id(text, room),
            Value::Keys(labels) => self.id(&keys_text(labels), room),
            Value::Address(address) => self.id(&address.to_string(), room),
            Value::Integer(number) => self.id(&number.to_string(), room),
        }
    }

    /// The text of an id; `None` for what is not known here.
    pub(crate) fn text(&self, id: u32) -> Option<Arc<str>> {
        (id != UNKNOWN_KEY).then(|| self.texts[id as usize].clone())
    }

    /// Bytes that the text of an id takes.
    pub(crate) fn bytes(&self, id: u32) -> usize {
        TEXT_BYTES + self.texts[id as usize].len()
    }

    /// The text of an id from [`FIRST_KEY`] on.
    pub(crate) fn own(&self, id: u32) -> Arc<str> {
        self.texts[id as usize].clone()
    }

    /// The key of each of `rows`, in their order, appended to `keys`.
    pub(crate) fn read(
        &mut self,
        field: &Field,
        entries: &impl Entries,
        rows: &[u32],
        keys: &mut Vec<u32>,
        room: &mut Room,
    ) {
        match entries.resolve(field) {
            Resolved::Constant(value) => keys.resize(keys.len() + rows.len(), self.value(&value, room)),
            Resolved::Coded { codes, values } if codes.is_nothing() => {
                let id = values.first().map_or(EMPTY_KEY, |value| self.value(value, room));
                keys.resize(keys.len() + rows.len(), id);
            }
            Resolved::Coded { codes, values } => {
                let mut ids = vec![UNSEEN; values.len()];
                keys.extend(rows.iter().map(|row| {
                    let code = codes.get(*row as usize) as usize;
                    if ids[code] == UNSEEN {
                        ids[code] = self.value(&values[code], room);
                    }
                    ids[code]
                }));
            }
            Resolved::Ids { codes, ids } => keys.extend(rows.iter().map(|row| match codes.get(*row as usize) {
                0 | ABSENT => EMPTY_KEY,
                code => self.id(&hex(ids.value(code as usize - 1)), room),
            })),
            Resolved::Numbers(numbers) => keys.extend(rows.iter().map(|row| {
                let number = numbers.get(*row as usize);
                if *field == Field::ProcessExitCode && number != ABSENT {
                    return self.id(&(number as u32).cast_signed().to_string(), room);
                }
                self.number(number, room)
            })),
            Resolved::Starts { times, ages } => {
                let mut start = |row: &u32| self.number(start_of(times, ages, *row as usize).cast_unsigned(), room);
                keys.extend(rows.iter().map(&mut start));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::room, *};

    #[test]
    fn unknown_is_told_apart_from_empty() {
        let room = &mut room(1 << 20);
        let mut texts = KeyTexts::beginning_with("");
        assert_eq!(texts.value(&Value::Unknown, room), UNKNOWN_KEY);
        let absent = texts.value(&Value::Absent, room);
        assert_eq!(texts.text(absent).as_deref(), Some(""));
        assert_eq!(texts.text(UNKNOWN_KEY), None);
    }

    #[test]
    fn texts_that_do_not_begin_as_wanted_are_counted_together() {
        let room = &mut room(1 << 20);
        let mut texts = KeyTexts::beginning_with("/A");
        assert_eq!(texts.id("/b", room), OTHER_KEY);
        assert_ne!(texts.id("/ab", room), OTHER_KEY);
    }
}
