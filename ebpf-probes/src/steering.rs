//! What the daemon wants of a socket, read without a look-up in a hash.

use goldwire_probe_events::{
    ASKED_MORE, LARGEST_LIMIT, SMALLEST_CAPTURE, STEERING_SLOTS, SteeringSlot, UNLESS_SEVERAL, WHOLE_BUFFER,
    session_slot, verdict,
};

use crate::maps::{SESSION_STEERING, STEERING};

/// The daemon's wish for one socket and one direction.
#[derive(Clone, Copy)]
pub struct Steering {
    slot: *const SteeringSlot,
    /// The low half of the cookie.
    pub tag: u32,
    /// One of [`verdict`].
    pub verdict: u8,
    /// The limit of capture, as [`SteeringSlot::word`] has it; meaningful with [`verdict::TELL`].
    limit: u8,
    /// That of the other direction.
    other: u8,
}

/// Looks a socket up. `direction` is a constant at each call.
#[inline(always)]
pub fn of(cookie: u64, direction: u8) -> Option<Steering> {
    let slot = STEERING.get_ptr(cookie as u32 & (STEERING_SLOTS - 1))?;
    Some(read(slot, cookie as u32, direction))
}

/// Looks a session of a TLS library up. Its limits are not meant.
#[inline(always)]
pub fn of_session(number: u64) -> Option<Steering> {
    Some(read(SESSION_STEERING.get_ptr(session_slot(number))?, number as u32, 0))
}

#[inline(always)]
fn read(slot: *const SteeringSlot, tag: u32, direction: u8) -> Steering {
    // SAFETY: the kernel gave the pointer; an aligned word is read whole.
    let word = unsafe { (*slot).word };
    if (word >> 32) as u32 != tag {
        return Steering { slot, tag, verdict: verdict::UNDECIDED, limit: LARGEST_LIMIT, other: LARGEST_LIMIT };
    }
    let [limit, other] = [direction, direction ^ 1].map(|of| (word >> (8 + 8 * u32::from(of))) as u8);
    Steering { slot, tag, verdict: word as u8, limit, other }
}

impl Steering {
    /// The limit for a buffer of so many bytes. One that asks says whether the limit of the answers still holds.
    #[inline(always)]
    pub fn limit(&self, length: u32) -> u8 {
        if self.other & UNLESS_SEVERAL != 0 {
            self.note_asked(length);
        }
        if self.limit & UNLESS_SEVERAL != 0
            && length > SMALLEST_CAPTURE << LARGEST_LIMIT
            && self.single() & ASKED_MORE != 0
        {
            return LARGEST_LIMIT | WHOLE_BUFFER;
        }
        self.limit & !UNLESS_SEVERAL
    }

    #[inline(always)]
    fn note_asked(&self, length: u32) {
        if length <= self.single() & !ASKED_MORE {
            return;
        }
        let word = u64::from(self.tag) << 32 | u64::from(ASKED_MORE | length);
        // SAFETY: as in `of`; the daemon writes only what it has compared.
        unsafe { (&raw const (*self.slot).single).cast_mut().write(word) };
    }

    /// As [`SteeringSlot::single`] has it; where it is not known, there may be several.
    #[inline(always)]
    fn single(&self) -> u32 {
        // SAFETY: as in `of`.
        let word = unsafe { (&raw const (*self.slot).single).read() };
        if (word >> 32) as u32 == self.tag { word as u32 } else { ASKED_MORE }
    }

    /// Takes away the place up to which nothing is wanted, where there is one.
    #[inline(always)]
    pub fn take_skip(&self, direction: u8) -> Option<u32> {
        // SAFETY: as in `of`; the index is 0 or 1.
        let word = unsafe { &raw const (*self.slot).skip_until[direction as usize & 1] };
        // SAFETY: as in `of`.
        let until = unsafe { word.read() };
        if (until >> 32) as u32 != self.tag {
            return None;
        }
        // SAFETY: as in `of`; where the daemon writes at the same time, one wish to skip is lost, which costs time only.
        unsafe { word.cast_mut().write(0) };
        Some(until as u32)
    }

    /// How many of the next `length` bytes, from `sequence` on, are not wanted; all of them and more if `None`.
    #[inline(always)]
    pub fn skipped(&self, direction: u8, sequence: u32, length: u32) -> Option<u32> {
        // SAFETY: as in `of`; the index is 0 or 1.
        let word = unsafe { &raw const (*self.slot).skip_until[direction as usize & 1] };
        // SAFETY: as in `of`.
        let until = unsafe { word.read() };
        if (until >> 32) as u32 != self.tag {
            return Some(0);
        }
        let ahead = (until as u32).wrapping_sub(sequence) as i32;
        if ahead > 0 && ahead as u32 > length {
            return None;
        }
        // Reached: forgotten, so that it cannot look far ahead once the sequence numbers have gone half around.
        // SAFETY: as in `of`; where the daemon writes at the same time, one wish to skip is lost, which costs time only.
        unsafe { word.cast_mut().write(0) };
        Some(if ahead > 0 { ahead as u32 } else { 0 })
    }
}
