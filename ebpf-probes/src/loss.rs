//! Counting what could not be told.

use aya_ebpf::{macros::map, maps::PerCpuArray};
use goldwire_probe_events::LOSS_PLACES;

use crate::atomic;

#[map]
static LOSSES: PerCpuArray<u64> = PerCpuArray::with_max_entries(LOSS_PLACES, 0);

/// Adds to the counter of a place.
#[inline(always)]
pub fn count(place: u32, amount: u64) {
    if let Some(counter) = LOSSES.get_ptr_mut(place) {
        // SAFETY: the kernel gave the pointer to this CPU's own value. Programs at functions of user space may be interrupted by
        // each other there.
        unsafe { atomic::add(counter, amount) };
    }
}
