//! The table of one direction: the fixed part, and behind it what was said before (RFC 7541 section 2.3).
//!
//! Entries are counted from the newest, so whoever missed some knows the newer ones as well as anybody, and must only know
//! that the older ones are unknown. An entry beyond those that are held is therefore no error here: it is unknown.

use std::collections::VecDeque;

use crate::{
    Sink,
    http::UserAgents,
    http2::fields::{Meaning, Name},
};

use super::fixed::FIXED;

/// What an entry takes beside its texts, as the RFC counts (section 4.1).
const OVERHEAD: usize = 32;
/// The size that holds until a block says another.
const USUAL_SIZE: usize = 4096;
/// Entries of a larger table are held up to this size, which browsers and proxies ask for; older ones are unknown.
const SIZE_MAX: usize = 64 * 1024;

/// A name, and how long its text is, which counts for the size of entries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) name: Name,
    pub(super) length: usize,
}

#[derive(Debug)]
struct Entry {
    named: Named,
    meaning: Meaning,
    size: usize,
}

#[derive(Debug)]
pub(super) struct Table {
    /// The newest first.
    entries: VecDeque<Entry>,
    size: usize,
    size_max: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self { entries: VecDeque::new(), size: 0, size_max: USUAL_SIZE }
    }
}

/// Where an index points.
enum Slot<'a> {
    Fixed(&'static str, &'static str),
    Said(&'a Entry),
    Unknown,
}

impl Table {
    fn slot(&self, index: u32) -> Option<Slot<'_>> {
        let index = (index as usize).checked_sub(1)?;
        if let Some((name, value)) = FIXED.get(index) {
            return Some(Slot::Fixed(name, value));
        }
        Some(self.entries.get(index - FIXED.len()).map_or(Slot::Unknown, Slot::Said))
    }

    /// Absent for index 0, which is none.
    pub(super) fn name(&self, index: u32) -> Option<Named> {
        Some(match self.slot(index)? {
            Slot::Fixed(name, _) => Named { name: Name::of(name.as_bytes()), length: name.len() },
            Slot::Said(entry) => entry.named,
            Slot::Unknown => Named { name: Name::Unknown, length: 0 },
        })
    }

    /// Absent for index 0, which is none.
    pub(super) fn field(&self, index: u32, agents: &mut UserAgents, sink: &mut dyn Sink) -> Option<(Name, Meaning)> {
        Some(match self.slot(index)? {
            Slot::Fixed(name, value) => {
                let name = Name::of(name.as_bytes());
                (name, Meaning::of(name, value.as_bytes(), agents, sink))
            }
            Slot::Said(entry) => (entry.named.name, entry.meaning.clone()),
            Slot::Unknown => (Name::Unknown, Meaning::Nothing),
        })
    }

    /// Section 4.4: old entries make room. One that is larger than the table leaves it empty.
    pub(super) fn insert(&mut self, named: Named, value_length: usize, meaning: Meaning) {
        let size = named.length.saturating_add(value_length).saturating_add(OVERHEAD);
        self.shrink_to(self.size_max.saturating_sub(size));
        if size <= self.size_max {
            self.size += size;
            self.entries.push_front(Entry { named, meaning, size });
        }
    }

    /// Section 6.3: whoever writes blocks says how large the table is from now on.
    pub(super) fn resize(&mut self, size_max: u32) {
        self.size_max = (size_max as usize).min(SIZE_MAX);
        self.shrink_to(self.size_max);
    }

    fn shrink_to(&mut self, size: usize) {
        while self.size > size
            && let Some(oldest) = self.entries.pop_back()
        {
            self.size -= oldest.size;
        }
    }

    /// Nobody knows what was said since: all that is held has moved by an unknown number of places.
    pub(super) fn forget(&mut self) {
        self.entries.clear();
        self.size = 0;
    }
}
