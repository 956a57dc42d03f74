//! The raw records of one table: sealed chunks, oldest first, and the chunk that is being filled.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use crate::chunk::{
    open::{OpenChunk, OpenCopy, Row},
    sealed::Chunk,
};

/// A table's chunks, ordered by when they were filled.
#[derive(Debug)]
pub(crate) struct Ring<R> {
    sealed: VecDeque<Arc<Chunk>>,
    pub(crate) open: OpenChunk<R>,
    sealed_bytes: usize,
    sealed_rows: usize,
    /// How many were freed ever.
    evicted_rows: u64,
    /// Every record of this time and later is held; `None` while nothing was evicted.
    evicted_until: Option<i64>,
}

/// What a reader takes away from the lock.
pub(crate) struct RingCopy<R> {
    sealed: Vec<Arc<Chunk>>,
    open: Option<OpenCopy<R>>,
}

impl<R: Row> Ring<R> {
    pub(crate) fn new(chunk_rows: usize) -> Self {
        Self {
            sealed: VecDeque::new(),
            open: OpenChunk::new(chunk_rows),
            sealed_bytes: 0,
            sealed_rows: 0,
            evicted_rows: 0,
            evicted_until: None,
        }
    }

    /// Seals the open chunk where it is full. True where it was.
    #[inline]
    pub(crate) fn seal_if_full(&mut self) -> bool {
        if !self.open.is_full() {
            return false;
        }
        self.seal();
        true
    }

    fn seal(&mut self) {
        let chunk = self.open.seal();
        self.sealed_bytes += chunk.bytes();
        self.sealed_rows += chunk.len();
        self.sealed.push_back(Arc::new(chunk));
    }

    /// Frees the oldest chunk, the open one where there is no other. False where there was nothing to free.
    pub(crate) fn evict(&mut self) -> bool {
        if self.sealed.is_empty() && self.open.len() > 0 {
            self.seal();
        }
        let Some(chunk) = self.sealed.pop_front() else { return false };
        self.sealed_bytes -= chunk.bytes();
        self.sealed_rows -= chunk.len();
        self.evicted_rows += chunk.len() as u64;
        self.evicted_until = self.evicted_until.max(Some(chunk.times.last.saturating_add(1)));
        true
    }

    pub(crate) fn has_sealed(&self) -> bool {
        !self.sealed.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.sealed_bytes + self.open.bytes()
    }

    pub(crate) fn rows(&self) -> usize {
        self.sealed_rows + self.open.len()
    }

    pub(crate) const fn evicted_until(&self) -> Option<i64> {
        self.evicted_until
    }

    /// How many records came ever, how many of these are no longer held, and when the last was.
    pub(crate) fn counts(&self) -> Counts {
        let sealed = self.sealed.iter().map(|chunk| chunk.times.last);
        let latest = sealed.chain(std::iter::once(self.open.latest())).max().unwrap_or(i64::MIN);
        Counts { came: self.evicted_rows + self.rows() as u64, gone: self.evicted_rows, latest }
    }

    /// Records by the order in which they came: at most so many from `first` on.
    pub(crate) fn tail(&self, first: u64, most: usize) -> TailCopy<R> {
        let end = first.saturating_add(most as u64);
        let mut sealed = Vec::new();
        let mut begin = self.evicted_rows;
        for chunk in &self.sealed {
            let range = overlap(begin, chunk.len(), first, end);
            begin += chunk.len() as u64;
            if !range.is_empty() {
                sealed.push((Arc::clone(chunk), range));
            }
        }
        let open = overlap(begin, self.open.len(), first, end);
        let open = (!open.is_empty()).then(|| self.open.copy_rows(open.start as usize..open.end as usize));
        TailCopy { sealed, open }
    }

    /// What may hold rows about `[from, to)`. Sealed chunks are shared; the open one is copied, to be sealed outside of the
    /// writer's lock.
    pub(crate) fn copy(&self, from: i64, to: i64) -> RingCopy<R> {
        let touched = self.sealed.iter().filter(|chunk| chunk.times.touch(from, to));
        let open = self.open.overlaps(from, to).then(|| self.open.copy());
        RingCopy { sealed: touched.cloned().collect(), open }
    }
}

/// How many records of a table there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) came: u64,
    pub(crate) gone: u64,
    /// When the last of those that are held ended; before all times where none is.
    pub(crate) latest: i64,
}

/// Some rows of a chunk.
pub(crate) type Piece = (Arc<Chunk>, Range<u32>);

/// What a reader of the last records takes away from the lock.
pub(crate) struct TailCopy<R> {
    sealed: Vec<Piece>,
    open: Option<OpenCopy<R>>,
}

impl<R: Row> TailCopy<R> {
    pub(crate) fn into_pieces(mut self) -> Vec<Piece> {
        self.sealed.extend(self.open.map(|open| {
            let chunk = Arc::new(open.seal());
            let rows = 0..chunk.len() as u32;
            (chunk, rows)
        }));
        self.sealed
    }
}

/// Which of `rows` that begin at `begin` lie in `[first, end)`.
fn overlap(begin: u64, rows: usize, first: u64, end: u64) -> Range<u32> {
    let within = |at: u64| at.saturating_sub(begin).min(rows as u64) as u32;
    within(first)..within(end)
}

impl<R: Row> RingCopy<R> {
    /// All chunks, sealed.
    pub(crate) fn into_chunks(mut self) -> Vec<Arc<Chunk>> {
        self.sealed.extend(self.open.map(|open| Arc::new(open.seal())));
        self.sealed
    }
}
