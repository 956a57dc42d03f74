//! The daemon's wishes about the payload of sockets and of TLS sessions, written to memory that the probes read. No system call is made.

use std::{
    io,
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aya::maps::MapData;
use goldwire_probe_events::{
    ASKED_MORE, HTTP2_FRAMES, LARGEST_LIMIT, SESSION_SLOTS, STEERING_SLOTS, SteeringSlot, UNLESS_SEVERAL, WHOLE_BUFFER,
    session_slot, verdict,
};

use super::mapping::{Mapping, page_size};
use crate::decode::{Cookie, Direction, SequenceNumber, SessionNumber};

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
    /// 16 KiB: most that the probes capture in one event.
    KiB16 = LARGEST_LIMIT,
    /// 16 KiB as long as the other direction asks for one thing at a time, as [`Steering::expect_singles`] tells; else all of it.
    KiB16UnlessSeveral = LARGEST_LIMIT | UNLESS_SEVERAL,
    /// All of it, in as many events as that takes.
    Whole = LARGEST_LIMIT | WHOLE_BUFFER,
    /// All of it, but of long DATA frames of HTTP/2 only the beginning and the end. The probes find them from the place that
    /// [`Steering::skip_until`] names: the last byte of such a frame.
    Frames = LARGEST_LIMIT | WHOLE_BUFFER | HTTP2_FRAMES,
}

/// Writes wishes. Cheap to clone, and may be used from any thread.
///
/// Two sockets may share a slot (their cookies are equal modulo 65,536): the later wish wins, the other socket is undecided
/// again and tells its buffers until it is steered anew.
#[derive(Clone, Debug)]
pub struct Steering {
    sockets: Slots,
    sessions: Slots,
}

impl Steering {
    pub(super) fn new(sockets: &MapData, sessions: &MapData) -> io::Result<Self> {
        Ok(Self { sockets: Slots::new(sockets, STEERING_SLOTS)?, sessions: Slots::new(sessions, SESSION_SLOTS)? })
    }

    /// Sets what is told of a socket from now on.
    pub fn set(&self, cookie: Cookie, verdict: Verdict) {
        let wish = match verdict {
            Verdict::Ignore => u64::from(verdict::IGNORE),
            Verdict::Tell { ingress, egress } => {
                u64::from(verdict::TELL) | (ingress as u64) << 8 | (egress as u64) << 16
            }
        };
        self.sockets.write(Place::of_socket(cookie), 0, wish);
    }

    /// The direction that asks did so for one thing at a time, in buffers of at most so many bytes. What the probes noted of a
    /// longer one stays, since it may not have been read yet.
    pub fn expect_singles(&self, cookie: Cookie, most_bytes: u32) {
        let place = Place::of_socket(cookie);
        let Some(word) = self.sockets.word(place, 3) else { return };
        let before = word.load(Ordering::Acquire);
        let is_noted = before >> 32 == place.tag & u64::from(u32::MAX) && before as u32 & ASKED_MORE != 0;
        if !is_noted || before as u32 & !ASKED_MORE <= most_bytes {
            let new = place.tag << 32 | u64::from(most_bytes);
            let _ = word.compare_exchange(before, new, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// Nothing is told of a direction until the stream reaches `until`: the buffer in which it does is told from there on
    /// (`skipped`), with an empty prefix where it ends exactly there. Only with [`Verdict::Tell`].
    ///
    /// At most 2^30 bytes ahead; for more, skip again when `until` is reached. Reaching it ends the wish.
    pub fn skip_until(&self, cookie: Cookie, direction: Direction, until: SequenceNumber) {
        self.sockets.write(Place::of_socket(cookie), skip_word(direction), u64::from(until.0));
    }

    /// Takes back [`Self::skip_until`].
    pub fn stop_skipping(&self, cookie: Cookie, direction: Direction) {
        self.sockets.clear(Place::of_socket(cookie), skip_word(direction));
    }

    /// Nothing is told of a TLS session any more.
    pub fn ignore_session(&self, session: SessionNumber) {
        self.sessions.write(Place::of_session(session), 0, u64::from(verdict::IGNORE));
    }

    /// As [`Self::skip_until`], of a TLS session, whose offsets wrap as sequence numbers do.
    pub fn skip_session_until(&self, session: SessionNumber, direction: Direction, until: u64) {
        self.sessions.write(Place::of_session(session), skip_word(direction), until & u64::from(u32::MAX));
    }
}

const fn skip_word(direction: Direction) -> usize {
    match direction {
        Direction::Ingress => 1,
        Direction::Egress => 2,
    }
}

/// Where a wish is written, and whose it is.
#[derive(Clone, Copy)]
struct Place {
    slot: u64,
    tag: u64,
}

impl Place {
    const fn of_socket(cookie: Cookie) -> Self {
        Self { slot: cookie.0 % STEERING_SLOTS as u64, tag: cookie.0 }
    }

    const fn of_session(session: SessionNumber) -> Self {
        Self { slot: session_slot(session.0) as u64, tag: session.0 }
    }
}

/// A map of slots in memory that both sides map.
#[derive(Clone, Debug)]
struct Slots(Arc<Mapping>);

impl Slots {
    fn new(map: &MapData, count: u32) -> io::Result<Self> {
        let length = (SLOT * count as usize).next_multiple_of(page_size());
        Ok(Self(Arc::new(Mapping::new(map.fd().as_fd(), 0, length, true)?)))
    }

    fn write(&self, place: Place, index: usize, low: u64) {
        if let Some(word) = self.word(place, index) {
            word.store(place.tag << 32 | low, Ordering::Release);
        }
    }

    fn clear(&self, place: Place, index: usize) {
        if let Some(word) = self.word(place, index) {
            word.store(0, Ordering::Release);
        }
    }

    fn word(&self, place: Place, index: usize) -> Option<&AtomicU64> {
        let slot = usize::try_from(place.slot).ok()?;
        let word = self.0.at(slot * SLOT + index * 8, 8)?;
        // SAFETY: aligned, mapped as long as `self` lives, and accessed atomically by all who write.
        Some(unsafe { AtomicU64::from_ptr(word.as_ptr().cast()) })
    }
}
