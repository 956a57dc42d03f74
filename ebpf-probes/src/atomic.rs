//! Atomic operations: the one that old kernels have, and another.

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

/// The same, and gives what the word was. Since 5.12, so only for programs that need more than that anyhow.
///
/// # Safety
///
/// `word` points to an aligned word of a map's value.
#[inline(always)]
pub unsafe fn fetch_add(word: *mut u64, amount: u64) -> u64 {
    let before;
    // SAFETY: by the caller; as above.
    unsafe {
        core::arch::asm!(
            "{1} = atomic_fetch_add((u64 *)({0} + 0), {1})",
            in(reg) word,
            inout(reg) amount => before,
            options(nostack),
        );
    }
    before
}
