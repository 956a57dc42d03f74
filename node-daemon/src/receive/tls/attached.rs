//! Probes at the functions of one file.

use std::{
    fs::File,
    os::fd::{AsRawFd, RawFd},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use aya::{
    Ebpf,
    programs::{
        ProgramError, UProbe,
        uprobe::{UProbeAttachLocation, UProbeAttachPoint, UProbeLink, UProbeScope},
    },
};

use super::{points::Point, symbols};

/// The probes of one file; gone when dropped.
pub(super) struct Attached {
    _links: Vec<UProbeLink>,
}

impl Attached {
    /// Attaches to all of these points, one after the other, or to none. `place` is the file's among those that are watched.
    pub(super) fn new(object: &Mutex<Ebpf>, file: &File, place: u32, points: &[Point]) -> Result<Self, ProgramError> {
        let mut object = object.lock().unwrap_or_else(PoisonError::into_inner);
        let attach =
            |point: &Point| attach(&mut object, point.program, file.as_raw_fd(), point.offset, point.attachment(place));
        Ok(Self { _links: points.iter().map(attach).collect::<Result<_, _>>()? })
    }
}

/// Attaches a program to the first instruction of this very program, which will not run again: whether it can be done at all.
pub(in crate::receive) fn try_own_program(object: &mut Ebpf, program: &str) -> Result<(), ProgramError> {
    let own = File::open("/proc/self/exe").map_err(ProgramError::IOError)?;
    let entry = symbols::entry(&own).map_err(ProgramError::IOError)?;
    attach(object, program, own.as_raw_fd(), entry, 0).map(drop)
}

/// By the file's descriptor, since its path may mean another file in the process that uses it.
fn attach(object: &mut Ebpf, program: &str, file: RawFd, offset: u64, cookie: u64) -> Result<UProbeLink, ProgramError> {
    let missing = || ProgramError::IOError(std::io::Error::other("the object has no such program"));
    let program: &mut UProbe = object.program_mut(program).ok_or_else(missing)?.try_into()?;
    let point = UProbeAttachPoint { location: UProbeAttachLocation::AbsoluteOffset(offset), cookie: Some(cookie) };
    let path = PathBuf::from(format!("/proc/thread-self/fd/{file}"));
    let link = program.attach(point, path, UProbeScope::AllProcesses)?;
    program.take_link(link)
}
