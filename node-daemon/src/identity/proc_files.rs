//! What `/proc` says of one process.

use std::{
    fs::{self, File},
    io::Read,
    path::PathBuf,
};

use nix::unistd::{SysconfVar, sysconf};

use crate::decode::BootTime;

/// Bytes of arguments that are read; as many as the probes read.
const ARGUMENTS: usize = goldwire_probe_events::ARGUMENTS_LENGTH;

const FIRST_PROCESS: u32 = 1;

/// The directory of processes.
#[derive(Clone, Debug)]
pub(super) struct ProcFiles {
    root: PathBuf,
    /// Of the clock by which `/proc` tells when a process began.
    ticks_per_second: u64,
}

/// Facts of `/proc/PID/stat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) comm: String,
    pub(super) parent: u32,
    /// In clock ticks since boot: with the pid it names a process for good.
    pub(super) start_time: u64,
}

impl ProcFiles {
    pub(super) fn new(root: impl Into<PathBuf>) -> Self {
        let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten();
        let ticks_per_second =
            ticks.and_then(|ticks| u64::try_from(ticks).ok()).filter(|ticks| *ticks > 0).unwrap_or(100);
        Self { root: root.into(), ticks_per_second }
    }

    /// A start time as the kernel's events have it, to a tick.
    pub(super) fn since_boot(&self, ticks: u64) -> BootTime {
        BootTime(ticks.saturating_mul(1_000_000_000 / self.ticks_per_second))
    }

    pub(super) fn stat(&self, pid: u32) -> Option<Stat> {
        parse_stat(&String::from_utf8_lossy(&fs::read(self.file(pid, "stat")).ok()?))
    }

    /// Path of the executable, also of one that was replaced on disk since.
    pub(super) fn executable(&self, pid: u32) -> Option<String> {
        let path = fs::read_link(self.file(pid, "exe")).ok()?;
        let path = path.to_string_lossy();
        Some(path.strip_suffix(" (deleted)").unwrap_or(&path).to_owned())
    }

    pub(super) fn cgroups(&self, pid: u32) -> Option<String> {
        fs::read_to_string(self.file(pid, "cgroup")).ok()
    }

    /// The effective user id.
    pub(super) fn user(&self, pid: u32) -> Option<u32> {
        parse_user(&fs::read_to_string(self.file(pid, "status")).ok()?)
    }

    /// The first bytes of its arguments, a NUL behind each, and one more where there are more.
    pub(super) fn arguments(&self, pid: u32) -> Option<Vec<u8>> {
        let file = File::open(self.file(pid, "cmdline")).ok()?;
        let mut bytes = Vec::new();
        file.take(ARGUMENTS as u64 + 1).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// The directory of a process that sees the files of this one: in a container itself, else the first process, which
    /// sees the host's where this daemon runs in a container of its own. Where that is out of reach, the daemon.
    pub(super) fn home(&self, pid: u32, is_in_container: bool) -> PathBuf {
        if is_in_container {
            return self.process(pid);
        }
        self.host()
    }

    /// The directory of a process that sees the host's files, else the daemon's.
    pub(super) fn host(&self) -> PathBuf {
        let first = self.process(FIRST_PROCESS);
        if fs::metadata(first.join("root")).is_ok() { first } else { self.root.join("self") }
    }

    pub(super) fn process(&self, pid: u32) -> PathBuf {
        self.root.join(pid.to_string())
    }

    /// Where the v2 hierarchy is mounted.
    pub(super) fn cgroup2_mount(&self) -> Option<PathBuf> {
        let mounts = fs::read_to_string(self.root.join("self/mounts")).ok()?;
        let line = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2"))?;
        line.split(' ').nth(1).map(PathBuf::from)
    }

    fn file(&self, pid: u32, name: &str) -> PathBuf {
        self.process(pid).join(name)
    }
}

/// `Uid:` has the real, the effective, the saved and the file system's.
fn parse_user(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The command name may hold anything, spaces and parentheses too, so the last parenthesis ends it.
fn parse_stat(text: &str) -> Option<Stat> {
    let (open, close) = (text.find('(')?, text.rfind(')')?);
    let comm = text.get(open + 1..close)?.to_owned();
    let mut rest = text.get(close + 1..)?.split_ascii_whitespace();
    let parent = rest.nth(1)?.parse().ok()?;
    let start_time = rest.nth(17)?.parse().ok()?;
    Some(Stat { comm, parent, start_time })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_anything() {
        let text = "42 (a) b (c)) S 7 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 11 12 13";
        let expected = Stat { comm: "a) b (c)".to_owned(), parent: 7, start_time: 98_765 };
        assert_eq!(parse_stat(text), Some(expected));
        assert_eq!(parse_stat("42 (x"), None);
        assert_eq!(parse_stat(") 1 ("), None);
    }

    #[test]
    fn this_process_is_read() {
        let files = ProcFiles::new("/proc");
        let pid = std::process::id();
        let stat = files.stat(pid).expect("own stat");
        assert!(stat.parent > 0 && stat.start_time > 0 && !stat.comm.is_empty());
        assert!(files.executable(pid).is_some_and(|path| path.starts_with('/')));
        assert!(files.cgroups(pid).is_some_and(|text| text.contains(":/")));
        assert!(files.arguments(pid).is_some_and(|bytes| bytes.ends_with(b"\0") || bytes.len() > ARGUMENTS));
        assert_eq!(files.user(pid), Some(nix::unistd::geteuid().as_raw()));
        assert_eq!((files.stat(u32::MAX), files.user(u32::MAX)), (None, None));
    }
}
