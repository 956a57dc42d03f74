//! The one clock of all events.

use aya_ebpf::helpers::generated::bpf_ktime_get_ns;

/// Nanoseconds of `CLOCK_MONOTONIC`.
#[inline(always)]
pub fn now() -> u64 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { bpf_ktime_get_ns() }
}
