//! The control group whose sockets are observed.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::OpenError;

/// A cgroup of the v2 hierarchy, open for attaching.
pub(super) struct Cgroup {
    pub(super) directory: File,
    pub(super) directory_path: PathBuf,
    /// What `bpf_get_current_cgroup_id` calls it.
    pub(super) id: u64,
    /// Path inside the hierarchy, as in `/proc/PID/cgroup`; `None` for the root that everything is in.
    path: Option<PathBuf>,
}

impl Cgroup {
    /// Opens the cgroup at `path`, or the root of the v2 hierarchy.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, OpenError> {
        let root = mount_point().map_err(OpenError::Mounts)?.ok_or(OpenError::NoCgroupHierarchy)?;
        let chosen = path.unwrap_or(&root);
        let unusable = |source| OpenError::Cgroup { path: chosen.to_owned(), source };
        let canonical = chosen.canonicalize().map_err(unusable)?;
        let Ok(inside) = canonical.strip_prefix(&root) else {
            return Err(OpenError::NotInHierarchy { path: canonical, root });
        };
        let directory = File::open(&canonical).map_err(unusable)?;
        let id = directory.metadata().map_err(unusable)?.ino();
        let path = (!inside.as_os_str().is_empty()).then(|| Path::new("/").join(inside));
        Ok(Self { directory, directory_path: canonical, id, path })
    }

    /// Whether only a part of the node is in it.
    pub(super) const fn is_confined(&self) -> bool {
        self.path.is_some()
    }

    /// Whether a process is in it or in a cgroup below.
    pub(super) fn has_process(&self, pid: u32) -> bool {
        let Some(path) = &self.path else { return true };
        let Ok(groups) = fs::read_to_string(format!("/proc/{pid}/cgroup")) else { return false };
        groups.lines().filter_map(|line| line.strip_prefix("0::")).any(|group| Path::new(group).starts_with(path))
    }
}

/// Where the v2 hierarchy is mounted.
fn mount_point() -> io::Result<Option<PathBuf>> {
    Ok(mount_point_in(&fs::read_to_string("/proc/mounts")?))
}

fn mount_point_in(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let mut words = line.split(' ');
        let (_, place, kind) = (words.next()?, words.next()?, words.next()?);
        (kind == "cgroup2").then(|| PathBuf::from(place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_unified_hierarchy_beside_old_ones() {
        let hybrid = "tmpfs /sys/fs/cgroup tmpfs ro 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n\
                      cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        assert_eq!(mount_point_in(hybrid), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(mount_point_in("tmpfs /tmp tmpfs rw 0 0\n"), None);
    }
}
