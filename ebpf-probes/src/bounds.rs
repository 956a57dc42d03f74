//! Numbers whose bounds the verifier must see at each use. The compiler knows them, so it removes the instructions that would
//! show them.

/// The same number, about which the compiler knows nothing.
#[inline(always)]
pub fn opaque(mut number: u32) -> u32 {
    // SAFETY: no instruction.
    unsafe { core::arch::asm!("/* {0} */", inout(reg) number, options(nomem, nostack, preserves_flags)) };
    number
}

/// A length that is known to be 1 to `bound`, a power of two.
#[inline(always)]
pub fn length(length: u32, bound: u32) -> u32 {
    (opaque(length.wrapping_sub(1)) & (bound - 1)) + 1
}
