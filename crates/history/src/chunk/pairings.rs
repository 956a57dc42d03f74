//! Pairing ids of an open chunk: every connection's once.

use rustc_hash::FxHashMap;

/// Codes for ids, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Pairings {
    codes: FxHashMap<u64, u16>,
    values: Vec<u64>,
}

impl Pairings {
    /// The code of an id, from 1 on. A chunk has fewer rows than there are codes.
    #[inline]
    pub(super) fn code(&mut self, id: u64) -> u16 {
        let values = &mut self.values;
        *self.codes.entry(id).or_insert_with(|| {
            values.push(id);
            values.len() as u16
        })
    }

    /// Ids by code less one.
    pub(super) fn values(&self) -> &[u64] {
        &self.values
    }

    /// What is taken now.
    pub(super) fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<u64>() + self.codes.capacity() * (size_of::<(u64, u16)>() + 1)
    }

    pub(super) fn clear(&mut self) {
        self.codes.clear();
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_comes_again_has_its_code() {
        let mut pairings = Pairings::default();
        assert_eq!([7, 9, 7].map(|id| pairings.code(id)), [1, 2, 1]);
        assert_eq!(pairings.values(), [7, 9]);
        pairings.clear();
        assert_eq!(pairings.code(9), 1);
    }
}
