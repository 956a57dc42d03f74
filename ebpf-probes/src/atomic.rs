//! The one atomic operation that old kernels have.

/// Adds to a word that other CPUs add to.
///
/// # Safety
///
/// `word` points to an aligned word of a map's value.
#[inline(always)]
pub unsafe fn add(word: *mut u64, amount: u64) {
    // SAFETY: by the caller; the compiler's own atomics are off for this target.
    unsafe { core::arch::asm!("lock *(u64 *)({0} + 0) += {1}", in(reg) word, in(reg) amount, options(nostack)) };
}
