//! Which processes hold which sockets, from the file descriptors in `/proc`.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

/// Processes by the inode of a socket they hold, lowest pid first.
#[derive(Debug, Default)]
pub(super) struct SocketHolders {
    by_inode: HashMap<u32, Vec<u32>>,
}

impl SocketHolders {
    /// Looks at all processes. Those that may not be looked at, or end meanwhile, are left out.
    pub(super) fn read() -> Self {
        let mut this = Self::default();
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let mut pids: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        pids.sort_unstable();
        for pid in pids {
            this.read_process(pid);
        }
        this
    }

    /// The one that listens: the first that holds it, which made it and handed it to its workers.
    pub(super) fn of_listener(&self, inode: u32) -> Option<u32> {
        self.by_inode.get(&inode)?.first().copied()
    }

    /// The one that works with it: the last that holds it.
    pub(super) fn of_connection(&self, inode: u32) -> Option<u32> {
        self.by_inode.get(&inode)?.last().copied()
    }

    fn read_process(&mut self, pid: u32) {
        let folder: PathBuf = Path::new("/proc").join(pid.to_string()).join("fd");
        for descriptor in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Some(inode) = fs::read_link(descriptor.path()).ok().and_then(|target| inode_of(&target)) else {
                continue;
            };
            let holders = self.by_inode.entry(inode).or_default();
            if holders.last() != Some(&pid) {
                holders.push(pid);
            }
        }
    }
}

/// `socket:[12345]`
fn inode_of(target: &Path) -> Option<u32> {
    target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, os::fd::AsRawFd};

    use super::*;

    #[test]
    fn finds_the_holder_of_an_own_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let link = fs::read_link(format!("/proc/self/fd/{}", listener.as_raw_fd())).unwrap();
        let inode = inode_of(&link).unwrap();
        assert_eq!(SocketHolders::read().of_listener(inode), Some(std::process::id()));
    }

    #[test]
    fn other_links_are_no_sockets() {
        assert_eq!(inode_of(Path::new("pipe:[1]")), None);
        assert_eq!(inode_of(Path::new("/dev/null")), None);
        assert_eq!(inode_of(Path::new("socket:[4026]")), Some(4026));
    }
}
