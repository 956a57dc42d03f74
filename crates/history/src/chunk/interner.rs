//! Codes for values that repeat, while a chunk is being filled.

use std::{
    hash::{BuildHasher, Hash},
    sync::Arc,
};

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};

/// How many pointers of equal content are remembered before they are forgotten together. Each keeps its value alive.
const POINTERS_KEPT: usize = 1024;

/// Gives each distinct value a code from 1 up, in the order of first sight; 0 stands for "absent".
///
/// A value is looked for by its pointer first, which most records share, and by its content then.
#[derive(Debug)]
pub(crate) struct Interner<T: ?Sized> {
    values: Vec<Arc<T>>,
    by_content: HashTable<u32>,
    /// Sound only while the pointers' owners are kept in `values` or `aliases`.
    by_pointer: FxHashMap<usize, u32>,
    aliases: Vec<Arc<T>>,
    /// Bytes of the aliases themselves, without what they share with the values.
    alias_bytes: usize,
    keeps_aliases: bool,
}

impl<T: ?Sized + Hash + Eq> Interner<T> {
    /// For values that come as many short-lived copies: a copy is always compared by content.
    pub(crate) fn of_copies() -> Self {
        Self::new(false)
    }

    /// For values whose hash is dear and whose pointers live long: each pointer is remembered.
    pub(crate) fn of_shared() -> Self {
        Self::new(true)
    }

    fn new(keeps_aliases: bool) -> Self {
        Self {
            values: Vec::new(),
            by_content: HashTable::new(),
            by_pointer: FxHashMap::default(),
            aliases: Vec::new(),
            alias_bytes: 0,
            keeps_aliases,
        }
    }

    /// The code of `value`, and whether it was seen for the first time.
    #[inline]
    pub(crate) fn intern(&mut self, value: &Arc<T>) -> (u32, bool) {
        match self.by_pointer.get(&address_of(value)) {
            Some(code) => (*code, false),
            None => self.intern_content(value),
        }
    }

    /// The code of `value`, where it has one.
    pub(crate) fn find(&self, value: &T) -> Option<u32> {
        self.by_content.find(hash_of(value), |code| *self.values[*code as usize - 1] == *value).copied()
    }

    fn intern_content(&mut self, value: &Arc<T>) -> (u32, bool) {
        if let Some(code) = self.find(value) {
            if self.keeps_aliases {
                self.remember_alias(value, code);
            }
            return (code, false);
        }
        self.values.push(value.clone());
        let code = self.values.len() as u32;
        let values = &self.values;
        self.by_content.insert_unique(hash_of(&**value), code, |code| hash_of(&*values[*code as usize - 1]));
        self.by_pointer.insert(address_of(value), code);
        (code, true)
    }

    fn remember_alias(&mut self, value: &Arc<T>, code: u32) {
        if self.aliases.len() == POINTERS_KEPT {
            self.aliases.clear();
            self.alias_bytes = 0;
            self.by_pointer.clear();
            for (index, value) in self.values.iter().enumerate() {
                self.by_pointer.insert(address_of(value), index as u32 + 1);
            }
        }
        self.alias_bytes += size_of_val(&**value) + 16;
        self.aliases.push(value.clone());
        self.by_pointer.insert(address_of(value), code);
    }

    /// The values by code; code 1 is the first.
    pub(crate) fn values(&self) -> &[Arc<T>] {
        &self.values
    }

    /// Bytes of its own tables and of the aliases, without the values.
    pub(crate) fn table_bytes(&self) -> usize {
        (self.values.capacity() + self.aliases.capacity()) * size_of::<Arc<T>>()
            + self.alias_bytes
            + self.by_content.allocation_size()
            + self.by_pointer.capacity() * (size_of::<(usize, u32)>() + 1)
    }

    /// Forgets everything, so that codes begin at 1 again.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.keeps_aliases);
    }
}

fn address_of<T: ?Sized>(value: &Arc<T>) -> usize {
    Arc::as_ptr(value).cast::<()>() as usize
}

fn hash_of<T: ?Sized + Hash>(value: &T) -> u64 {
    FxBuildHasher.hash_one(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_content_has_one_code_whatever_its_pointer() {
        let mut interner = Interner::<str>::of_shared();
        let (first, second) = (Arc::<str>::from("a"), Arc::<str>::from("a"));
        assert_eq!(interner.intern(&first), (1, true));
        assert_eq!(interner.intern(&second), (1, false));
        assert_eq!(interner.intern(&Arc::from("b")), (2, true));
        assert_eq!(interner.values().len(), 2);
    }

    #[test]
    fn a_pointer_that_is_used_again_for_other_content_is_told_apart() {
        let mut interner = Interner::<str>::of_shared();
        for round in 0..3 * POINTERS_KEPT {
            let text = if round % 2 == 0 { "even" } else { "odd" };
            let code = interner.intern(&Arc::from(text)).0;
            assert_eq!(&*interner.values()[code as usize - 1], text);
        }
    }
}
