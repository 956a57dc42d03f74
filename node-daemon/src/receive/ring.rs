//! Reading a BPF ring buffer where it lies.
//!
//! Unlike aya's reader, this one can look at a record without consuming it, which merging two rings needs, and it gives
//! room back to the kernel in batches.

use std::{
    cell::Cell,
    io,
    os::fd::{AsFd, BorrowedFd},
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

use aya::maps::MapData;

use super::mapping::{Mapping, page_size};

const HEADER: usize = 8;
/// Set in the length of a record that is being written.
const BUSY: u32 = 1 << 31;
/// Set in the length of a record that was given up.
const DISCARDED: u32 = 1 << 30;
/// Above all that the probes write at once; a multiple of every page size.
const LARGEST_RECORD: usize = 64 << 10;
/// How many consumed bytes the kernel may wait for.
const BATCH: u64 = 64 << 10;

/// The consumer of one ring. Not shared between threads.
pub(super) struct Ring {
    map: MapData,
    consumer: Mapping,
    /// The producer's page, then the data, then its beginning again, so that a record that wraps is whole. The kernel would map
    /// all data twice, which would count twice as memory of the daemon.
    producer: Mapping,
    page: usize,
    size: usize,
    position: Cell<u64>,
    released: Cell<u64>,
}

impl Ring {
    /// Maps a ring of `size` bytes.
    pub(super) fn new(map: MapData, size: usize) -> io::Result<Self> {
        let page = page_size();
        let fd = map.fd().as_fd();
        let consumer = Mapping::new(fd, 0, page, true)?;
        let producer = Mapping::new(fd, page, page + size + size.min(LARGEST_RECORD), false)?;
        let ring = Self { map, consumer, producer, page, size, position: Cell::new(0), released: Cell::new(0) };
        let position = ring.word(&ring.consumer)?.load(Ordering::Acquire);
        ring.position.set(position);
        ring.released.set(position);
        Ok(ring)
    }

    /// The next record, without consuming it.
    pub(super) fn peek(&self) -> Option<&[u8]> {
        loop {
            let position = self.position.get();
            if position == self.word(&self.producer).ok()?.load(Ordering::Acquire) {
                return None;
            }
            let length = self.length_at(position)?;
            if length & BUSY != 0 {
                return None;
            }
            if length & DISCARDED == 0 {
                return self.bytes(position, (length & !DISCARDED) as usize);
            }
            self.consume(length & !DISCARDED);
        }
    }

    /// Consumes the record that was looked at, of so many bytes.
    pub(super) fn advance(&self, length: usize) {
        self.consume(u32::try_from(length).unwrap_or(0));
    }

    /// Gives all consumed room back to the kernel.
    pub(super) fn release(&self) {
        if self.position.get() != self.released.get() {
            if let Ok(word) = self.word(&self.consumer) {
                word.store(self.position.get(), Ordering::Release);
            }
            self.released.set(self.position.get());
        }
    }

    /// Whether nothing is there, not even a record that is being written.
    pub(super) fn is_empty(&self) -> bool {
        self.word(&self.producer).is_ok_and(|word| word.load(Ordering::SeqCst) == self.position.get())
    }

    /// Becomes readable when the kernel wakes the reader.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.map.fd().as_fd()
    }

    fn consume(&self, length: u32) {
        let whole = (length as usize + HEADER).next_multiple_of(8);
        self.position.set(self.position.get() + whole as u64);
        if self.position.get() - self.released.get() > BATCH {
            self.release();
        }
    }

    /// The position word at the beginning of a mapping.
    fn word<'a>(&self, mapping: &'a Mapping) -> io::Result<&'a AtomicU64> {
        let word = mapping.at(0, 8).ok_or_else(|| io::Error::other("a ring without its first page"))?;
        // SAFETY: aligned to a page, mapped as long as `mapping` lives, and changed by the kernel atomically.
        Ok(unsafe { AtomicU64::from_ptr(word.as_ptr().cast()) })
    }

    fn length_at(&self, position: u64) -> Option<u32> {
        let header = self.producer.at(self.page + self.offset(position), HEADER)?;
        // SAFETY: records are aligned to 8 bytes, and the kernel changes the word atomically.
        Some(unsafe { AtomicU32::from_ptr(header.as_ptr().cast()) }.load(Ordering::Acquire))
    }

    fn bytes(&self, position: u64, length: usize) -> Option<&[u8]> {
        let start = self.producer.at(self.page + self.offset(position) + HEADER, length)?;
        // SAFETY: inside the mapping, and the kernel leaves a committed record alone until it is consumed, which
        // invalidates nothing that safe code can keep: `peek` is always called again before the next use.
        Some(unsafe { std::slice::from_raw_parts(start.as_ptr(), length) })
    }

    fn offset(&self, position: u64) -> usize {
        usize::try_from(position).unwrap_or(0) & (self.size - 1)
    }
}
