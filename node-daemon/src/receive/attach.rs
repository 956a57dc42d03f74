//! Loading and attaching programs.

use std::fs::File;

use aya::{
    Btf, Ebpf,
    programs::{
        BtfTracePoint, CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, CgroupSock, Program, ProgramError, SockOps,
    },
};

use super::{
    OpenError,
    hook::{HOOKS, Hook, Place},
};

/// Attaches everything that this kernel takes; the hooks that it refuses, with its reasons.
pub(super) fn attach_all(
    object: &mut Ebpf,
    btf: Option<&Btf>,
    cgroup: &File,
    is_confined: bool,
) -> Result<Vec<(&'static Hook, String)>, OpenError> {
    let mut refused = Vec::new();
    for hook in HOOKS.iter().filter(|hook| is_confined || !hook.only_confined) {
        match attach(object, btf, cgroup, hook) {
            Ok(()) => {}
            Err(reason) if hook.is_required => return Err(OpenError::Hook { hook: hook.name, reason }),
            Err(reason) => refused.push((hook, reason)),
        }
    }
    Ok(refused)
}

/// Loads a program and attaches it. The link lives as long as the object.
pub(super) fn attach(object: &mut Ebpf, btf: Option<&Btf>, cgroup: &File, hook: &Hook) -> Result<(), String> {
    let program = object.program_mut(hook.program).ok_or("the object has no such program")?;
    attach_program(program, btf, cgroup, hook.place).map_err(|error| reason(&error))
}

fn attach_program(program: &mut Program, btf: Option<&Btf>, cgroup: &File, place: Place) -> Result<(), ProgramError> {
    match place {
        Place::BufferReceived => attach_buffers(program, cgroup, CgroupSkbAttachType::Ingress),
        Place::BufferSent => attach_buffers(program, cgroup, CgroupSkbAttachType::Egress),
        Place::SocketCreated | Place::SocketReleased => {
            let program: &mut CgroupSock = program.try_into()?;
            program.load()?;
            program.attach(cgroup, CgroupAttachMode::Single).map(drop)
        }
        Place::SocketOperations => {
            let program: &mut SockOps = program.try_into()?;
            program.load()?;
            program.attach(cgroup, CgroupAttachMode::Single).map(drop)
        }
        Place::Tracepoint(name) => {
            let btf = btf.ok_or_else(|| ProgramError::IOError(std::io::Error::other("the kernel has no BTF")))?;
            let program: &mut BtfTracePoint = program.try_into()?;
            program.load(name, btf)?;
            program.attach().map(drop)
        }
    }
}

fn attach_buffers(program: &mut Program, cgroup: &File, side: CgroupSkbAttachType) -> Result<(), ProgramError> {
    let program: &mut CgroupSkb = program.try_into()?;
    program.load()?;
    // With links, which kernels have since 5.7, programs of several daemons run beside each other in this mode too.
    program.attach(cgroup, side, CgroupAttachMode::Single).map(drop)
}

/// What the kernel said, in a line: the verifier's log ends with the cause.
fn reason(error: &ProgramError) -> String {
    match error {
        ProgramError::LoadError { io_error, verifier_log } => {
            let log = verifier_log.to_string();
            if std::env::var_os("DUMPLOG").is_some() {
                eprintln!("{log}");
            }
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
