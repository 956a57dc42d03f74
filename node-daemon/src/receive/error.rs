//! Why the probes cannot be opened.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::{btf::BtfError, capability::Capability};

/// Why observing cannot begin. Fit to follow "failed to open the probes: ".
#[derive(Debug, Error)]
pub enum OpenError {
    #[error(
        "missing {}; run as root, or give the program these capabilities: \
         `setcap {}=ep PROGRAM`, in a unit `AmbientCapabilities={}`, in a container `--cap-add {}`",
        names(.0, ", ", str::to_owned), names(.0, ",", str::to_lowercase), names(.0, " ", str::to_owned),
        names(.0, " --cap-add ", |name| name.trim_start_matches("CAP_").to_owned())
    )]
    Capabilities(Vec<Capability>),
    #[error("the mounted file systems cannot be read: {0}")]
    Mounts(#[source] io::Error),
    #[error("no cgroup v2 hierarchy is mounted; mount one: `mount -t cgroup2 none /sys/fs/cgroup/unified`")]
    NoCgroupHierarchy,
    #[error("the cgroup {} cannot be used: {source}", path.display())]
    Cgroup { path: PathBuf, source: io::Error },
    #[error("{} is no cgroup of the v2 hierarchy at {}", path.display(), root.display())]
    NotInHierarchy { path: PathBuf, root: PathBuf },
    #[error(transparent)]
    Btf(#[from] BtfError),
    #[error("the kernel does not take the probes: {0}")]
    Object(#[from] aya::EbpfError),
    #[error("the kernel refuses {hook}, which payload needs: {reason}")]
    Hook { hook: &'static str, reason: String },
    #[error("the probes have no {0}")]
    NoMap(&'static str),
    #[error("the map {map} cannot be used: {source}")]
    Map { map: &'static str, source: aya::maps::MapError },
    #[error("memory cannot be shared with the kernel: {0}")]
    Mapping(#[source] io::Error),
    #[error("a thread cannot be started: {0}")]
    Thread(#[source] io::Error),
    #[error("{what} must be a power of two and at least {least}, not {given}")]
    Size { what: &'static str, least: usize, given: usize },
}

fn names(capabilities: &[Capability], between: &str, write: impl Fn(&str) -> String) -> String {
    capabilities.iter().map(|capability| write(capability.name)).collect::<Vec<_>>().join(between)
}
