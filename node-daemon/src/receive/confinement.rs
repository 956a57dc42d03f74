//! The cgroup that the daemon is confined to, which may be removed and made again while the daemon runs.

use std::{
    fs::File,
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use aya::{
    Ebpf,
    maps::{Array, MapData},
};

use super::{OpenError, attach::CgroupLinks, cgroup::Cgroup};

/// Between two looks. What is made again is observed after this and the reader's longest sleep, at the latest.
const LOOK: Duration = Duration::from_millis(20);

/// What became of the cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CgroupChange {
    /// Nothing is observed any more, and why.
    Lost(String),
    /// It was made again and is observed; for at most so long it was there and was not.
    Regained(Duration),
}

/// The programs on the cgroup, and whether it is still that one.
pub(super) struct Confinement {
    /// Absent where the daemon sees the whole node, whose root stays.
    path: Option<PathBuf>,
    id: u64,
    links: CgroupLinks,
    scope: Array<MapData, u64>,
    /// Why nothing is observed.
    lost: Option<String>,
    /// Until then nothing went unobserved that was there.
    observed_until: Instant,
    next_look: Instant,
}

impl Confinement {
    pub(super) fn new(cgroup: &Cgroup, links: CgroupLinks, mut scope: Array<MapData, u64>) -> Result<Self, OpenError> {
        scope.set(0, cgroup.id, 0).map_err(|source| OpenError::Map { map: "SCOPE", source })?;
        let path = cgroup.is_confined().then(|| cgroup.directory_path.clone());
        let now = Instant::now();
        Ok(Self { path, id: cgroup.id, links, scope, lost: None, observed_until: now, next_look: now })
    }

    /// Looks whether the cgroup is still there, and attaches again where it was made anew.
    pub(super) fn look(&mut self, now: Instant, object: &Mutex<Ebpf>) -> Option<CgroupChange> {
        let path = self.path.clone().filter(|_| now >= self.next_look)?;
        self.next_look = now + LOOK;
        let found = File::open(&path).and_then(|directory| Ok((directory.metadata()?.ino(), directory)));
        let Ok((id, directory)) = found else {
            // Nobody is in it: that is nothing which was missed.
            self.observed_until = now;
            let place = path.display();
            return self.lose(format!("the control group {place} is gone; it is observed once it is made again"));
        };
        if id == self.id {
            self.observed_until = now;
            return None;
        }
        match self.attach(id, &directory, object) {
            Ok(()) => {
                self.lost = None;
                let began = std::mem::replace(&mut self.observed_until, Instant::now());
                Some(CgroupChange::Regained(self.observed_until.saturating_duration_since(began)))
            }
            Err(reason) => {
                let place = path.display();
                self.lose(format!("the control group {place} was made again and cannot be observed: {reason}"))
            }
        }
    }

    fn attach(&mut self, id: u64, directory: &File, object: &Mutex<Ebpf>) -> Result<(), String> {
        let mut object = object.lock().unwrap_or_else(PoisonError::into_inner);
        // First, so that what the programs see next is wanted.
        self.scope.set(0, id, 0).map_err(|error| error.to_string())?;
        self.links = self.links.on(&mut object, directory)?;
        self.id = id;
        Ok(())
    }

    /// Tells a reason once.
    fn lose(&mut self, reason: String) -> Option<CgroupChange> {
        if self.lost.as_ref() == Some(&reason) {
            return None;
        }
        self.lost = Some(reason.clone());
        Some(CgroupChange::Lost(reason))
    }
}
