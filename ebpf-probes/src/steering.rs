//! What the daemon wants of a socket, read without a look-up in a hash.

use goldwire_probe_events::{LARGEST_LIMIT, STEERING_SLOTS, SteeringSlot, session_slot, verdict};

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
    pub limit: u8,
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
        return Steering { slot, tag, verdict: verdict::UNDECIDED, limit: LARGEST_LIMIT };
    }
    let limit = (word >> (8 + 8 * u32::from(direction))) as u8;
    Steering { slot, tag, verdict: word as u8, limit }
}

impl Steering {
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
