//! The rings and the manner of waking their reader.

use core::mem::MaybeUninit;

use aya_ebpf::{
    bindings::{BPF_F_MMAPABLE, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP},
    helpers::generated::bpf_get_smp_processor_id,
    macros::map,
    maps::{Array, RingBuf, ring_buf::RingBufEntry},
};
use goldwire_probe_events::{CONTROL_RING, DATA_RING, DATA_RING_BYTES, DATA_RINGS, Doorbell, Header, READ_FAULT};

use crate::{clock, loss};

/// Lifecycle events: few, small, and none may be lost.
#[map]
static CONTROL: RingBuf = RingBuf::with_byte_size(2 << 20, 0);

/// Declares the rings of payload, and how one is chosen.
macro_rules! data_rings {
    ($($index:literal $name:ident),*) => {
        $(
            /// Payload that passes on some of the processors.
            #[map]
            static $name: RingBuf = RingBuf::with_byte_size(4096, 0);
        )*

        /// Room for an event with payload, in the ring of this processor: with one ring for all, they would wait for each
        /// other. The verifier follows each choice, since it wants to know the map.
        #[inline(always)]
        pub fn reserve_data<T: 'static>(length: u32) -> Option<RingBufEntry<T>> {
            // SAFETY: takes nothing and cannot fail.
            let processor = unsafe { bpf_get_smp_processor_id() };
            let ring = match processor % DATA_RINGS {
                $($index => &$name,)*
                _ => return None,
            };
            let entry = ring.reserve::<T>(0);
            if entry.is_none() {
                count_lost_data(length);
            }
            entry
        }
    };
}

data_rings!(0 DATA_0, 1 DATA_1, 2 DATA_2, 3 DATA_3, 4 DATA_4, 5 DATA_5, 6 DATA_6, 7 DATA_7);

/// Plaintext of TLS. Programs at functions of user space may be interrupted while they write, so they have a ring of their
/// own, in which they keep nobody else waiting.
#[map]
static PLAINTEXT: RingBuf = RingBuf::with_byte_size(4096, 0);

/// Room for an event about plaintext of so many bytes.
#[inline(always)]
pub fn reserve_plaintext<T: 'static>(length: u32) -> Option<RingBufEntry<T>> {
    let entry = PLAINTEXT.reserve::<T>(0);
    if entry.is_none() {
        count_lost_data(length);
    }
    entry
}

#[inline(always)]
fn count_lost_data(length: u32) {
    loss::count(DATA_RING, 1);
    loss::count(DATA_RING_BYTES, u64::from(length));
}

#[map]
static DOORBELL: Array<Doorbell> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// Whether the reader sleeps. Whoever learns so must wake it: a wake-up costs more than all else here, so there is one only.
#[inline(always)]
fn is_reader_asleep() -> bool {
    let Some(bell) = DOORBELL.get_ptr_mut(0) else { return false };
    // SAFETY: the kernel gave the pointer; a lost race costs a wake-up more or a short sleep more.
    unsafe {
        let is_asleep = (*bell).asleep != 0;
        if is_asleep {
            (*bell).asleep = 0;
        }
        is_asleep
    }
}

/// Whether all probes are attached, so that a socket may be taken in.
#[inline(always)]
pub fn is_watching() -> bool {
    // SAFETY: the kernel gave the pointer.
    DOORBELL.get_ptr(0).is_some_and(|bell| unsafe { (*bell).watching } != 0)
}

/// Flags for submitting.
#[inline(always)]
fn wake_flags() -> u64 {
    u64::from(if is_reader_asleep() { BPF_RB_FORCE_WAKEUP } else { BPF_RB_NO_WAKEUP })
}

/// Wakes the reader if it sleeps, for an event that went by a lane.
#[inline(always)]
pub fn wake() {
    if is_reader_asleep()
        && let Some(entry) = CONTROL.reserve::<u64>(0)
    {
        entry.discard(u64::from(BPF_RB_FORCE_WAKEUP));
    }
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

/// Gives up an event whose bytes could not be read.
#[inline(always)]
pub fn discard<T: 'static>(entry: RingBufEntry<T>) {
    loss::count(READ_FAULT, 1);
    entry.discard(u64::from(BPF_RB_NO_WAKEUP));
}

/// Makes an event visible.
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
