//! From the number of a v2 cgroup, as the kernel tells it, to its path: for processes that are gone before `/proc` was read.

use std::{
    fs,
    os::unix::fs::DirEntryExt,
    path::{Path, PathBuf},
};

use rustc_hash::FxHashMap;

use crate::decode::KernelTime;

/// Directories that are looked at in one go.
const DIRECTORIES: usize = 8_192;
/// The hierarchy is searched again for an unknown number at most this often.
const AGAIN: u64 = 1_000_000_000;

#[derive(Debug)]
pub(super) struct CgroupIds {
    mount: Option<PathBuf>,
    paths: FxHashMap<u64, String>,
    searched: Option<KernelTime>,
}

impl CgroupIds {
    pub(super) fn new(mount: Option<PathBuf>) -> Self {
        Self { mount, paths: FxHashMap::default(), searched: None }
    }

    /// Path of a cgroup in its hierarchy.
    pub(super) fn path(&mut self, id: u64, now: KernelTime) -> Option<&str> {
        let is_due = self.searched.is_none_or(|searched| now.0.saturating_sub(searched.0) >= AGAIN);
        if !self.paths.contains_key(&id) && is_due {
            self.searched = Some(now);
            self.search();
        }
        self.paths.get(&id).map(String::as_str)
    }

    /// Breadth first, so that a hierarchy that is too large loses its deepest parts.
    fn search(&mut self) {
        let Some(mount) = self.mount.clone() else { return };
        self.paths.clear();
        let mut directories = vec![mount.clone()];
        let mut next = 0;
        while next < directories.len() && directories.len() < DIRECTORIES {
            let found = self.take_children(&mount, &directories[next]);
            directories.extend(found);
            next += 1;
        }
    }

    fn take_children(&mut self, mount: &Path, directory: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        directories
            .map(|entry| {
                let path = entry.path();
                let below = path.strip_prefix(mount).unwrap_or(&path);
                self.paths.insert(entry.ino(), format!("/{}", below.to_string_lossy()));
                path
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn numbers_are_inodes() -> std::io::Result<()> {
        let mount = tempfile::tempdir()?;
        let deep = mount.path().join("demo/node-a/shop");
        fs::create_dir_all(&deep)?;
        let mut ids = CgroupIds::new(Some(mount.path().to_owned()));
        let id = fs::metadata(&deep)?.ino();
        assert_eq!(ids.path(id, KernelTime(0)), Some("/demo/node-a/shop"));
        assert_eq!(ids.path(u64::MAX, KernelTime(2 * AGAIN)), None);
        Ok(())
    }
}
