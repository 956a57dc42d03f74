//! Steps that are still being filled.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{block::Block, distribution::Distribution, registry::Registry, series::Series};

/// Distinct folded series are counted up to here.
const MOST_FOLDED: usize = 65_536;
const NANOS: i64 = 1_000_000_000;
/// To begin anew cuts open steps in two, so that it is not done at each.
const RENEWAL: i64 = 10 * NANOS;
/// Steps stay open this long after the next one began: most late records still find theirs.
pub(crate) const GRACE: i64 = 2 * NANOS;

/// What one series did in one step.
#[derive(Clone, Debug)]
pub(crate) struct StepRow<const S: usize, const D: usize> {
    /// Start of the step, nanoseconds since the epoch.
    pub(crate) step: i64,
    pub(crate) series: u32,
    pub(crate) sums: [u64; S],
    pub(crate) distributions: [Distribution; D],
}

/// Rows of steps that are open, or that late records opened again.
#[derive(Debug)]
pub(crate) struct Accumulator<const S: usize, const D: usize> {
    step: i64,
    /// How many series a step may have.
    limit: usize,
    pub(crate) registry: Registry,
    rows: Vec<StepRow<S, D>>,
    index: FxHashMap<(i64, u32), u32>,
    /// The row that each series went to last.
    last: Vec<(i64, u32)>,
    in_step: FxHashMap<i64, usize>,
    newest: i64,
    folded: FxHashSet<Series>,
}

impl<const S: usize, const D: usize> Accumulator<S, D> {
    /// Steps of `step` nanoseconds with `limit` series each.
    pub(crate) fn new(step: i64, limit: usize) -> Self {
        Self {
            step,
            limit,
            registry: Registry::new(4 * limit),
            rows: Vec::new(),
            index: FxHashMap::default(),
            last: Vec::new(),
            in_step: FxHashMap::default(),
            newest: i64::MIN,
            folded: FxHashSet::default(),
        }
    }

    /// The row of the series in the step that `time` lies in; the row of `other` where there is no room.
    #[inline]
    pub(crate) fn row(&mut self, time: i64, series: &Series) -> &mut StepRow<S, D> {
        let step = time - time.rem_euclid(self.step);
        self.newest = self.newest.max(step);
        let row = match self.registry.place(series) {
            Some(place) => self.row_of(step, place),
            None => None,
        };
        let row = match row {
            Some(row) => row,
            None => self.folded_row(step, series),
        };
        &mut self.rows[row as usize]
    }

    #[inline]
    fn row_of(&mut self, step: i64, place: u32) -> Option<u32> {
        let at = place as usize;
        if at >= self.last.len() {
            self.last.resize(at + 1, (i64::MIN, 0));
        }
        if self.last[at].0 == step {
            return Some(self.last[at].1);
        }
        let row = match self.index.get(&(step, place)) {
            Some(row) => *row,
            None => self.open_row(step, place, false)?,
        };
        self.last[at] = (step, row);
        Some(row)
    }

    fn open_row(&mut self, step: i64, series: u32, always: bool) -> Option<u32> {
        let in_step = self.in_step.entry(step).or_default();
        if *in_step >= self.limit && !always {
            return None;
        }
        *in_step += 1;
        let row = self.rows.len() as u32;
        if self.rows.len() == self.rows.capacity() {
            // Reports about long times open many rows at once: room grows gently, so that the budget is not overrun at once.
            self.rows.reserve_exact((self.rows.len() / 8).max(64));
        }
        let distributions = std::array::from_fn(|_| Distribution::default());
        self.rows.push(StepRow { step, series, sums: [0; S], distributions });
        self.index.insert((step, series), row);
        Some(row)
    }

    /// There are few coarse series, and fewer folded ones, so they always have room.
    fn folded_row(&mut self, step: i64, series: &Series) -> u32 {
        if self.folded.len() < MOST_FOLDED {
            self.folded.insert(*series);
        }
        let place = match self.registry.coarse_place(series) {
            Some(place) => place,
            None => self.registry.place_always(&series.folded()),
        };
        match self.index.get(&(step, place)) {
            Some(row) => *row,
            None => self.open_row(step, place, true).unwrap_or_default(),
        }
    }

    /// True where `time` begins a step, so that older ones may be due.
    #[inline]
    pub(crate) const fn begins_step(&self, time: i64) -> bool {
        time >= self.newest.saturating_add(self.step)
    }

    /// Seals the steps before `bound`; all steps where the registry is full, and now and then where a pair of workloads is.
    pub(crate) fn close_due(&mut self, bound: i64) -> Option<Block> {
        let renews = self.registry.has_full_pair() && self.newest.rem_euclid(RENEWAL) == 0;
        if renews || self.registry.is_crowded() { self.close_all() } else { self.close_before(bound) }
    }

    fn close_before(&mut self, bound: i64) -> Option<Block> {
        let rows = std::mem::take(&mut self.rows);
        let (closed, open): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.step < bound);
        self.rows = open;
        self.reindex();
        let block = self.seal(&closed);
        self.folded.clear();
        block
    }

    /// Seals everything and forgets all series. Rows that follow for the same steps add to what was sealed.
    pub(crate) fn close_all(&mut self) -> Option<Block> {
        let rows = std::mem::take(&mut self.rows);
        let block = self.seal(&rows);
        self.registry.clear();
        self.folded.clear();
        self.reindex();
        block
    }

    fn reindex(&mut self) {
        self.index.clear();
        self.in_step.clear();
        self.last.clear();
        for (place, row) in self.rows.iter().enumerate() {
            self.index.insert((row.step, row.series), place as u32);
            *self.in_step.entry(row.step).or_default() += 1;
        }
    }

    fn seal(&self, rows: &[StepRow<S, D>]) -> Option<Block> {
        let mut order: Vec<(&StepRow<S, D>, u32)> = rows.iter().map(|row| (row, row.series)).collect();
        order.sort_unstable_by_key(|(row, series)| (row.step, *series));
        let table = self.registry.table_of(order.iter_mut().map(|(_, series)| series));
        Block::seal(table, &order, self.folded.len() as u64)
    }

    /// What is here now, for a reader.
    pub(crate) fn copy(&self) -> Option<Block> {
        self.seal(&self.rows)
    }

    /// Start of the newest step.
    pub(crate) const fn newest(&self) -> i64 {
        self.newest
    }

    /// What is taken, guessed from above.
    pub(crate) fn bytes(&self) -> usize {
        let buckets: usize = self.rows.len() * D * 256;
        let row = size_of::<StepRow<S, D>>() + size_of::<((i64, u32), u32)>() + 1;
        self.rows.capacity() * row + buckets + self.registry.bytes() + self.folded.capacity() * size_of::<Series>()
    }
}
