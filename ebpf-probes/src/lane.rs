//! The fast way to the daemon: a lane of this processor. Reserving and committing in a ring takes a lock and an exchange,
//! which wait for memory; a lane takes plain stores.

use aya_ebpf::{bindings::BPF_F_MMAPABLE, helpers::generated::bpf_get_smp_processor_id, macros::map, maps::Array};
use goldwire_probe_events::{LANE_DATA, LANE_SLACK, Lane, LaneRecord};

use crate::{ring, scope};

/// One a processor; the daemon sets how many.
#[map]
static LANES: Array<Lane> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// Room for an event that is being written.
pub struct Room {
    lane: *mut Lane,
    head: u64,
}

/// Takes this processor's lane for an event of at most `most` bytes. `None` where the processor has none, where a program
/// that this one interrupts is writing, and where it is full. Must be given back by [`Room::submit`] or [`Room::discard`].
#[inline(always)]
pub fn take(most: usize) -> Option<Room> {
    if !scope::has_lanes() {
        return None;
    }
    // SAFETY: takes nothing and cannot fail.
    let lane = LANES.get_ptr_mut(unsafe { bpf_get_smp_processor_id() })?;
    // SAFETY: the kernel gave the pointer. A program stays on its processor, so only programs that interrupt it can come
    // between these accesses, and they leave `busy` as they found it.
    unsafe {
        if (&raw const (*lane).busy).read_volatile() != 0 {
            return None;
        }
        (&raw mut (*lane).busy).write_volatile(1);
        let (head, tail) = ((&raw const (*lane).head).read_volatile(), (&raw const (*lane).tail).read_volatile());
        let room = Room { lane, head };
        if head.wrapping_sub(tail) + (most + size_of::<LaneRecord>()) as u64 > LANE_DATA as u64 {
            room.discard();
            return None;
        }
        Some(room)
    }
}

impl Room {
    /// Where the event's byte `offset` goes, at most half of [`LANE_SLACK`].
    #[inline(always)]
    pub fn at(&self, offset: u32) -> *mut u8 {
        let place = self.head as u32 & (LANE_DATA as u32 - 1);
        let offset = offset & (LANE_SLACK as u32 / 2 - 1);
        // SAFETY: within the lane's data and slack.
        unsafe {
            let data = (&raw mut (*self.lane).data).cast::<u8>();
            data.add(place as usize).add(size_of::<LaneRecord>()).add(offset as usize)
        }
    }

    /// Makes an event of so many bytes visible.
    #[inline(always)]
    pub fn submit(self, length: u32) {
        let place = self.head as u32 & (LANE_DATA as u32 - 1);
        let whole = (u64::from(length) + size_of::<LaneRecord>() as u64 + 7) & !7;
        // SAFETY: as in `take`. The daemon reads the record after it has seen `head`, and x86 keeps stores in order.
        unsafe {
            let data = (&raw mut (*self.lane).data).cast::<u8>();
            data.add(place as usize).cast::<LaneRecord>().write(LaneRecord { length, unused: 0 });
            (&raw mut (*self.lane).head).write_volatile(self.head + whole);
            (&raw mut (*self.lane).busy).write_volatile(0);
        }
        ring::wake();
    }

    /// Gives up an event.
    #[inline(always)]
    pub fn discard(self) {
        // SAFETY: as in `take`.
        unsafe { (&raw mut (*self.lane).busy).write_volatile(0) };
    }
}
