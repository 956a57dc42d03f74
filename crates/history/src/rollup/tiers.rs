//! Rollups of one table: open steps, then three tiers of blocks, each tier made from the finer one.

use std::{collections::VecDeque, sync::Arc};

use goldwire_answer::coverage::Tier;

use super::{
    accumulator::{Accumulator, GRACE, StepRow},
    block::{Block, SharedBlock},
    fold::fold,
    ledger::Ledger,
    series::Series,
};

const NANOS: i64 = 1_000_000_000;
/// Steps of the tiers in nanoseconds.
pub(crate) const STEPS: [i64; 3] = [NANOS, 10 * NANOS, 60 * NANOS];
/// The names of the tiers, in the same order.
pub(crate) const TIERS: [Tier; 3] = [Tier::OneSecond, Tier::TenSeconds, Tier::Minute];
/// Blocks of the coarsest tier are compacted by this many.
const MINUTES_TO_COMPACT: usize = 10;

/// Blocks of one step length.
#[derive(Debug, Default)]
pub(crate) struct BlockTier {
    /// Rolled up into the coarser tier already.
    sealed: VecDeque<SharedBlock>,
    /// Not rolled up yet: the coarser tier is read together with these.
    pending: Vec<SharedBlock>,
    bytes: usize,
    rows: usize,
    /// Everything from here on is held; `None` while nothing was evicted.
    pub(crate) evicted_until: Option<i64>,
}

impl BlockTier {
    fn push_pending(&mut self, block: SharedBlock, ledger: &mut Ledger) {
        self.count_in(&block, ledger);
        self.pending.push(block);
    }

    fn push_sealed(&mut self, block: SharedBlock, ledger: &mut Ledger) {
        self.count_in(&block, ledger);
        self.sealed.push_back(block);
    }

    fn take_pending(&mut self, ledger: &mut Ledger) -> Vec<SharedBlock> {
        let pending = std::mem::take(&mut self.pending);
        pending.iter().for_each(|block| self.count_out(block, ledger));
        pending
    }

    fn evict(&mut self, step: i64, ledger: &mut Ledger) -> bool {
        let Some(block) = self.sealed.pop_front() else { return false };
        self.count_out(&block, ledger);
        self.evicted_until = self.evicted_until.max(Some(block.last_step + step));
        true
    }

    fn count_in(&mut self, block: &Block, ledger: &mut Ledger) {
        ledger.add(&block.table);
        self.bytes += block.bytes();
        self.rows += block.len();
    }

    fn count_out(&mut self, block: &Block, ledger: &mut Ledger) {
        ledger.remove(&block.table);
        self.bytes -= block.bytes();
        self.rows -= block.len();
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }
}

/// Rollups of a table with `S` sums and `D` distributions.
#[derive(Debug)]
pub(crate) struct Tiers<const S: usize, const D: usize> {
    pub(crate) open: Accumulator<S, D>,
    tiers: [BlockTier; 3],
    ledger: Ledger,
    limit: usize,
    /// Up to where the seconds, and the tens of seconds, have been rolled up.
    rolled: [i64; 2],
    /// Steps from here on are held open, as records about them may still come.
    held_from: i64,
}

/// The step of one second that holds a moment.
pub(crate) const fn step_of(time: i64) -> i64 {
    time - time.rem_euclid(STEPS[0])
}

/// But no longer than this: records that come later open their steps again.
const LONGEST_HOLD: i64 = 90 * NANOS;

impl<const S: usize, const D: usize> Tiers<S, D> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            open: Accumulator::new(STEPS[0], limit),
            tiers: Default::default(),
            ledger: Ledger::default(),
            limit,
            rolled: [i64::MIN; 2],
            held_from: i64::MAX,
        }
    }

    /// Adds to the row of the series in the step of `time`.
    #[inline]
    pub(crate) fn add(&mut self, time: i64, series: &Series, add: impl FnOnce(&mut StepRow<S, D>)) {
        let begins = self.open.begins_step(time);
        add(self.open.row(time, series));
        if begins {
            self.close_due();
        }
    }

    /// The same for a time before that of a record that is added next.
    #[inline]
    pub(crate) fn add_before(&mut self, time: i64, series: &Series, add: impl FnOnce(&mut StepRow<S, D>)) {
        add(self.open.row(time, series));
    }

    /// Holds the steps from a moment on open.
    pub(crate) fn hold_from(&mut self, time: i64) {
        self.held_from = step_of(time);
    }

    fn close_due(&mut self) {
        let newest = self.open.newest();
        let held = self.held_from.max(newest.saturating_sub(LONGEST_HOLD));
        let bound = newest.saturating_sub(GRACE).min(held);
        if let Some(block) = self.open.close_due(bound) {
            self.tiers[0].push_pending(Arc::new(block), &mut self.ledger);
        }
        for finer in 0..2 {
            let boundary = bound - bound.rem_euclid(STEPS[finer + 1]);
            if boundary > self.rolled[finer] {
                self.rolled[finer] = boundary;
                self.roll_up(finer);
            }
        }
    }

    /// Compacts what waits in a tier, and rolls it up into the next.
    fn roll_up(&mut self, finer: usize) {
        let pending = self.tiers[finer].take_pending(&mut self.ledger);
        let Some(compact) = fold::<S, D>(&pending, STEPS[finer], self.limit) else { return };
        let compact = Arc::new(compact);
        if let Some(coarse) = fold::<S, D>(std::slice::from_ref(&compact), STEPS[finer + 1], self.limit) {
            self.tiers[finer + 1].push_pending(Arc::new(coarse), &mut self.ledger);
        }
        self.tiers[finer].push_sealed(compact, &mut self.ledger);
        if self.tiers[2].pending.len() >= MINUTES_TO_COMPACT {
            self.compact_minutes();
        }
    }

    fn compact_minutes(&mut self) {
        let pending = self.tiers[2].take_pending(&mut self.ledger);
        if let Some(compact) = fold::<S, D>(&pending, STEPS[2], self.limit) {
            self.tiers[2].push_sealed(Arc::new(compact), &mut self.ledger);
        }
    }

    /// Frees the oldest block of a tier. What waits to be rolled up is rolled up first.
    pub(crate) fn evict(&mut self, tier: usize) -> bool {
        if self.tiers[tier].sealed.is_empty() && !self.tiers[tier].pending.is_empty() {
            if tier < 2 { self.roll_up(tier) } else { self.compact_minutes() }
        }
        self.tiers[tier].evict(STEPS[tier], &mut self.ledger)
    }

    /// Gives up the open steps' detail: they become a block. For when memory is very short.
    pub(crate) fn close_open(&mut self) {
        if let Some(block) = self.open.close_all() {
            self.tiers[0].push_pending(Arc::new(block), &mut self.ledger);
        }
    }

    /// Bytes of the open steps, and of the endpoints that blocks share: these go with the last block that names them.
    pub(crate) fn open_bytes(&self) -> usize {
        self.open.bytes() + self.ledger.bytes()
    }

    /// Rows of all tiers.
    pub(crate) fn rows(&self) -> usize {
        self.tiers.iter().map(|tier| tier.rows).sum()
    }

    pub(crate) fn tier(&self, tier: usize) -> &BlockTier {
        &self.tiers[tier]
    }

    /// All that a reader of `tier` needs for `[from, to)`: each record is in exactly one of these blocks.
    pub(crate) fn snapshot(&self, tier: usize, from: i64, to: i64) -> Vec<SharedBlock> {
        let waiting = self.tiers[..=tier].iter().flat_map(|tier| &tier.pending);
        let held = self.tiers[tier].sealed.iter().chain(waiting);
        let mut blocks: Vec<_> = held.filter(|block| block.overlaps(from, to)).cloned().collect();
        blocks.extend(self.open.copy().map(Arc::new));
        blocks
    }
}
