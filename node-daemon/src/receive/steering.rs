//! The daemon's wishes about a socket's payload, written to memory that the probes read. No system call is made.

use std::{
    io,
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aya::maps::MapData;
use goldwire_probe_events::{STEERING_SLOTS, SteeringSlot, verdict};

use super::mapping::{Mapping, page_size};
use crate::decode::{Cookie, Direction, SequenceNumber};

const SLOT: usize = size_of::<SteeringSlot>();
const _: () = assert!(SLOT == 32);

/// What shall be told of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every buffer, each direction up to its limit. Of UDP: every datagram.
    Tell {
        /// Of what comes.
        ingress: CaptureLimit,
        /// Of what goes.
        egress: CaptureLimit,
    },
    /// No payload any more, and no cost.
    Ignore,
}

/// How much of one buffer is captured from its beginning; the last 64 bytes come too where it is longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum CaptureLimit {
    /// 256 bytes, the least.
    Bytes256 = 0,
    /// 512 bytes.
    Bytes512 = 1,
    /// 1 KiB.
    KiB1 = 2,
    /// 2 KiB.
    KiB2 = 3,
    /// 4 KiB.
    KiB4 = 4,
    /// 8 KiB.
    KiB8 = 5,
    /// 16 KiB: most that the probes capture.
    KiB16 = 6,
}

/// Writes wishes. Cheap to clone, and may be used from any thread.
///
/// Two sockets may share a slot (their cookies are equal modulo 65,536): the later wish wins, the other socket is undecided
/// again and tells its buffers until it is steered anew.
#[derive(Clone, Debug)]
pub struct Steering {
    slots: Arc<Mapping>,
}

impl Steering {
    pub(super) fn new(map: &MapData) -> io::Result<Self> {
        let length = (SLOT * STEERING_SLOTS as usize).next_multiple_of(page_size());
        Ok(Self { slots: Arc::new(Mapping::new(map.fd().as_fd(), 0, length, true)?) })
    }

    /// Sets what is told of a socket from now on.
    pub fn set(&self, cookie: Cookie, verdict: Verdict) {
        let wish = match verdict {
            Verdict::Ignore => u64::from(verdict::IGNORE),
            Verdict::Tell { ingress, egress } => {
                u64::from(verdict::TELL) | (ingress as u64) << 8 | (egress as u64) << 16
            }
        };
        self.write(cookie, 0, wish);
    }

    /// Nothing is told of a direction until the stream reaches `until`: the buffer in which it does is told from there on
    /// (`skipped`), with an empty prefix where it ends exactly there. Only with [`Verdict::Tell`].
    ///
    /// At most 2^30 bytes ahead; for more, skip again when `until` is reached. Reaching it ends the wish.
    pub fn skip_until(&self, cookie: Cookie, direction: Direction, until: SequenceNumber) {
        self.write(cookie, Self::skip_word(direction), u64::from(until.0));
    }

    /// Takes back [`Self::skip_until`].
    pub fn stop_skipping(&self, cookie: Cookie, direction: Direction) {
        if let Some(word) = self.word(cookie, Self::skip_word(direction)) {
            word.store(0, Ordering::Release);
        }
    }

    const fn skip_word(direction: Direction) -> usize {
        match direction {
            Direction::Ingress => 1,
            Direction::Egress => 2,
        }
    }

    fn write(&self, cookie: Cookie, index: usize, low: u64) {
        if let Some(word) = self.word(cookie, index) {
            word.store(cookie.0 << 32 | low, Ordering::Release);
        }
    }

    fn word(&self, cookie: Cookie, index: usize) -> Option<&AtomicU64> {
        let slot = usize::try_from(cookie.0 % u64::from(STEERING_SLOTS)).ok()?;
        let word = self.slots.at(slot * SLOT + index * 8, 8)?;
        // SAFETY: aligned, mapped as long as `self` lives, and accessed atomically by all who write.
        Some(unsafe { AtomicU64::from_ptr(word.as_ptr().cast()) })
    }
}
