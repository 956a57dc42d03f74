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
use goldwire_probe_events::tls_function;

use super::symbols::{self, Found};

const CALLED: &str = "tls_called";
const RETURNED: &str = "tls_returned";
const FREED: &str = "tls_freed";

/// The probes of one file; gone when dropped.
pub(super) struct Attached {
    _links: Vec<UProbeLink>,
}

impl Attached {
    /// Attaches to all of these functions, or to none. `place` is the file's among those that are watched.
    pub(super) fn new(object: &Mutex<Ebpf>, file: &File, place: u32, found: &[Found]) -> Result<Self, ProgramError> {
        let mut object = object.lock().unwrap_or_else(PoisonError::into_inner);
        let mut links = Vec::new();
        // The ends first: a call whose beginning was seen is never without its end.
        for Found { function, offset } in found {
            let cookie = u64::from(place) << 8 | u64::from(function.kind);
            let programs: &[&str] = if function.kind == tls_function::FREE { &[FREED] } else { &[RETURNED, CALLED] };
            for program in programs {
                links.push(attach(&mut object, program, file.as_raw_fd(), *offset, cookie)?);
            }
        }
        Ok(Self { _links: links })
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
