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
struct Claims<H> {
    claims: SmallVec<[Claim<H>; 1]>,
    /// Who had it before this is forgotten.
    forgotten: Timestamp,
}

impl<H> Default for Claims<H> {
    fn default() -> Self {
        Self { claims: SmallVec::new(), forgotten: Timestamp(i64::MIN) }
    }
}

impl<H: PartialEq> Claims<H> {
    fn hold(&mut self, holder: H, start: Timestamp, seen: Timestamp) {
        let own = self.claims.iter().rev().find(|claim| claim.holder == holder);
        // A holder that lost it to another does not get it back by being told of again.
        let start = match own {
            Some(own) if own.released == STILL => return,
            Some(own) => start.max(own.released),
            None => start,
        };
        if self.claims.len() == HOLDERS {
            self.forget(0);
        }
        let place = self.claims.partition_point(|claim| claim.start <= start);
        self.claims.insert(place, Claim { holder, start: start.min(seen), seen, released: STILL });
    }

    /// True where there was something to release.
    fn release(&mut self, holder: &H, at: Timestamp) -> bool {
        let held = self.claims.iter_mut().find(|claim| claim.released == STILL && claim.holder == *holder);
        held.map(|claim| claim.released = at.max(claim.start)).is_some()
    }

    /// A holder has it until the next may have had it, and the next from when this one surely had it no more. Between the
    /// two it is in doubt, and nobody's.
    fn holder(&self, at: Timestamp) -> Option<&H> {
        let place = self.claims.partition_point(|claim| claim.start <= at);
        let claim = self.claims[..place].last()?;
        let earlier = self.claims[..place].iter().rev().nth(1);
        let from = earlier.map_or(self.forgotten, |earlier| earlier.released.min(claim.seen));
        (from <= at && at < claim.released).then_some(&claim.holder)
    }

    /// The next one's claim begins no earlier for it.
    fn forget(&mut self, place: usize) {
        let claim = self.claims.remove(place);
        let next = self.claims.get(place).map_or(claim.released, |next| claim.released.min(next.seen));
        self.forgotten = self.forgotten.max(next);
    }

    fn forget_before(&mut self, horizon: Timestamp) {
        while let Some(place) = self.claims.iter().position(|claim| claim.released <= horizon) {
            self.forget(place);
        }
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
        self.0.entry(key).or_default().hold(holder, start, seen);
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
        if claims.claims.is_empty() {
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
    fn many_within_one_second() {
        let mut holders = Holders::default();
        for time in 0..100 {
            // All may have begun at 0, as far as the API's clock tells.
            holders.hold(1, time, at(0), at(10 * time + 5));
            holders.release(&1, &time, at(10 * time + 9));
        }
        for time in 0..1_000 {
            let known = holders.holder(&1, at(time)).copied();
            // From the moment that the one before is known to have let go.
            assert!(known.is_none_or(|known| known == (time + 1) / 10), "{known:?} at {time}");
        }
        assert_eq!(holders.holder(&1, at(997)), Some(&99));
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
