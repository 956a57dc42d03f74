//! Which connections were between ends of which one is not on this node: for the merge, which finds the other node's report by
//! them. Addresses do not tell where something translates them.
//!
//! Of each pair of ends and period a sample is kept. Periods are short at first and grow with their age, so that much time
//! takes little room; the oldest goes where that is too much.

use std::{collections::VecDeque, sync::Arc};

use goldwire_answer::links::{Links, Sample, digest};
use goldwire_model::record::{Ends, Reporter};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{chunk::ends::transport_number, query::space::PairKey};

/// The shortest period, in nanoseconds.
const PERIOD: i64 = 10_000_000_000;
/// Periods of one length, before two become one.
const OF_ONE_LENGTH: usize = 6;
/// Ids of a pair in a period, at first.
const MOST_IDS: usize = 2_048;
/// Ids of a pair in an answer, and of all pairs together.
const MOST_TOLD: usize = 4_096;
const MOST_TOLD_TOGETHER: usize = 65_536;
/// A look at the last ids saves most look-ups.
const RECENT: usize = 1_024;
/// Bytes of a pair, without its ids.
const PAIR_BYTES: usize = size_of::<(PairKey, Sample)>() + 32;

/// The pairs of `[from, to)`.
#[derive(Clone, Debug)]
pub(crate) struct Period {
    from: i64,
    to: i64,
    pairs: FxHashMap<PairKey, Sample>,
    ids: usize,
    /// Ids of a pair: fewer where all would take too much room.
    most_ids: usize,
    /// There were more pairs than there was room for.
    is_full: bool,
}

/// How much a period may hold.
#[derive(Clone, Copy, Debug)]
struct Room {
    pairs: usize,
    ids: usize,
}

impl Period {
    fn new(from: i64) -> Self {
        Self { from, to: from + PERIOD, pairs: FxHashMap::default(), ids: 0, most_ids: MOST_IDS, is_full: false }
    }

    fn bytes(&self) -> usize {
        self.pairs.len() * PAIR_BYTES + self.ids * size_of::<u64>()
    }

    fn add(&mut self, pair: PairKey, id: Option<u64>, room: Room) {
        if self.pairs.len() >= room.pairs && !self.pairs.contains_key(&pair) {
            self.is_full = true;
            return;
        }
        let sample = self.pairs.entry(pair).or_default();
        let before = sample.len();
        match id {
            Some(id) => sample.add(id, self.most_ids),
            None => sample.doubt(),
        }
        self.ids += sample.len() - before;
        self.keep_to(room);
    }

    fn join(&mut self, older: &Self, room: Room) {
        self.from = older.from;
        self.is_full |= older.is_full;
        self.most_ids = self.most_ids.min(older.most_ids);
        for (pair, sample) in &older.pairs {
            if self.pairs.len() >= room.pairs && !self.pairs.contains_key(pair) {
                self.is_full = true;
            } else {
                self.pairs.entry(*pair).or_default().join(sample, self.most_ids);
            }
        }
        self.count();
        self.keep_to(room);
    }

    fn count(&mut self) {
        self.ids = self.pairs.values().map(Sample::len).sum();
    }

    fn keep_to(&mut self, room: Room) {
        while self.ids > room.ids && self.most_ids > 1 {
            self.most_ids /= 2;
            self.pairs.values_mut().for_each(|sample| sample.keep(self.most_ids));
            self.count();
        }
    }
}

/// All periods, oldest first. Readers share them.
#[derive(Debug)]
pub(crate) struct LinkLog {
    periods: VecDeque<Arc<Period>>,
    /// Nothing before this is kept any more.
    evicted_until: i64,
    /// By digest: ids that the newest period has.
    recent: Box<[u64]>,
    memory: usize,
    room: Room,
}

impl LinkLog {
    /// One that takes so many bytes.
    pub(crate) fn new(memory: usize) -> Self {
        let room = Room { pairs: (memory / 8 / PAIR_BYTES).max(16), ids: (memory / 8 / size_of::<u64>()).max(256) };
        let recent = vec![0; RECENT].into();
        Self { periods: VecDeque::new(), evicted_until: i64::MIN, recent, memory, room }
    }

    /// Notes the connection of a record, where its other end is elsewhere.
    #[inline]
    pub(crate) fn add(&mut self, time: i64, ends: &Ends) {
        let by_client = ends.reporter == Reporter::Client;
        let transport = transport_number(ends.transport);
        let pair = PairKey::remote(by_client, &ends.source, &ends.destination, ends.destination_port, transport);
        let Some(pair) = pair else { return };
        let period = time.div_euclid(PERIOD) * PERIOD;
        if self.periods.back().is_none_or(|newest| newest.to <= period) {
            self.begin(period);
        }
        let id = ends.pairing.map(|id| id.0);
        if !id.is_some_and(|id| self.is_recent(id, by_client)) {
            self.add_new(period, pair, id);
        }
    }

    /// Whether the newest period has it; it has from now on.
    fn is_recent(&mut self, id: u64, by_client: bool) -> bool {
        let (mark, place) = (id.rotate_left(1) ^ u64::from(by_client), digest(id) as usize % RECENT);
        std::mem::replace(&mut self.recent[place], mark) == mark && mark != 0
    }

    #[cold]
    fn begin(&mut self, from: i64) {
        self.recent.fill(0);
        self.periods.push_back(Arc::new(Period::new(from)));
        self.join_old();
        while self.bytes() > self.memory && self.periods.len() > 1 {
            self.evicted_until = self.periods.pop_front().map_or(self.evicted_until, |oldest| oldest.to);
        }
    }

    /// Two of the oldest become one, for each length of which there are too many.
    fn join_old(&mut self) {
        let (mut length, mut most) = (PERIOD, OF_ONE_LENGTH);
        loop {
            let of_length = |period: &Arc<Period>| period.to - period.from <= length;
            let Some(oldest) = self.periods.iter().position(of_length) else { return };
            if self.periods.len() - oldest <= most {
                return;
            }
            let Some(older) = self.periods.remove(oldest) else { return };
            if let Some(younger) = self.periods.get_mut(oldest) {
                Arc::make_mut(younger).join(&older, self.room);
            }
            (length, most) = (length * 2, most + OF_ONE_LENGTH);
        }
    }

    /// Late records go to their own period, as far as that is there.
    fn add_new(&mut self, time: i64, pair: PairKey, id: Option<u64>) {
        let room = self.room;
        let place = self.periods.iter().rposition(|period| period.from <= time).unwrap_or(0);
        if let Some(period) = self.periods.get_mut(place) {
            Arc::make_mut(period).add(pair, id, room);
        }
    }

    /// What readers take away from the lock.
    pub(crate) fn snapshot(&self) -> Periods {
        Periods { periods: self.periods.iter().cloned().collect(), evicted_until: self.evicted_until }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.periods.iter().map(|period| period.bytes()).sum::<usize>() + RECENT * size_of::<u64>()
    }
}

/// A copy of the log, for a reader.
#[derive(Debug)]
pub(crate) struct Periods {
    periods: Vec<Arc<Period>>,
    evicted_until: i64,
}

impl Periods {
    /// What is known of each pair in `[from, to)`, and a little around it: the clocks of the ends may differ. Of a pair that is
    /// not met there, what other times tell: what translates addresses mostly goes on doing so.
    pub(crate) fn links(&self, pairs: &FxHashSet<PairKey>, (from, to): (i64, i64)) -> Vec<Links> {
        let most = (MOST_TOLD_TOGETHER / pairs.len().max(1)).clamp(1, MOST_TOLD);
        let (from, to) = (from.saturating_sub(PERIOD), to.saturating_add(PERIOD));
        let all = || self.periods.iter().map(Arc::as_ref);
        let inside = || all().filter(|period| period.from < to && period.to > from);
        let is_whole = self.evicted_until <= from && !inside().any(|period| period.is_full);
        let links = pairs.iter().map(|pair| {
            let mut sample = sample(inside(), pair, most);
            if sample.is_empty() {
                sample = self::sample(all(), pair, most);
                sample.doubt();
            } else if !is_whole {
                sample.doubt();
            }
            sample.of(pair.to_pair())
        });
        links.filter(|links| !links.ids.is_empty()).collect()
    }
}

fn sample<'a>(periods: impl Iterator<Item = &'a Period>, pair: &PairKey, most: usize) -> Sample {
    let mut all = Sample::default();
    for sample in periods.filter_map(|period| period.pairs.get(pair)) {
        all.join(sample, most);
    }
    all
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn pair(port: u16) -> PairKey {
        let address = IpAddr::from([10, 0, 0, 1]);
        PairKey { by_client: true, source: address, destination: address, port, transport: 6 }
    }

    fn add(log: &mut LinkLog, period: i64, port: u16, id: u64) {
        let from = period * PERIOD;
        if log.periods.back().is_none_or(|newest| newest.to <= from) {
            log.begin(from);
        }
        log.add_new(from, pair(port), Some(id));
    }

    fn ids(log: &LinkLog, port: u16, from: i64, to: i64) -> Vec<u64> {
        let links = log.snapshot().links(&FxHashSet::from_iter([pair(port)]), (from * PERIOD, to * PERIOD));
        let mut ids: Vec<u64> = links.into_iter().flat_map(|links| links.ids).collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn a_window_has_the_connections_of_its_time() {
        let mut log = LinkLog::new(1 << 20);
        (0..6).for_each(|period| add(&mut log, period, 80, period as u64 + 1));
        assert_eq!(ids(&log, 80, 2, 4), [2, 3, 4, 5]);
        assert_eq!(ids(&log, 81, 2, 4), [0_u64; 0]);
    }

    #[test]
    fn a_pair_that_is_not_met_in_the_window_has_what_other_times_tell_for_no_certainty() {
        let mut log = LinkLog::new(1 << 20);
        add(&mut log, 0, 80, 7);
        add(&mut log, 20, 81, 8);
        let links = log.snapshot().links(&FxHashSet::from_iter([pair(80)]), (20 * PERIOD, 21 * PERIOD));
        assert_eq!((&links[0].ids[..], links[0].up_to), (&[7][..], 0));
    }

    #[test]
    fn too_many_connections_leave_those_with_the_smallest_digests() {
        let mut log = LinkLog::new(64 << 10);
        (1..5_000).for_each(|id| add(&mut log, 0, 80, id));
        let links = &log.snapshot().links(&FxHashSet::from_iter([pair(80)]), (0, PERIOD))[0];
        let mut all: Vec<u64> = (1..5_000).collect();
        all.sort_unstable_by_key(|id| digest(*id));
        assert_eq!(links.ids, all[..links.ids.len()]);
        assert!((256..2_048).contains(&links.ids.len()) && links.up_to < u64::MAX && links.up_to > 0);
    }

    #[test]
    fn much_time_takes_few_periods_and_bounded_memory() {
        let mut log = LinkLog::new(1 << 20);
        (0..10_000).for_each(|period| add(&mut log, period, 80, period as u64 + 1));
        assert!(log.periods.len() <= 14 * OF_ONE_LENGTH, "{}", log.periods.len());
        let small = 64 << 10;
        let mut log = LinkLog::new(small);
        for period in 0..50 {
            (0..2_000).for_each(|port| add(&mut log, period, port, u64::from(port) + 1));
        }
        assert!(log.bytes() <= 2 * small, "{}", log.bytes());
        assert!(log.periods.iter().all(|period| period.is_full));
    }
}
