//! Which files are watched, and which were found to be of no use.

use std::{
    collections::{HashMap, HashSet},
    fs::{File, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use aya::{
    Ebpf,
    maps::{Array, MapData},
};
use goldwire_probe_events::TLS_FILES;

use super::{
    attached::Attached,
    places::{self, Mapped},
    points,
};
use crate::receive::{attach::reason, cgroup::Cgroup, socket_sweep};

/// So many files are remembered as useless; then all are looked at again.
const MOST_USELESS: usize = 65_536;

/// Names a file for as long as anybody has it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct FileId {
    device: u64,
    inode: u64,
}

/// A file that was looked at, and that has not been written since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Version {
    file: FileId,
    modified: (i64, i64),
    size: u64,
}

/// A file with probes.
struct Watched {
    _probes: Attached,
    /// Its place in the map of files.
    place: u32,
    /// Programs that start get it without saying where it is, so its probes stay.
    is_of_system: bool,
    /// Nobody had it mapped at the last look.
    is_unused: bool,
}

/// Looks for files and attaches to them.
pub(super) struct Search {
    object: Arc<Mutex<Ebpf>>,
    /// When the probes of each file were complete, for the probes to read.
    times: Array<MapData, u64>,
    cgroup: Arc<Cgroup>,
    watched: HashMap<FileId, Watched>,
    useless: HashSet<Version>,
    free_places: Vec<u32>,
}

impl Search {
    pub(super) fn new(object: Arc<Mutex<Ebpf>>, times: Array<MapData, u64>, cgroup: Arc<Cgroup>) -> Self {
        let free_places = (0..TLS_FILES).rev().collect();
        Self { object, times, cgroup, watched: HashMap::new(), useless: HashSet::new(), free_places }
    }

    /// Everything that is there.
    pub(super) fn look_everywhere(&mut self) {
        for path in places::system_libraries() {
            self.look_at(&path, true);
        }
        places::processes().for_each(|pid| self.look_at_process(pid));
    }

    /// A process's program, and the libraries that it has mapped by now.
    pub(super) fn look_at_process(&mut self, pid: u32) {
        if self.cgroup.has_process(pid) {
            self.look_at_program(pid);
            self.look_at_libraries(pid);
        }
    }

    /// Kernel threads have none.
    pub(super) fn look_at_program(&mut self, pid: u32) {
        self.look_at(&program_of(pid), false);
    }

    fn look_at_libraries(&mut self, pid: u32) {
        for Mapped { path, .. } in places::mapped_libraries(pid) {
            self.look_at(&in_root_of(pid, &path), false);
        }
    }

    /// Gives up the probes of files that no process has mapped, now and at the last look.
    pub(super) fn look_for_unused(&mut self) {
        let used = Used::now();
        let (times, free_places) = (&mut self.times, &mut self.free_places);
        self.watched.retain(|file, watched| {
            let was_unused = std::mem::replace(&mut watched.is_unused, !used.has(*file));
            let stays = watched.is_of_system || !(was_unused && watched.is_unused);
            if !stays {
                let _ = times.set(watched.place, 0, 0);
                free_places.push(watched.place);
            }
            stays
        });
    }

    /// Looks at a file, unless it was looked at before.
    fn look_at(&mut self, path: &Path, is_of_system: bool) {
        let Ok(metadata) = path.metadata() else { return };
        if !metadata.is_file() {
            return;
        }
        if let Some(watched) = self.watched.get_mut(&FileId::of(&metadata)) {
            watched.is_of_system |= is_of_system;
        } else if !self.useless.contains(&Version::of(&metadata)) {
            self.open(path, is_of_system);
        }
    }

    fn open(&mut self, path: &Path, is_of_system: bool) {
        let Ok(file) = File::open(path) else { return };
        let Ok(metadata) = file.metadata() else { return };
        match self.attach(&file) {
            Ok(Some((probes, place))) => {
                tracing::debug!(path = %path.display(), "reads the plaintext of TLS");
                let watched = Watched { _probes: probes, place, is_of_system, is_unused: false };
                self.watched.insert(FileId::of(&metadata), watched);
            }
            Ok(None) => self.remember_useless(&metadata),
            Err(reason) => {
                tracing::warn!(path = %path.display(), reason, "the plaintext of TLS is not read where this is used");
                self.remember_useless(&metadata);
            }
        }
    }

    /// Attaches to the functions that a file has; `None` where it has none.
    fn attach(&mut self, file: &File) -> Result<Option<(Attached, u32)>, String> {
        let Ok(points) = points::of_file(file) else { return Ok(None) };
        if points.is_empty() {
            return Ok(None);
        }
        let place = self.free_places.pop().ok_or("too many files")?;
        let attached = Attached::new(&self.object, file, place, &points).map_err(|error| reason(&error));
        let attached = attached.and_then(|attached| {
            self.times.set(place, socket_sweep::now().0, 0).map_err(|error| error.to_string())?;
            Ok(attached)
        });
        if attached.is_err() {
            self.free_places.push(place);
        }
        attached.map(|attached| Some((attached, place)))
    }

    fn remember_useless(&mut self, metadata: &Metadata) {
        if self.useless.len() >= MOST_USELESS {
            self.useless.clear();
        }
        self.useless.insert(Version::of(metadata));
    }
}

/// What is mapped at a time. Where a file was deleted its path leads nowhere, and where file systems lie above each other a
/// path may have another inode than the map says, so both count.
#[derive(Default)]
struct Used {
    files: HashSet<FileId>,
    inodes: HashSet<u64>,
}

impl Used {
    fn now() -> Self {
        let mut used = Self::default();
        for pid in places::processes() {
            let libraries = places::mapped_libraries(pid);
            used.inodes.extend(libraries.iter().map(|mapped| mapped.inode));
            let paths = libraries.into_iter().map(|mapped| in_root_of(pid, &mapped.path));
            let files = paths.chain([program_of(pid)]).filter_map(|path| path.metadata().ok());
            used.files.extend(files.map(|metadata| FileId::of(&metadata)));
        }
        used
    }

    fn has(&self, file: FileId) -> bool {
        self.files.contains(&file) || self.inodes.contains(&file.inode)
    }
}

impl FileId {
    fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl Version {
    fn of(metadata: &Metadata) -> Self {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Self { file: FileId::of(metadata), modified, size: metadata.size() }
    }
}

/// Also where the file is deleted.
fn program_of(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/exe"))
}

/// A path as a process means it, which may have another root: a container.
fn in_root_of(pid: u32, path: &Path) -> PathBuf {
    let inside = path.strip_prefix("/").unwrap_or(path);
    PathBuf::from(format!("/proc/{pid}/root")).join(inside)
}
