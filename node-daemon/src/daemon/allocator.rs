//! The C library's allocator, told to give memory back: what a query took is the system's again when it is over.

/// Larger allocations are mappings of their own, which go when they are freed. Left to itself the library raises this to
/// 32 MiB once such ones were freed, and keeps up to twice as much in each thread's arena.
#[cfg(target_env = "gnu")]
const MAPPED_FROM: libc::c_int = 1 << 20;

/// Threads share so many arenas.
#[cfg(target_env = "gnu")]
const ARENAS: libc::c_int = 4;

/// Sets the allocator up. To be called before threads are started.
#[cfg(target_env = "gnu")]
pub(crate) fn set_up() {
    // SAFETY: takes numbers only; a setting that the library does not know is left as it is.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM);
        libc::mallopt(libc::M_TRIM_THRESHOLD, MAPPED_FROM);
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
    }
}

/// Gives back what is free between allocations.
#[cfg(target_env = "gnu")]
pub(crate) fn give_back() {
    // SAFETY: touches free memory only.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other libraries have no such settings.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn set_up() {}

/// Other libraries have no such call.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn give_back() {}
