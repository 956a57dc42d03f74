//! The two rings and the manner of waking their reader.

use core::mem::MaybeUninit;

use aya_ebpf::{
    bindings::{BPF_F_MMAPABLE, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP},
    macros::map,
    maps::{Array, RingBuf, ring_buf::RingBufEntry},
};
use goldwire_probe_events::{CONTROL_RING, Doorbell, Header};

use crate::{clock, loss};

/// Lifecycle events: few, small, and none may be lost.
#[map]
static CONTROL: RingBuf = RingBuf::with_byte_size(2 << 20, 0);

/// Payload.
#[map]
pub static DATA: RingBuf = RingBuf::with_byte_size(16 << 20, 0);

#[map]
static DOORBELL: Array<Doorbell> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// Flags for submitting: wakes the reader if it sleeps, and once only. A wake-up costs more than all else here, so a reader
/// that polls gets none.
#[inline(always)]
pub fn wake_flags() -> u64 {
    if let Some(bell) = DOORBELL.get_ptr_mut(0) {
        // SAFETY: the kernel gave the pointer; a lost race costs a wake-up more or a short sleep more.
        unsafe {
            if (*bell).asleep != 0 {
                (*bell).asleep = 0;
                return u64::from(BPF_RB_FORCE_WAKEUP);
            }
        }
    }
    u64::from(BPF_RB_NO_WAKEUP)
}

/// Says that a drop was counted.
#[inline(always)]
pub fn note_drop() {
    if let Some(bell) = DOORBELL.get_ptr_mut(0) {
        // SAFETY: the kernel gave the pointer; a lost addition leaves the word changed all the same.
        unsafe { (*bell).drops = (*bell).drops.wrapping_add(1) };
    }
}

/// The first bytes of an event that happens now.
#[inline(always)]
pub fn header(kind: u32) -> Header {
    Header { time: clock::now(), kind, unused: 0 }
}

/// Room for an event in the control ring.
#[inline(always)]
pub fn reserve<T: 'static>() -> Option<RingBufEntry<T>> {
    let entry = CONTROL.reserve::<T>(0);
    if entry.is_none() {
        loss::count(CONTROL_RING, 1);
    }
    entry
}

/// Makes an event of the control ring visible.
#[inline(always)]
pub fn submit<T: 'static>(entry: RingBufEntry<T>) {
    entry.submit(wake_flags());
}

/// Tells a small event through the control ring.
#[inline(always)]
pub fn tell<T: Copy + 'static>(event: T) {
    if let Some(mut entry) = reserve::<T>() {
        let room: &mut MaybeUninit<T> = &mut entry;
        room.write(event);
        submit(entry);
    }
}
