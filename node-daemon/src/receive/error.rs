//! Why the probes cannot be opened.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::{btf::BtfError, capability::Capability};

/// Why observing cannot begin. Fit to follow "failed to open the probes: ".
#[derive(Debug, Error)]
pub enum OpenError {
    /// The process lacks rights without which nothing is seen; those that only some signals need are not listed.
    #[error(
        "missing {}; run as root, or give the program these capabilities: \
         `setcap {}=ep PROGRAM`, in a unit `AmbientCapabilities={}`, in a container `--cap-add {}`",
        names(.0, ", ", str::to_owned), names(.0, ",", str::to_lowercase), names(.0, " ", str::to_owned),
        names(.0, " --cap-add ", |name| name.trim_start_matches("CAP_").to_owned())
    )]
    Capabilities(Vec<Capability>),
    /// `/proc/mounts`, which says where the cgroup hierarchy is.
    #[error("the mounted file systems cannot be read: {0}")]
    Mounts(#[source] io::Error),
    /// Buffers are seen where they pass a cgroup, so there must be one.
    #[error("no cgroup v2 hierarchy is mounted; mount one: `mount -t cgroup2 none /sys/fs/cgroup/unified`")]
    NoCgroupHierarchy,
    /// Its directory is missing or may not be opened.
    #[error("the cgroup {} cannot be used: {source}", path.display())]
    Cgroup {
        /// As it was asked for; the root of the hierarchy where nothing was.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A directory, and no cgroup, or one of the old hierarchies.
    #[error("{} is no cgroup of the v2 hierarchy at {}", path.display(), root.display())]
    NotInHierarchy {
        /// What was asked for, without links.
        path: PathBuf,
        /// Where the hierarchy is mounted.
        root: PathBuf,
    },
    /// Tracepoints need the kernel's types.
    #[error(transparent)]
    Btf(#[from] BtfError),
    /// Maps could not be made, or the object could not be read.
    #[error("the kernel does not take the probes: {0}")]
    Object(#[from] aya::EbpfError),
    /// A hook without which observing makes no sense. Others may be refused, and
    /// [`Receiver::refused`](super::Receiver::refused) has them.
    #[error("the kernel refuses {hook}, which payload needs: {reason}")]
    Hook {
        /// As people know it, such as `cgroup_skb/ingress`.
        hook: &'static str,
        /// The last line of the verifier's log, or what the system call said.
        reason: String,
    },
    /// The object does not fit this daemon, by the name of the map.
    #[error("the probes have no {0}")]
    NoMap(&'static str),
    /// A map of another kind or size than the daemon reads, or one that cannot be written.
    #[error("the map {map} cannot be used: {source}")]
    Map {
        /// Its name in the object.
        map: &'static str,
        /// What aya said.
        source: aya::maps::MapError,
    },
    /// `mmap` of a ring or of a shared map.
    #[error("memory cannot be shared with the kernel: {0}")]
    Mapping(#[source] io::Error),
    /// The one that sweeps over sockets, or the descriptor that it needs.
    #[error("a thread cannot be started: {0}")]
    Thread(#[source] io::Error),
    /// [`Options`](super::Options) that the kernel would refuse.
    #[error("{what} must be a power of two and at least {least}, not {given}")]
    Size {
        /// `the control ring`, `the data ring`
        what: &'static str,
        /// The size of a page, in bytes.
        least: usize,
        /// In bytes.
        given: usize,
    },
}

fn names(capabilities: &[Capability], between: &str, write: impl Fn(&str) -> String) -> String {
    capabilities.iter().map(|capability| write(capability.name)).collect::<Vec<_>>().join(between)
}
