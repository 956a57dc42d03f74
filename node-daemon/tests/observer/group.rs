//! Control groups of the tests: what runs outside of them is not observed, so it cannot disturb what a test counts.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use super::Running;

/// A control group of the v2 hierarchy; removed when dropped.
pub(crate) struct Group {
    pub(crate) path: PathBuf,
    /// The group that this process was in, where it entered this one.
    entered_from: Option<PathBuf>,
}

/// The group that this process is in, while a test uses one.
static ENTERED: Mutex<Weak<Group>> = Mutex::new(Weak::new());

impl Group {
    pub(crate) fn new(name: &str) -> Self {
        let path = hierarchy().join(name);
        let _ = fs::remove_dir(&path);
        fs::create_dir(&path).unwrap();
        Self { path, entered_from: None }
    }

    /// The group of the running test: this process is in it, and so is all that it starts from here on.
    pub(crate) fn entered() -> Arc<Self> {
        let mut entered = ENTERED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = entered.upgrade() {
            return group;
        }
        let mut group = Self::new(&format!("goldwire-test-{}", process::id()));
        group.entered_from = Some(own_group());
        enter(&group.path);
        let group = Arc::new(group);
        *entered = Arc::downgrade(&group);
        group
    }

    /// Starts a shell in the group.
    pub(crate) fn shell(&self, script: &str) -> Running {
        let script = format!("echo $$ > {}/cgroup.procs; {script}", self.path.display());
        Running::start(Command::new("/bin/sh").args(["-c", &script]))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(before) = &self.entered_from {
            enter(before);
        }
        for _ in 0..50 {
            if fs::remove_dir(&self.path).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn enter(group: &Path) {
    fs::write(group.join("cgroup.procs"), process::id().to_string()).unwrap();
}

fn own_group() -> PathBuf {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
    let inside = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap();
    hierarchy().join(inside)
}

/// Where the v2 hierarchy is mounted.
fn hierarchy() -> PathBuf {
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    let root = mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let place = words.next()?;
        (words.next()? == "cgroup2").then_some(place)
    });
    PathBuf::from(root.unwrap())
}
