//! The network namespaces of this node.

use std::{
    collections::HashMap,
    fs::{self, File},
    os::{fd::AsFd, unix::fs::MetadataExt},
    path::Path,
};

use nix::sched::{CloneFlags, setns};

/// Inode of the namespace of the calling thread.
pub(super) fn own() -> Option<u32> {
    inode(Path::new("/proc/thread-self/ns/net"))
}

/// Every namespace that a process lives in or that has a name, once each, by inode.
pub(super) fn all() -> HashMap<u32, File> {
    let of_processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path().join("ns/net"));
    let named = fs::read_dir("/run/netns").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found = HashMap::new();
    for path in of_processes.chain(named) {
        let Some(inode) = inode(&path) else { continue };
        if let std::collections::hash_map::Entry::Vacant(place) = found.entry(inode)
            && let Ok(file) = File::open(&path)
        {
            place.insert(file);
        }
    }
    found
}

/// Moves the calling thread there for good. Needs `CAP_SYS_ADMIN`, unless it is there already.
pub(super) fn enter(inode: u32, namespace: &File) -> bool {
    own() == Some(inode) || setns(namespace.as_fd(), CloneFlags::CLONE_NEWNET).is_ok()
}

fn inode(path: &Path) -> Option<u32> {
    u32::try_from(fs::metadata(path).ok()?.ino()).ok()
}
