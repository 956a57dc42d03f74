//! Who held something that only one can hold at a time, and when.

use std::hash::Hash;

use goldwire_model::time::Timestamp;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Holders remembered of one thing.
const HOLDERS: usize = 8;
const STILL: Timestamp = Timestamp(i64::MAX);

#[derive(Clone, Debug)]
struct Claim<H> {
    holder: H,
    /// The earliest it can have begun.
    start: Timestamp,
    /// When it surely had begun.
    seen: Timestamp,
    /// When it surely was over.
    released: Timestamp,
}

/// One thing's holders by the start of their claims.
#[derive(Clone, Debug)]
struct Claims<H>(SmallVec<[Claim<H>; 1]>);

impl<H: PartialEq> Claims<H> {
    fn hold(&mut self, holder: H, start: Timestamp, seen: Timestamp) {
        let own = self.0.iter().rev().find(|claim| claim.holder == holder);
        // A holder that lost it to another does not get it back by being told of again.
        let start = match own {
            Some(own) if own.released == STILL => return,
            Some(own) => start.max(own.released),
            None => start,
        };
        if self.0.len() == HOLDERS {
            self.0.remove(0);
        }
        let place = self.0.partition_point(|claim| claim.start <= start);
        self.0.insert(place, Claim { holder, start: start.min(seen), seen, released: STILL });
    }

    /// True where there was something to release.
    fn release(&mut self, holder: &H, at: Timestamp) -> bool {
        let held = self.0.iter_mut().find(|claim| claim.released == STILL && claim.holder == *holder);
        held.map(|claim| claim.released = at.max(claim.start)).is_some()
    }

    /// A holder has it until the next may have had it, and the next from when this one surely had it no more. Between the
    /// two it is in doubt, and nobody's.
    fn holder(&self, at: Timestamp) -> Option<&H> {
        let place = self.0.partition_point(|claim| claim.start <= at);
        let claim = self.0[..place].last()?;
        let earlier = self.0[..place].iter().rev().nth(1);
        let from = earlier.map_or(claim.start, |earlier| earlier.released.min(claim.seen));
        (from <= at && at < claim.released).then_some(&claim.holder)
    }

    fn forget_before(&mut self, horizon: Timestamp) {
        self.0.retain(|claim| claim.released > horizon);
    }
}

/// The holders of many things.
#[derive(Clone, Debug)]
pub(super) struct Holders<K, H>(FxHashMap<K, Claims<H>>);

impl<K, H> Default for Holders<K, H> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<K: Eq + Hash, H: PartialEq> Holders<K, H> {
    /// `holder` has had it since `start` at the earliest and has it at `seen`.
    pub(super) fn hold(&mut self, key: K, holder: H, start: Timestamp, seen: Timestamp) {
        self.0.entry(key).or_insert_with(|| Claims(SmallVec::new())).hold(holder, start, seen);
    }

    /// `holder` has it no more. True where it had.
    pub(super) fn release(&mut self, key: &K, holder: &H, at: Timestamp) -> bool {
        self.0.get_mut(key).is_some_and(|claims| claims.release(holder, at))
    }

    pub(super) fn holder(&self, key: &K, at: Timestamp) -> Option<&H> {
        self.0.get(key)?.holder(at)
    }

    /// Forgets the claims on `key` that were released by `horizon`.
    pub(super) fn forget_before(&mut self, key: &K, horizon: Timestamp) {
        let Some(claims) = self.0.get_mut(key) else { return };
        claims.forget_before(horizon);
        if claims.0.is_empty() {
            self.0.remove(key);
        }
    }

}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: i64) -> Timestamp {
        Timestamp(time)
    }

    fn holder(holders: &Holders<u8, char>, time: i64) -> Option<char> {
        holders.holder(&1, at(time)).copied()
    }

    #[test]
    fn held_from_the_earliest_to_the_release() {
        let mut holders = Holders::default();
        holders.hold(1, 'a', at(100), at(150));
        assert!(holders.release(&1, &'a', at(200)) && !holders.release(&1, &'a', at(210)));
        let seen = [99, 100, 199, 200].map(|time| holder(&holders, time));
        assert_eq!(seen, [None, Some('a'), Some('a'), None]);
    }

    #[test]
    fn what_is_in_doubt_is_nobodys() {
        let mut holders = Holders::default();
        holders.hold(1, 'a', at(100), at(110));
        holders.release(&1, &'a', at(220));
        // Told within the same second: it may have begun before the first one's end was seen.
        holders.hold(1, 'b', at(200), at(260));
        let seen = [199, 200, 219, 220, 300].map(|time| holder(&holders, time));
        assert_eq!(seen, [Some('a'), None, None, Some('b'), Some('b')]);
    }

    #[test]
    fn the_next_is_seen_before_the_release() {
        let mut holders = Holders::default();
        holders.hold(1, 'b', at(200), at(260));
        holders.hold(1, 'a', at(100), at(260));
        holders.hold(1, 'a', at(100), at(270));
        let seen = [150, 199, 230, 260].map(|time| holder(&holders, time));
        assert_eq!(seen, [Some('a'), Some('a'), None, Some('b')]);
        holders.release(&1, &'a', at(300));
        assert_eq!(holder(&holders, 280), Some('b'));
    }

    #[test]
    fn holders_of_one_thing_are_bounded() {
        let mut holders = Holders::default();
        for time in 0..100 {
            holders.hold(1, time, at(time), at(time));
            holders.release(&1, &time, at(time + 1));
        }
        assert_eq!(holders.holder(&1, at(99)), Some(&99));
        assert_eq!(holders.holder(&1, at(10)), None);
        holders.forget_before(&1, at(100));
        assert!(holders.0.is_empty());
    }
}
