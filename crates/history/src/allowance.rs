//! Bytes that queries may take: one of them, and all at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Allowances grow by so much at a time, so that the shared count is touched rarely.
const STRIDE: usize = 64 << 10;

/// What all queries share.
#[derive(Debug)]
pub struct QueryMemory {
    one: usize,
    all: usize,
    taken: AtomicUsize,
    most_taken: AtomicUsize,
    /// The most since it was last quiet.
    recently: AtomicUsize,
}

impl QueryMemory {
    /// `one` query may take so much, and `all` that run or whose answers are not sent yet so much together.
    #[must_use]
    pub(crate) fn new(one: usize, all: usize) -> Arc<Self> {
        Arc::new(Self {
            one: one.min(all),
            all,
            taken: AtomicUsize::new(0),
            most_taken: AtomicUsize::new(0),
            recently: AtomicUsize::new(0),
        })
    }

    /// Bytes that one query may take.
    #[must_use]
    pub const fn one(&self) -> usize {
        self.one
    }

    /// Bytes that all queries may take together.
    #[must_use]
    pub const fn all(&self) -> usize {
        self.all
    }

    /// Bytes that are taken now.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Bytes that were taken at most, since the start.
    #[must_use]
    pub fn most_taken(&self) -> usize {
        self.most_taken.load(Ordering::Relaxed)
    }

    /// True once after much was taken: a moment to give freed memory back to the system. It does not wait until little is
    /// taken: under load that moment never comes.
    #[must_use]
    pub fn took_much(&self) -> bool {
        let much = self.all / 4;
        self.recently.load(Ordering::Relaxed) > much && {
            self.recently.store(0, Ordering::Relaxed);
            true
        }
    }

    /// What a query needs to begin with: the columns of one chunk, whatever it asks for.
    const fn least(&self) -> usize {
        self.one / 8
    }

    /// An allowance for one query; `None` where others have taken too much for it to begin.
    #[must_use]
    pub(crate) fn begin(self: &Arc<Self>) -> Option<Allowance> {
        let least = self.least();
        self.take(least).then(|| Allowance { memory: Arc::clone(self), taken: least })
    }

    fn take(&self, bytes: usize) -> bool {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= self.all);
        match self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(before) => {
                self.most_taken.fetch_max(before + bytes, Ordering::Relaxed);
                self.recently.fetch_max(before + bytes, Ordering::Relaxed);
                true
            }
            Err(_) => false,
        }
    }

    fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What one query has taken. Given back when it is dropped: keep it as long as the answer is.
#[derive(Debug)]
pub struct Allowance {
    memory: Arc<QueryMemory>,
    taken: usize,
}

impl Allowance {
    /// Bytes that are taken.
    #[must_use]
    pub const fn taken(&self) -> usize {
        self.taken
    }

    /// Bytes that it may take at most, if nobody else takes them.
    pub(crate) fn most(&self) -> usize {
        self.memory.one
    }

    /// Takes what is missing to `bytes`. False, and nothing taken, where that is more than may be had.
    pub(crate) fn reach(&mut self, bytes: usize) -> bool {
        if bytes <= self.taken {
            return true;
        }
        let rounded = bytes.next_multiple_of(STRIDE).min(self.most());
        if bytes > rounded || !self.memory.take(rounded - self.taken) {
            return false;
        }
        self.taken = rounded;
        true
    }

    /// An allowance of the same memory that has taken nothing.
    pub(crate) fn nothing(&self) -> Self {
        Self { memory: Arc::clone(&self.memory), taken: 0 }
    }

    /// Gives back all but `bytes`.
    pub fn shrink_to(&mut self, bytes: usize) {
        if bytes < self.taken {
            self.memory.give_back(self.taken - bytes);
            self.taken = bytes;
        }
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        self.memory.give_back(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn allowance_at_its_bound_takes_no_more() {
        let memory = QueryMemory::new(8 * MIB, 16 * MIB);
        let mut allowance = memory.begin().expect("room");
        assert!(allowance.reach(8 * MIB));
        assert!(!allowance.reach(8 * MIB + 1));
        assert!(!allowance.reach(8_000 * MIB));
        assert_eq!(memory.taken(), 8 * MIB);
        drop(allowance);
        assert_eq!((memory.taken(), memory.most_taken()), (0, 8 * MIB));
    }

    #[test]
    fn allowances_together_stay_within_what_all_may_take() {
        let memory = QueryMemory::new(8 * MIB, 9 * MIB);
        let mut first = memory.begin().expect("room");
        assert!(first.reach(8 * MIB));
        let mut second = memory.begin().expect("room for what it needs at least");
        assert!(!second.reach(MIB + 1), "nothing is left");
        assert!(memory.begin().is_none(), "no room to begin");
        first.shrink_to(4 * MIB);
        assert!(second.reach(MIB + 1));
    }
}
