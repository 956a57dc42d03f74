//! Which system calls a thread may make. Others fail with `EPERM`; nothing is killed for asking.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

use super::Role;

/// Memory, threads, time, waiting, and what is open already. No program is run, and no file is made, changed or removed.
const EVERY: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_futex,
    libc::SYS_rseq,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_set_tid_address,
    // Refused before, so that the C library takes the older call.
    libc::SYS_clone3,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getpriority,
    libc::SYS_setpriority,
    libc::SYS_prctl,
    libc::SYS_capget,
    libc::SYS_capset,
    libc::SYS_seccomp,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getgroups,
    libc::SYS_getrusage,
    libc::SYS_prlimit64,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_eventfd2,
    libc::SYS_pipe2,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fcntl,
    libc::SYS_ioctl,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getdents64,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_shutdown,
];

/// Older calls with the same meaning.
#[cfg(target_arch = "x86_64")]
const EVERY_OLD: &[i64] = &[
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_dup2,
    libc::SYS_epoll_wait,
    libc::SYS_getdents,
    libc::SYS_getrlimit,
    libc::SYS_lstat,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const EVERY_OLD: &[i64] = &[];

/// Sockets of the families below.
const NETWORK: &[i64] = &[
    libc::SYS_socketpair,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_connect,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
];
const FAMILIES: [i32; 4] = [libc::AF_INET, libc::AF_INET6, libc::AF_UNIX, libc::AF_NETLINK];

/// What `fork` of the C library asks for, and nothing else: no namespace.
const FORK: i32 = libc::SIGCHLD | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID;

impl Role {
    fn own_calls(self) -> Vec<i64> {
        match self {
            Self::Pipeline { .. } => vec![libc::SYS_bpf],
            Self::Sockets => [NETWORK, &[libc::SYS_bpf, libc::SYS_setns]].concat(),
            Self::Libraries => vec![libc::SYS_bpf, libc::SYS_perf_event_open],
            Self::Engines | Self::Service { .. } => NETWORK.to_vec(),
            Self::Secrets => Vec::new(),
        }
    }

    const fn opens_sockets(self) -> bool {
        matches!(self, Self::Sockets | Self::Engines | Self::Service { .. })
    }
}

/// Refuses this thread, and those that it starts, all calls but those of its role.
pub(super) fn keep_only_those_of(role: Role) -> Result<(), Error> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(Error::Backend)?;
    let not_there = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    // Its flags are in memory, where a filter does not see them.
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    for (calls, others, these) in
        [(rules(role)?, refused, SeccompAction::Allow), (clone3, SeccompAction::Allow, not_there)]
    {
        let filter = SeccompFilter::new(calls, others, these, arch).map_err(Error::Backend)?;
        apply_filter(&BpfProgram::try_from(filter).map_err(Error::Backend)?)?;
    }
    Ok(())
}

fn rules(role: Role) -> Result<BTreeMap<i64, Vec<SeccompRule>>, Error> {
    let plain = EVERY.iter().chain(EVERY_OLD).copied().chain(role.own_calls());
    let mut rules: BTreeMap<_, _> = plain.map(|call| (call, Vec::new())).collect();
    let reads = |argument| one(argument, libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC, libc::O_RDONLY);
    rules.insert(libc::SYS_openat, vec![reads(2)?]);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, vec![reads(1)?]);
    let mut clone = vec![one(0, libc::CLONE_THREAD, libc::CLONE_THREAD)?];
    if let Role::Pipeline { .. } = role {
        // A copy of the daemon under the same rules, which detaches the probes. No other program is run.
        clone.push(one(0, i32::MAX, FORK)?);
    }
    rules.insert(libc::SYS_clone, clone);
    if role.opens_sockets() {
        let families = FAMILIES.iter().map(|family| one(0, i32::MAX, *family));
        rules.insert(libc::SYS_socket, families.collect::<Result<_, _>>()?);
    }
    Ok(rules)
}

/// A call whose argument has these bits.
fn one(argument: u8, mask: i32, bits: i32) -> Result<SeccompRule, Error> {
    let masked = SeccompCmpOp::MaskedEq(u64::from(mask.unsigned_abs()));
    let bits = u64::from(bits.unsigned_abs());
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, masked, bits).map_err(Error::Backend)?;
    SeccompRule::new(vec![condition]).map_err(Error::Backend)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File, OpenOptions},
        io::{ErrorKind, Read as _},
        net::TcpListener,
        process::Command,
        thread,
    };

    use super::*;

    /// What a thread of this role finds.
    fn within<T: Send + 'static>(role: Role, look: impl FnOnce() -> T + Send + 'static) -> T {
        let confined = move || {
            nix::sys::prctl::set_no_new_privs().expect("no new rights");
            keep_only_those_of(role).expect("a filter");
            look()
        };
        thread::spawn(confined).join().expect("the thread ends")
    }

    #[test]
    fn confined_thread_reads_and_neither_writes_nor_starts_programs() {
        for role in [Role::Secrets, Role::Pipeline { is_confined: true }, Role::Service { reads_files: false }] {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("file");
            fs::write(&file, "text").expect("written");
            within(role, move || {
                let mut text = String::new();
                File::open(&file).and_then(|mut file| file.read_to_string(&mut text)).expect("read");
                assert_eq!(text, "text");
                for refused in [
                    OpenOptions::new().write(true).open(&file).map(drop),
                    File::create(folder.path().join("other")).map(drop),
                    fs::remove_file(&file),
                    fs::rename(&file, folder.path().join("renamed")),
                    fs::create_dir(folder.path().join("directory")),
                    Command::new("/bin/true").status().map(drop),
                ] {
                    assert_eq!(refused.expect_err("refused").kind(), ErrorKind::PermissionDenied, "{role:?}");
                }
                thread::spawn(|| assert!(File::create("/tmp/never").is_err())).join().expect("a thread may start");
                // Outside of the filter, the folder could be removed.
                std::mem::forget(folder);
            });
        }
    }

    #[test]
    fn only_roles_with_a_network_open_sockets() {
        let listens = |role| within(role, || TcpListener::bind("127.0.0.1:0").is_ok());
        assert!(listens(Role::Service { reads_files: false }));
        assert!(!listens(Role::Pipeline { is_confined: true }));
        assert!(!listens(Role::Libraries));
    }
}
