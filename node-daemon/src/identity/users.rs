//! Names of users, from the `/etc/passwd` of the container that a process runs in, else of the host.

use std::{fs, path::Path};

use lru::LruCache;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::root_files;
use crate::decode::KernelTime;

/// Containers whose users are remembered.
const CONTAINERS: usize = 1_024;
/// Users come and go; their names are read again after so many nanoseconds.
const BELIEVED: u64 = 60_000_000_000;
/// Bytes of `/etc/passwd` that are looked at, and of a map of user ids.
const LONGEST: u64 = 256 * 1024;

/// Users of the host, and of containers by id.
#[derive(Debug)]
pub(super) struct Users {
    known: LruCache<Option<Box<str>>, Known, FxBuildHasher>,
}

#[derive(Debug)]
struct Known {
    read: KernelTime,
    names: FxHashMap<u32, Box<str>>,
    map: UserMap,
}

impl Users {
    pub(super) fn new() -> Self {
        Self { known: LruCache::unbounded_with_hasher(FxBuildHasher) }
    }

    /// The name of a user, else its number; `process` is the directory in `/proc` of any process of that container, or of the
    /// first process for the host.
    pub(super) fn name(&mut self, user: u32, container: Option<&str>, process: &Path, now: KernelTime) -> String {
        let key = container.map(Box::from);
        let is_fresh = self.known.get(&key).is_some_and(|known| now.0.saturating_sub(known.read.0) < BELIEVED);
        if !is_fresh && let Some(known) = Known::read(process, now) {
            self.known.put(key.clone(), known);
            if self.known.len() > CONTAINERS {
                self.known.pop_lru();
            }
        }
        let name = self.known.peek(&key).and_then(|known| known.names.get(&known.map.inside(user)?));
        name.map_or_else(|| user.to_string(), ToString::to_string)
    }
}

impl Known {
    fn read(process: &Path, read: KernelTime) -> Option<Self> {
        let map = UserMap::parse(&fs::read_to_string(process.join("uid_map")).ok()?);
        let passwd = root_files::read(process, "etc/passwd", LONGEST).unwrap_or_default();
        Some(Self { read, names: names(&passwd), map })
    }
}

/// The first name of a number counts, as it does for the system's own programs.
fn names(passwd: &str) -> FxHashMap<u32, Box<str>> {
    let mut names = FxHashMap::default();
    for line in passwd.lines() {
        let mut parts = line.split(':');
        let (name, id) = (parts.next(), parts.nth(1).and_then(|id| id.parse().ok()));
        if let (Some(name), Some(id)) = (name.filter(|name| !name.is_empty()), id) {
            names.entry(id).or_insert_with(|| name.into());
        }
    }
    names
}

/// How the numbers of a user namespace lie in those of the host: first inside, first outside, how many.
#[derive(Debug)]
struct UserMap(Vec<(u32, u32, u32)>);

impl UserMap {
    fn parse(text: &str) -> Self {
        let number = |word: Option<&str>| word.and_then(|word| word.parse().ok());
        let ranges = text.lines().filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            Some((number(words.next())?, number(words.next())?, number(words.next())?))
        });
        Self(ranges.collect())
    }

    /// Absent where the user of the host is none inside.
    fn inside(&self, user: u32) -> Option<u32> {
        self.0.iter().find_map(|(inside, outside, count)| {
            let offset = user.checked_sub(*outside).filter(|offset| offset < count)?;
            inside.checked_add(offset)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use nix::{sys::stat::Mode, unistd::mkfifo};

    use super::*;

    const ALL: &str = "         0          0 4294967295\n";

    /// A process whose root holds `passwd`.
    fn process(map: &str, passwd: &str) -> tempfile::TempDir {
        let process = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(process.path().join("root/etc")).expect("a directory");
        fs::write(process.path().join("uid_map"), map).expect("written");
        fs::write(process.path().join("root/etc/passwd"), passwd).expect("written");
        process
    }

    #[test]
    fn every_container_has_its_own_users() {
        let host = process(ALL, "root:x:0:0::/:/bin/sh\nann:x:1000:1000::/:\nbob:x:1000:1000::/:\nbroken\n:x:7:7\n");
        let container = process("0 1000 1\n1 100000 65536", "root:x:0:0\nwww:x:33:33\n");
        let mut users = Users::new();
        let mut host_name = |id| users.name(id, None, host.path(), KernelTime(0));
        assert_eq!((host_name(0), host_name(1000), host_name(7)), ("root".into(), "ann".into(), "7".into()));
        let mut inner_name = |id| users.name(id, Some("c1"), container.path(), KernelTime(0));
        assert_eq!((inner_name(1000), inner_name(100_032)), ("root".into(), "www".into()));
        assert_eq!((inner_name(0), inner_name(100_000)), ("0".into(), "100000".into()));
    }

    #[test]
    fn names_are_read_again_and_outlive_their_process() {
        let host = process(ALL, "ann:x:7:7\n");
        let mut users = Users::new();
        assert_eq!(users.name(7, None, host.path(), KernelTime(0)), "ann");
        fs::write(host.path().join("root/etc/passwd"), "eve:x:7:7\n").expect("written");
        assert_eq!(users.name(7, None, host.path(), KernelTime(BELIEVED - 1)), "ann");
        assert_eq!(users.name(7, None, host.path(), KernelTime(BELIEVED)), "eve");
        assert_eq!(users.name(7, None, Path::new("/nowhere"), KernelTime(3 * BELIEVED)), "eve");
        assert_eq!(users.name(7, Some("c1"), Path::new("/nowhere"), KernelTime(0)), "7");
    }

    #[test]
    fn a_container_leads_nowhere_else() {
        let outside = process(ALL, "leaked:x:7:7\n");
        let container = process(ALL, "");
        let passwd = container.path().join("root/etc/passwd");
        let name = || Users::new().name(7, Some("c1"), container.path(), KernelTime(0));
        fs::remove_file(&passwd).expect("there");
        symlink(outside.path().join("root/etc/passwd"), &passwd).expect("a link");
        assert_eq!(name(), "7");
        fs::remove_file(&passwd).expect("there");
        mkfifo(&passwd, Mode::S_IRWXU).expect("a pipe");
        assert_eq!(name(), "7");
    }
}
