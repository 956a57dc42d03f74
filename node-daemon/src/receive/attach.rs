//! Loading and attaching programs.

use std::{any::Any, fs::File};

use aya::{
    Btf, Ebpf,
    maps::ProgramArray,
    programs::{
        BtfTracePoint, CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, CgroupSock, CgroupSockAddr, Program,
        ProgramError, SockOps, UProbe,
    },
};

use super::{
    OpenError,
    hook::{HOOKS, Hook, Place},
    tls,
};

/// A program's link to a cgroup: it is detached when this is dropped.
pub(super) type CgroupLink = Box<dyn Any + Send>;

/// What a kernel took.
pub(super) struct Attached {
    /// The hooks that it refused, with its reasons.
    pub(super) refused: Vec<(&'static Hook, String)>,
    pub(super) links: CgroupLinks,
}

/// The programs on a cgroup.
#[derive(Default)]
pub(super) struct CgroupLinks(Vec<(&'static Hook, CgroupLink)>);

impl CgroupLinks {
    /// Attaches the same programs to another cgroup, all or none.
    pub(super) fn on(&self, object: &mut Ebpf, cgroup: &File) -> Result<Self, String> {
        let attached = self.0.iter().map(|(hook, _)| {
            let link = attach(object, cgroup, hook).map_err(|reason| format!("{}: {reason}", hook.name))?;
            Ok(link.map(|link| (*hook, link)))
        });
        Ok(Self(attached.collect::<Result<Vec<_>, String>>()?.into_iter().flatten().collect()))
    }
}

/// Loads everything that this kernel takes, then attaches it.
///
/// The verifier takes a while for each program. What was attached meanwhile would see half of what happens.
pub(super) fn attach_all(
    object: &mut Ebpf,
    btf: Option<&Btf>,
    cgroup: &File,
    wanted: impl Fn(&Hook) -> bool,
) -> Result<Attached, OpenError> {
    let mut wanted: Vec<_> = HOOKS.iter().filter(|hook| wanted(hook)).collect();
    let (mut refused, mut links) = (Vec::new(), Vec::new());
    keep_taken(object, &mut wanted, &mut refused, &mut |object, hook| load(object, btf, hook))?;
    keep_taken(object, &mut wanted, &mut refused, &mut |object, hook| {
        links.extend(attach(object, cgroup, hook)?.map(|link| (hook, link)));
        Ok(())
    })?;
    Ok(Attached { refused, links: CgroupLinks(links) })
}

/// Takes a step with each hook; those that the kernel refuses leave `wanted`.
fn keep_taken(
    object: &mut Ebpf,
    wanted: &mut Vec<&'static Hook>,
    refused: &mut Vec<(&'static Hook, String)>,
    step: &mut dyn FnMut(&mut Ebpf, &'static Hook) -> Result<(), String>,
) -> Result<(), OpenError> {
    for hook in std::mem::take(wanted) {
        match step(object, hook) {
            Ok(()) => wanted.push(hook),
            Err(reason) if hook.is_required => return Err(OpenError::Hook { hook: hook.name, reason }),
            Err(reason) => refused.push((hook, reason)),
        }
    }
    Ok(())
}

/// Lets the verifier look at a program.
pub(super) fn load(object: &mut Ebpf, btf: Option<&Btf>, hook: &Hook) -> Result<(), String> {
    load_program(program(object, hook)?, btf, hook.place).map_err(|error| reason(&error))
}

/// Attaches a program that is loaded; gives its link where that is to the cgroup, other links live as long as the object. Of
/// functions of user space it is only tried whether that can be done.
pub(super) fn attach(object: &mut Ebpf, cgroup: &File, hook: &Hook) -> Result<Option<CgroupLink>, String> {
    if hook.place == Place::UserFunctions {
        return tls::try_own_program(object, hook.program).map(|()| None).map_err(|error| reason(&error));
    }
    if let Place::CalledByReceived(array) | Place::CalledBySent(array) = hook.place {
        return put_into(object, array, hook).map(|()| None);
    }
    attach_program(program(object, hook)?, cgroup, hook.place).map_err(|error| reason(&error))
}

fn program<'a>(object: &'a mut Ebpf, hook: &Hook) -> Result<&'a mut Program, String> {
    object.program_mut(hook.program).ok_or_else(|| "the object has no such program".to_owned())
}

fn load_program(program: &mut Program, btf: Option<&Btf>, place: Place) -> Result<(), ProgramError> {
    match place {
        Place::BufferReceived | Place::BufferSent | Place::CalledByReceived(_) | Place::CalledBySent(_) => {
            <&mut CgroupSkb>::try_from(program)?.load()
        }
        Place::SocketCreated | Place::SocketReleased => <&mut CgroupSock>::try_from(program)?.load(),
        Place::SocketOperations => <&mut SockOps>::try_from(program)?.load(),
        Place::DatagramAsked => <&mut CgroupSockAddr>::try_from(program)?.load(),
        Place::Tracepoint(name) => {
            let btf = btf.ok_or_else(|| ProgramError::IOError(std::io::Error::other("the kernel has no BTF")))?;
            <&mut BtfTracePoint>::try_from(program)?.load(name, btf)
        }
        Place::UserFunctions => <&mut UProbe>::try_from(program)?.load(),
    }
}

/// With links, which kernels have since 5.7, programs of several daemons run beside each other on a cgroup in this mode too.
fn attach_program(program: &mut Program, cgroup: &File, place: Place) -> Result<Option<CgroupLink>, ProgramError> {
    const MODE: CgroupAttachMode = CgroupAttachMode::Single;
    /// Takes the link out of the program, which would keep it for ever.
    macro_rules! link {
        ($program:ty, $($argument:expr),*) => {{
            let program = <&mut $program>::try_from(program)?;
            let id = program.attach(cgroup, $($argument),*)?;
            Ok(Some(Box::new(program.take_link(id)?)))
        }};
    }
    match place {
        Place::BufferReceived => link!(CgroupSkb, CgroupSkbAttachType::Ingress, MODE),
        Place::BufferSent => link!(CgroupSkb, CgroupSkbAttachType::Egress, MODE),
        Place::SocketCreated | Place::SocketReleased => link!(CgroupSock, MODE),
        Place::SocketOperations => link!(SockOps, MODE),
        Place::DatagramAsked => link!(CgroupSockAddr, MODE),
        Place::Tracepoint(_) => <&mut BtfTracePoint>::try_from(program)?.attach().map(|_| None),
        Place::UserFunctions | Place::CalledByReceived(_) | Place::CalledBySent(_) => Ok(None),
    }
}

/// Puts a program where another one finds it. The array lives as long as the object.
fn put_into(object: &mut Ebpf, array: &str, hook: &Hook) -> Result<(), String> {
    let program = program(object, hook)?.fd().map_err(|error| reason(&error))?;
    let program = program.try_clone().map_err(|error| error.to_string())?;
    let map = object.map_mut(array).ok_or_else(|| "the object has no such map".to_owned())?;
    ProgramArray::try_from(map).and_then(|mut array| array.set(0, &program, 0)).map_err(|error| error.to_string())
}

/// What the kernel said, in a line: the verifier's log ends with the cause.
pub(super) fn reason(error: &ProgramError) -> String {
    match error {
        ProgramError::LoadError { io_error, verifier_log } => {
            let log = verifier_log.to_string();
            let last = log.lines().rev().find(|line| !is_statistics(line));
            last.map_or_else(|| io_error.to_string(), |line| format!("{io_error}: {line}"))
        }
        ProgramError::SyscallError(error) => format!("{}: {}", error.call, error.io_error),
        other => other.to_string(),
    }
}

/// What the verifier writes after the cause.
fn is_statistics(line: &str) -> bool {
    line.trim().is_empty()
        || ["processed ", "stack depth ", "verification time ", "mark_precise"]
            .iter()
            .any(|start| line.starts_with(start))
}
