//! Files as another process sees them, whatever it has put in their place.
//!
//! A container wrote them: a link may lead out of it, or in circles, a pipe blocks, a device has no end. Links are followed here, from
//! the process's own root: the system call that does so (`openat2`) has its flags where a filter of system calls does not see them.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::Read as _,
    os::fd::{AsFd as _, OwnedFd},
    path::{Component, Path, PathBuf},
};

use nix::{
    fcntl::{OFlag, open, openat, readlinkat},
    sys::stat::{Mode, SFlag, fstat},
};

/// As many as the kernel follows.
const MOST_LINKS: usize = 40;

/// The text of a regular file, as the process of this directory in `/proc` sees it; of a long one, its beginning.
pub(super) fn read(process: &Path, path: &str, longest: u64) -> Option<String> {
    let root =
        open(&process.join("root"), OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
    let file = File::from(Walk { root, below: Vec::new() }.open(path)?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(longest).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Where the way through the directories has come to.
struct Walk {
    root: OwnedFd,
    below: Vec<OwnedFd>,
}

impl Walk {
    fn open(mut self, path: &str) -> Option<OwnedFd> {
        // The next part of the way is last.
        let mut way: Vec<OsString> = Vec::new();
        push(&mut way, Path::new(path));
        let mut links = 0;
        while let Some(name) = way.pop() {
            if name == ".." {
                self.below.pop();
                continue;
            }
            let found = self.step(&name)?;
            let kind = SFlag::from_bits_truncate(fstat(&found).ok()?.st_mode) & SFlag::S_IFMT;
            if kind == SFlag::S_IFLNK {
                links += 1;
                let target = PathBuf::from(readlinkat(&found, "").ok()?);
                if links > MOST_LINKS {
                    return None;
                }
                if target.is_absolute() {
                    self.below.clear();
                }
                push(&mut way, &target);
            } else if way.is_empty() {
                return self.read(&name);
            } else {
                self.below.push(found);
            }
        }
        None
    }

    fn here(&self) -> &OwnedFd {
        self.below.last().unwrap_or(&self.root)
    }

    /// What is there, without opening it: a link itself, a device as well.
    fn step(&self, name: &OsStr) -> Option<OwnedFd> {
        openat(self.here().as_fd(), name, OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty()).ok()
    }

    fn read(&self, name: &OsStr) -> Option<OwnedFd> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        openat(self.here().as_fd(), name, flags, Mode::empty()).ok()
    }
}

/// Puts the parts of a path before the rest of the way.
fn push(way: &mut Vec<OsString>, path: &Path) {
    let parts = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    way.extend(parts);
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn links_are_followed_within_the_root_of_the_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("etc/deep")).expect("a folder");
        fs::create_dir_all(root.join("run")).expect("a folder");
        fs::write(root.join("run/real"), "inside").expect("a file");
        fs::write(folder.path().join("outside"), "outside").expect("a file");
        let text = |path: &str| read(folder.path(), path, 1_000);
        for (name, target) in [
            ("absolute", "/run/real"),
            ("relative", "../run/real"),
            ("far", "../../../../../run/real"),
            ("deep/far", "../../run/./real"),
            ("chain", "relative"),
            ("out", "../../outside"),
            ("absolute-out", "/outside"),
            ("circle", "circle"),
            ("folder", "../run"),
        ] {
            symlink(target, root.join("etc").join(name)).expect("a link");
        }
        for name in
            ["run/real", "etc/absolute", "etc/relative", "etc/far", "etc/deep/far", "etc/chain", "etc/folder/real"]
        {
            assert_eq!(text(name).as_deref(), Some("inside"), "{name}");
        }
        mkfifo(&root.join("etc/pipe"), Mode::S_IRWXU).expect("a pipe");
        for name in
            ["etc/out", "etc/absolute-out", "etc/circle", "etc/pipe", "etc/folder", "etc/none", "etc/none/x", "", ".."]
        {
            assert_eq!(text(name), None, "{name}");
        }
        assert_eq!(read(folder.path(), "run/real", 2).as_deref(), Some("in"));
    }
}
