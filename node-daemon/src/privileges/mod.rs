//! Rights that threads give up once they do not need them any more: the user, capabilities, and system calls.
//!
//! All three are a thread's own, and a thread that is started has those of the one that started it.

mod user;

mod system_calls;

use caps::{CapSet, Capability, CapsHashSet};
use nix::sys::prctl;
use thiserror::Error;

pub(crate) use user::User;

/// What a thread is for, and so what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Reads what the probes tell, parses it, and reads `/proc` for names.
    Pipeline {
        /// The daemon sees a control group, which may have to be attached to again.
        is_confined: bool,
    },
    /// Enters every network namespace: lists sockets, and asks connection tracking.
    Sockets,
    /// Attaches to functions of TLS libraries.
    Libraries,
    /// Opens the sockets of container engines.
    Engines,
    /// Reads the files with tokens and certificates again.
    Secrets,
    /// Answers clients, and asks engines and the Kubernetes API.
    Service {
        /// The token of a service account, or what a kubeconfig names, belongs to root.
        reads_files: bool,
    },
}

/// To read other users' processes, whatever their files say.
const PROCESSES: [Capability; 2] = [Capability::CAP_SYS_PTRACE, Capability::CAP_DAC_READ_SEARCH];

impl Role {
    fn capabilities(self) -> Vec<Capability> {
        let with_processes = |more: &[Capability]| [&PROCESSES, more].concat();
        match self {
            // Kernels before 6.4 ask for the right at every look into a map.
            Self::Pipeline { is_confined: false } => with_processes(&[Capability::CAP_BPF]),
            Self::Pipeline { is_confined: true } => with_processes(&[Capability::CAP_BPF, Capability::CAP_NET_ADMIN]),
            Self::Sockets => {
                with_processes(&[Capability::CAP_BPF, Capability::CAP_NET_ADMIN, Capability::CAP_SYS_ADMIN])
            }
            // Kernels ask for CAP_SYS_ADMIN here, also where CAP_PERFMON does elsewhere.
            Self::Libraries => {
                with_processes(&[Capability::CAP_BPF, Capability::CAP_PERFMON, Capability::CAP_SYS_ADMIN])
            }
            // To connect takes the right to write to the socket's file, which of another user's is nobody else's.
            Self::Engines => vec![Capability::CAP_DAC_OVERRIDE, Capability::CAP_SYS_PTRACE],
            Self::Secrets | Self::Service { reads_files: true } => vec![Capability::CAP_DAC_READ_SEARCH],
            Self::Service { reads_files: false } => Vec::new(),
        }
    }
}

/// Why a thread has more rights than it needs.
#[derive(Debug, Error)]
pub(crate) enum ConfineError {
    #[error("failed to give up capabilities: {0}")]
    Capabilities(#[from] caps::errors::CapsError),
    #[error("failed to become another user: {0}")]
    User(std::io::Error),
    #[error("failed to give up rights of programs that are started: {0}")]
    NoNewPrivileges(#[from] nix::Error),
    #[error("failed to give up system calls: {0}")]
    SystemCalls(#[from] seccompiler::Error),
}

/// Gives up all that this thread does not need for its role, and so all threads that are started from it. Threads that were
/// started before keep theirs.
///
/// Gives the names of the capabilities that stay.
pub(crate) fn confine(role: Role) -> Result<Vec<String>, ConfineError> {
    let held = caps::read(None, CapSet::Permitted)?;
    let keep: CapsHashSet = role.capabilities().into_iter().filter(|capability| held.contains(capability)).collect();
    // Where the unit that started us has set the bound already, it did not leave us the right to set it.
    if held.contains(&Capability::CAP_SETPCAP) {
        for capability in caps::read(None, CapSet::Bounding)?.difference(&keep) {
            caps::drop(None, CapSet::Bounding, *capability)?;
        }
    }
    if held.contains(&Capability::CAP_SETUID) && held.contains(&Capability::CAP_SETGID) {
        user::become_chosen().map_err(ConfineError::User)?;
    }
    caps::clear(None, CapSet::Ambient)?;
    caps::set(None, CapSet::Inheritable, &CapsHashSet::new())?;
    caps::set(None, CapSet::Effective, &keep)?;
    caps::set(None, CapSet::Permitted, &keep)?;
    prctl::set_no_new_privs()?;
    system_calls::keep_only_those_of(role)?;
    let mut names: Vec<_> = keep.iter().map(ToString::to_string).collect();
    names.sort();
    Ok(names)
}

/// The same; a thread that has more rights than it needs still does its work.
pub(crate) fn confine_or_warn(role: Role) {
    match confine(role) {
        Ok(kept) => tracing::info!(?role, kept = kept.join(","), "gave up all other rights"),
        Err(error) => tracing::warn!(?role, %error, "a thread goes on with rights that it does not need"),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, OpenOptions},
        os::unix::fs::PermissionsExt as _,
        thread,
    };

    use super::*;

    #[test]
    fn thread_that_parses_is_another_user_and_cannot_write_files_of_root() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        User::find(Some("nobody")).expect("users").expect("a user").choose();
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).expect("rights");
        let path = file.path().to_owned();
        let look = move || {
            let kept = confine(Role::Pipeline { is_confined: false }).expect("confined");
            assert_eq!(kept, ["CAP_BPF", "CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE"]);
            assert!(OpenOptions::new().append(true).open(&path).is_err());
            fs::read(&path).expect("readable");
            fs::read_to_string("/proc/thread-self/status").expect("a status")
        };
        let status = thread::spawn(look).join().expect("the thread ends");
        let has = |line: &str| status.lines().any(|found| found == line);
        assert!(has("Uid:\t65534\t65534\t65534\t65534") && has("NoNewPrivs:\t1") && has("Seccomp:\t2"), "{status}");
        assert!(nix::unistd::geteuid().is_root(), "other threads are who they were");
    }

    #[test]
    fn user_by_name_or_number_is_found() {
        assert_eq!(
            User::find(Some("root")).expect("users").map(|user| user == User::find(Some("0")).unwrap().unwrap()),
            Some(true)
        );
        assert!(User::find(Some("no-such-user")).is_err());
    }
}
