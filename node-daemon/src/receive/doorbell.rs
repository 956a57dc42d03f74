//! A few words that the daemon and the probes share: when to begin, and how to sleep without missing an event.

use std::{
    io,
    os::fd::AsFd,
    sync::atomic::{AtomicU32, Ordering},
};

use aya::maps::MapData;

use super::mapping::{Mapping, page_size};

/// The mapped words.
pub(super) struct Doorbell {
    words: Mapping,
}

impl Doorbell {
    pub(super) fn new(map: &MapData) -> io::Result<Self> {
        Ok(Self { words: Mapping::new(map.fd().as_fd(), 0, page_size(), true)? })
    }

    /// The next event shall wake the reader, or not.
    pub(super) fn set_asleep(&self, asleep: bool) {
        if let Some(word) = self.word(0) {
            word.store(u32::from(asleep), Ordering::SeqCst);
        }
    }

    /// All probes are attached: sockets may be taken in from now on.
    pub(super) fn begin_watching(&self) {
        if let Some(word) = self.word(2) {
            word.store(1, Ordering::SeqCst);
        }
    }

    /// Differs from an earlier answer if a drop was counted since.
    pub(super) fn drops(&self) -> u32 {
        self.word(1).map_or(0, |word| word.load(Ordering::Relaxed))
    }

    /// By the order of `goldwire_probe_events::Doorbell`.
    fn word(&self, index: usize) -> Option<&AtomicU32> {
        let word = self.words.at(index * 4, 4)?;
        // SAFETY: aligned, mapped as long as `self` lives, and accessed atomically here.
        Some(unsafe { AtomicU32::from_ptr(word.as_ptr().cast()) })
    }
}
