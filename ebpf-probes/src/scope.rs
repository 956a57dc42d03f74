//! What the daemon has set: what it is confined to, and the way of payload.

use aya_ebpf::{helpers::generated::bpf_get_current_ancestor_cgroup_id, macros::map, maps::Array};
use goldwire_probe_events::Settings;

/// Set by the daemon before loading, and frozen.
#[unsafe(no_mangle)]
static SETTINGS: Settings = Settings::WHOLE_NODE;

/// Id of the cgroup that the daemon is confined to. No constant: the cgroup may be removed and made again.
#[map]
static SCOPE: Array<u64> = Array::with_max_entries(1, 0);

/// How deep a confining cgroup may lie.
const DEEPEST: i32 = 24;

/// Whether only part of the node is wanted.
#[inline(always)]
pub fn is_confined() -> bool {
    // SAFETY: an initialised static; volatile, because the daemon replaces its value after compilation.
    unsafe { core::ptr::read_volatile(&raw const SETTINGS.scoped) != 0 }
}

/// Inode of the daemon's own network namespace.
#[inline(always)]
pub fn own_network_namespace() -> u32 {
    // SAFETY: as above.
    unsafe { core::ptr::read_volatile(&raw const SETTINGS.own_network_namespace) }
}

/// Whether payload goes by lanes.
#[inline(always)]
pub fn has_lanes() -> bool {
    // SAFETY: as above.
    unsafe { core::ptr::read_volatile(&raw const SETTINGS.lanes) != 0 }
}

/// Whether the plaintext of TLS is wanted.
#[inline(always)]
pub fn wants_plaintext() -> bool {
    // SAFETY: as above.
    unsafe { core::ptr::read_volatile(&raw const SETTINGS.plaintext) != 0 }
}

/// Whether the current process is wanted.
#[inline(always)]
pub fn has_current_process() -> bool {
    if !is_confined() {
        return true;
    }
    let Some(&wanted) = SCOPE.get(0) else { return false };
    let mut level = 0;
    while level < DEEPEST {
        // SAFETY: the helper takes any level, and answers 0 below the process's own.
        let ancestor = unsafe { bpf_get_current_ancestor_cgroup_id(level) };
        if ancestor == wanted {
            return true;
        }
        if ancestor == 0 {
            return false;
        }
        level += 1;
    }
    false
}
