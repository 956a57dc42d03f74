//! Which connections were between two ends: what tells a node's pair of ends from another node's, whatever translates addresses
//! between them.

use crate::groups::Pair;

/// A sample of the connections of a pair, which all nodes draw alike: those whose ids have the smallest digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// As this node sees it.
    pub pair: Pair,
    /// Pairing ids, by their digests.
    pub ids: Vec<u64>,
    /// Whatever was between them with a digest up to this is among the ids. 0 where nothing is certain.
    pub up_to: u64,
}

/// What orders ids: it has nothing to do with when or by whom they were made, and every id has another.
#[must_use]
pub const fn digest(id: u64) -> u64 {
    let id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    id ^ (id >> 31)
}

/// The ids of a pair, by their digests, as they are gathered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    ids: Vec<u64>,
    up_to: u64,
}

impl Default for Sample {
    fn default() -> Self {
        Self { ids: Vec::new(), up_to: u64::MAX }
    }
}

impl Sample {
    /// Takes an id in, and keeps `most` of all.
    pub fn add(&mut self, id: u64, most: usize) {
        let digest_of = digest(id);
        if digest_of > self.up_to && self.ids.len() >= most {
            return;
        }
        let Err(place) = self.ids.binary_search_by_key(&digest_of, |id| digest(*id)) else { return };
        self.ids.insert(place, id);
        self.keep(most);
    }

    /// There were connections whose ids are not known.
    pub const fn doubt(&mut self) {
        self.up_to = 0;
    }

    /// Adds those of another time.
    pub fn join(&mut self, other: &Self, most: usize) {
        self.up_to = self.up_to.min(other.up_to);
        self.ids.extend_from_slice(&other.ids);
        self.ids.sort_unstable_by_key(|id| digest(*id));
        self.ids.dedup();
        self.keep(most);
    }

    /// Leaves so many.
    pub fn keep(&mut self, most: usize) {
        if let Some(left_out) = self.ids.get(most) {
            self.up_to = self.up_to.min(digest(*left_out).saturating_sub(1));
            self.ids.truncate(most);
        }
    }

    /// How many are kept.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// What is known of a pair.
    #[must_use]
    pub fn of(self, pair: Pair) -> Links {
        Links { pair, ids: self.ids, up_to: self.up_to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(ids: impl IntoIterator<Item = u64>, most: usize) -> Sample {
        let mut sample = Sample::default();
        ids.into_iter().for_each(|id| sample.add(id, most));
        sample
    }

    #[test]
    fn two_nodes_draw_the_same_sample_in_any_order() {
        let (forth, back) = (sample(0..1_000, 16), sample((0..1_000).rev(), 16));
        assert_eq!(forth, back);
        assert_eq!(forth.len(), 16);
        let certain = (0..1_000).filter(|id| digest(*id) <= forth.up_to).count();
        assert_eq!(certain, 16);
    }

    #[test]
    fn times_join_to_the_sample_of_all() {
        let mut joined = sample(0..400, 16);
        joined.join(&sample(300..1_000, 16), 16);
        assert_eq!(joined, sample(0..1_000, 16));
        assert_eq!(sample(0..5, 16).up_to, u64::MAX);
    }

    #[test]
    fn what_is_not_known_leaves_nothing_certain() {
        let mut sample = sample(0..5, 16);
        sample.doubt();
        sample.add(7, 16);
        assert_eq!((sample.len(), sample.up_to), (6, 0));
    }
}
