//! Control groups (version 2) that are there for as long as their guard, and end with all that runs in them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// How long killed processes are given to be gone; the kernel needs milliseconds.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// A control group; dropping it kills what runs in it and below, and removes it.
#[derive(Debug)]
pub struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// Makes a group at a path below the mount of version 2, such as `goldwire-demo/node-a`. One left by a killed run
    /// is emptied and removed first.
    pub fn create(below_mount: &str) -> io::Result<Self> {
        let path = mount_point()?.join(below_mount);
        remove(&path)?;
        fs::create_dir_all(&path)?;
        Ok(Self { path })
    }

    /// Makes a group inside this one.
    pub fn child(&self, name: &str) -> io::Result<Self> {
        let path = self.path.join(name);
        remove(&path)?;
        fs::create_dir(&path)?;
        Ok(Self { path })
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file that takes the ids of the processes that move in; `0` is the writer itself.
    pub fn entrance(&self) -> io::Result<fs::File> {
        fs::OpenOptions::new().write(true).open(self.path.join("cgroup.procs"))
    }

    /// Empties and removes a group that an earlier run did not; nothing happens where there is none.
    pub fn remove_leftover(below_mount: &str) -> io::Result<()> {
        remove(&mount_point()?.join(below_mount))
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            eprintln!("goldwire-demo: left behind: control group {}: {error}", self.path.display());
        }
    }
}

/// Where version 2 is mounted: `/sys/fs/cgroup`, or `/sys/fs/cgroup/unified` on a hybrid hierarchy.
pub fn mount_point() -> io::Result<PathBuf> {
    mount_point_in(&fs::read_to_string("/proc/mounts")?).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            "no cgroup2 file system is mounted (mount -t cgroup2 none /mnt/cgroup2)",
        )
    })
}

fn mount_point_in(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (_, place, kind) = (words.next()?, words.next()?, words.next()?);
        (kind == "cgroup2").then(|| PathBuf::from(place))
    })
}

fn remove(group: &Path) -> io::Result<()> {
    if !group.exists() {
        return Ok(());
    }
    let started = Instant::now();
    loop {
        kill_all(group)?;
        match remove_folders(group) {
            Err(error) if error.raw_os_error() == Some(nix::libc::EBUSY) && started.elapsed() < GONE_WITHIN => {
                thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

/// Kills everything in the group and below: in one stroke where the kernel can (5.14), else one by one.
fn kill_all(group: &Path) -> io::Result<()> {
    let stroke = group.join("cgroup.kill");
    if stroke.exists() {
        return fs::write(stroke, "1");
    }
    for folder in folders_deepest_first(group)? {
        for process in fs::read_to_string(folder.join("cgroup.procs"))?.lines().filter_map(|line| line.parse().ok()) {
            // A process that ended in between is what we want.
            let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
        }
    }
    Ok(())
}

fn remove_folders(group: &Path) -> io::Result<()> {
    for folder in folders_deepest_first(group)? {
        match fs::remove_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn folders_deepest_first(group: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(folders_deepest_first(&entry.path())?);
        }
    }
    found.push(group.to_owned());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_of_version_2_is_found_among_those_of_version_1() {
        let hybrid = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n\
                      cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n";
        assert_eq!(mount_point_in(hybrid), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(mount_point_in("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n"), Some("/sys/fs/cgroup".into()));
        assert_eq!(mount_point_in("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n"), None);
    }
}
