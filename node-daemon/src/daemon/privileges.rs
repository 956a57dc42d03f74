//! Rights that the daemon gives up once its probes are loaded.

use caps::{CapSet, Capability, CapsHashSet};

/// What reading `/proc` of other users' processes and the kernel's maps still needs.
const KEPT: [Capability; 4] =
    [Capability::CAP_BPF, Capability::CAP_SYS_PTRACE, Capability::CAP_DAC_READ_SEARCH, Capability::CAP_NET_ADMIN];

/// Gives up every other capability of this thread, and of all threads started after it; also for programs that would
/// be started. Call it before any thread is started, for capabilities are a thread's.
///
/// Gives the names of the rights that stay.
pub(crate) fn drop_unneeded() -> Result<Vec<String>, caps::errors::CapsError> {
    let held = caps::read(None, CapSet::Permitted)?;
    let keep: CapsHashSet = KEPT.iter().copied().filter(|capability| held.contains(capability)).collect();
    for capability in caps::read(None, CapSet::Bounding)? {
        if !keep.contains(&capability) {
            caps::drop(None, CapSet::Bounding, capability)?;
        }
    }
    caps::clear(None, CapSet::Ambient)?;
    caps::set(None, CapSet::Inheritable, &CapsHashSet::new())?;
    caps::set(None, CapSet::Effective, &keep)?;
    caps::set(None, CapSet::Permitted, &keep)?;
    let mut names: Vec<_> = keep.iter().map(ToString::to_string).collect();
    names.sort();
    Ok(names)
}
