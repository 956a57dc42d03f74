//! Rights that threads give up once they do not need them any more.

use caps::{CapSet, Capability, CapsHashSet};

/// What reading `/proc` of other users' processes and the kernel's maps needs for as long as the daemon runs.
pub(crate) const READING: [Capability; 4] =
    [Capability::CAP_BPF, Capability::CAP_SYS_PTRACE, Capability::CAP_DAC_READ_SEARCH, Capability::CAP_NET_ADMIN];

/// Gives up every capability of this thread but these, and so of all threads started after it; also for programs that
/// would be started. Threads that were started before keep theirs, for capabilities are a thread's.
///
/// Gives the names of the rights that stay.
pub(crate) fn keep_only(wanted: &[Capability]) -> Result<Vec<String>, caps::errors::CapsError> {
    let held = caps::read(None, CapSet::Permitted)?;
    let keep: CapsHashSet = wanted.iter().copied().filter(|capability| held.contains(capability)).collect();
    // Where the unit that started us has set the bound already, it did not leave us the right to set it.
    if held.contains(&Capability::CAP_SETPCAP) {
        for capability in caps::read(None, CapSet::Bounding)?.difference(&keep) {
            caps::drop(None, CapSet::Bounding, *capability)?;
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
