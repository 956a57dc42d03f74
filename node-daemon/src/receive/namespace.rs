//! The network namespaces of this node.
//!
//! None is held open between two looks: a namespace that its last process has left goes away, with its devices, as it would
//! without us.

use std::{
    collections::HashMap,
    fs::{self, File},
    os::{fd::AsFd, unix::fs::MetadataExt},
    path::{Path, PathBuf},
};

use nix::sched::{CloneFlags, setns};

/// How often a process that is new is looked at: soon after its start it may move to a namespace of its own.
const YOUNG: u8 = 3;
/// Older ones are looked at once in so many times.
const TURNS: u32 = 5;

/// Inode of the namespace of the calling thread.
pub(super) fn own() -> Option<u32> {
    inode(Path::new("/proc/thread-self/ns/net"))
}

/// Where the calling thread is, and the way back.
pub(super) struct Home {
    inode: u32,
    file: File,
}

impl Home {
    pub(super) fn of_thread() -> Option<Self> {
        Some(Self { inode: own()?, file: File::open("/proc/thread-self/ns/net").ok()? })
    }

    pub(super) const fn inode(&self) -> u32 {
        self.inode
    }

    pub(super) fn enter(&self) {
        if own() != Some(self.inode) {
            let _ = setns(self.file.as_fd(), CloneFlags::CLONE_NEWNET);
        }
    }
}

/// Every namespace that a process lives in or that has a name.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    /// By inode: where each is found.
    found: HashMap<u32, PathBuf>,
    /// How often each process was looked at.
    looks: HashMap<u32, u8>,
    turn: u32,
}

impl Namespaces {
    /// Inodes of what is there now. Most processes are where they were when they were last looked at.
    pub(super) fn look(&mut self) -> Vec<u32> {
        self.turn = (self.turn + 1) % TURNS;
        let before = self.found.len();
        self.found.retain(|wanted, path| inode(path) == Some(*wanted));
        self.look_at_processes(self.found.len() < before);
        let mut inodes: Vec<u32> = self.found.keys().copied().collect();
        inodes.sort_unstable();
        inodes
    }

    /// Moves the calling thread there. Needs `CAP_SYS_ADMIN`, unless it is there already.
    pub(super) fn enter(&self, wanted: u32) -> bool {
        if own() == Some(wanted) {
            return true;
        }
        let Some(file) = self.found.get(&wanted).and_then(|path| File::open(path).ok()) else { return false };
        // Another process may have got the place meanwhile.
        let is_wanted = file.metadata().is_ok_and(|metadata| metadata.ino() == u64::from(wanted));
        is_wanted && setns(file.as_fd(), CloneFlags::CLONE_NEWNET).is_ok()
    }

    fn look_at_processes(&mut self, all: bool) {
        let mut before = std::mem::take(&mut self.looks);
        for pid in processes() {
            let looks = before.remove(&pid).unwrap_or_default();
            self.looks.insert(pid, looks.saturating_add(1));
            if all || looks < YOUNG || pid % TURNS == self.turn {
                self.find(Path::new("/proc").join(pid.to_string()).join("ns/net"));
            }
        }
        for named in fs::read_dir("/run/netns").into_iter().flatten().flatten() {
            self.find(named.path());
        }
    }

    fn find(&mut self, path: PathBuf) {
        if let Some(inode) = inode(&path) {
            self.found.entry(inode).or_insert(path);
        }
    }
}

/// In the order of their ids: the first of a container is its oldest.
fn processes() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    pids
}

fn inode(path: &Path) -> Option<u32> {
    u32::try_from(fs::metadata(path).ok()?.ino()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_its_own_namespace_at_every_look() {
        let mut namespaces = Namespaces::default();
        for _ in 0..2 * TURNS {
            assert!(namespaces.look().contains(&own().unwrap()));
        }
        assert!(namespaces.enter(own().unwrap()));
        assert!(!namespaces.enter(1), "no namespace has this inode");
    }

    #[test]
    fn a_place_that_another_has_taken_is_looked_for_again() {
        let mut namespaces = Namespaces::default();
        namespaces.found.insert(1, PathBuf::from("/proc/self/ns/net"));
        assert!(!namespaces.enter(1));
        assert!(!namespaces.look().contains(&1));
    }
}
