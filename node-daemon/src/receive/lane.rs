//! Reading a lane: a buffer in shared memory that one processor writes.

use std::{
    cell::Cell,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aya::maps::MapData;
use goldwire_probe_events::{LANE_DATA, Lane as Layout, LaneRecord, lane_offset};
use zerocopy::FromBytes;

use super::mapping::{Mapping, page_size};

const RECORD: usize = size_of::<LaneRecord>();

/// The consumer of one lane. Not shared between threads.
pub(super) struct Lane {
    memory: Arc<Mapping>,
    start: usize,
    tail: Cell<u64>,
}

/// All lanes of a map with so many.
pub(super) fn open(map: &MapData, count: u32) -> io::Result<Vec<Lane>> {
    use std::os::fd::AsFd;
    if count == 0 {
        return Ok(Vec::new());
    }
    let length = (size_of::<Layout>() * count as usize).next_multiple_of(page_size());
    let memory = Arc::new(Mapping::new(map.fd().as_fd(), 0, length, true)?);
    let lane = |index| Lane { memory: Arc::clone(&memory), start: index * size_of::<Layout>(), tail: Cell::new(0) };
    Ok((0..count as usize).map(lane).collect())
}

impl Lane {
    /// The next record, without consuming it.
    pub(super) fn peek(&self) -> Option<&[u8]> {
        if self.is_empty() {
            return None;
        }
        let place = usize::try_from(self.tail.get()).ok()? & (LANE_DATA - 1);
        let head = self.bytes(place, RECORD)?;
        let length = LaneRecord::read_from_bytes(head).ok()?.length as usize;
        self.bytes(place + RECORD, length)
    }

    /// Consumes the record that was looked at, of so many bytes.
    pub(super) fn advance(&self, length: usize) {
        let whole = (length + RECORD).next_multiple_of(8);
        self.tail.set(self.tail.get() + whole as u64);
    }

    /// Gives all consumed room back to the probes.
    pub(super) fn release(&self) {
        if let Some(word) = self.word(lane_offset::TAIL) {
            word.store(self.tail.get(), Ordering::Release);
        }
    }

    /// Whether no record is there.
    pub(super) fn is_empty(&self) -> bool {
        self.word(lane_offset::HEAD).is_none_or(|head| head.load(Ordering::Acquire) == self.tail.get())
    }

    fn word(&self, offset: usize) -> Option<&AtomicU64> {
        let word = self.memory.at(self.start + offset, 8)?;
        // SAFETY: aligned, mapped as long as `memory` lives, and each side writes its own word whole.
        Some(unsafe { AtomicU64::from_ptr(word.as_ptr().cast()) })
    }

    fn bytes(&self, place: usize, length: usize) -> Option<&[u8]> {
        let start = self.memory.at(self.start + lane_offset::DATA + place, length)?;
        // SAFETY: inside the mapping, and the probes leave a record alone between its publication and its release, which
        // comes after the last use: `peek` is always called again before the next.
        Some(unsafe { std::slice::from_raw_parts(start.as_ptr(), length) })
    }
}
