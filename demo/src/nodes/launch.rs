//! Starting a program on a node: in its control group, in its network namespace, and never longer than its starter.

use std::{
    ffi::{CString, OsStr},
    fs::{File, OpenOptions},
    io,
    os::{fd::AsFd, unix::ffi::OsStrExt, unix::process::CommandExt},
    path::Path,
    process::{Command, Stdio},
};

use nix::{
    libc,
    mount::{MsFlags, mount},
    sched::{CloneFlags, setns, unshare},
    sys::{
        prctl,
        signal::{SigSet, Signal},
    },
    unistd::{getppid, write},
};

use super::{cgroup::Cgroup, namespace::Namespace, process::Process};

/// A program about to be started.
#[derive(Debug)]
pub struct Launch {
    name: String,
    command: Command,
    cgroup: Option<File>,
    namespace: Option<File>,
    mounts: Vec<(CString, CString)>,
}

impl Launch {
    /// `name` is what messages call it.
    pub fn new(name: &str, program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { name: name.to_owned(), command, cgroup: None, namespace: None, mounts: Vec::new() }
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The folder it starts in.
    pub fn directory(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// It runs in this group from before its first instruction.
    pub fn cgroup(mut self, cgroup: &Cgroup) -> io::Result<Self> {
        self.cgroup = Some(cgroup.entrance()?);
        Ok(self)
    }

    /// The same, for a group that some guard further up takes with it.
    pub fn cgroup_at(mut self, folder: &Path) -> io::Result<Self> {
        self.cgroup = Some(OpenOptions::new().write(true).open(folder.join("cgroup.procs"))?);
        Ok(self)
    }

    /// It runs in this network namespace. Unlike `ip netns exec` this leaves `/sys` as it is, which the daemon needs to
    /// see control groups.
    pub fn namespace(mut self, namespace: &Namespace) -> io::Result<Self> {
        self.namespace = Some(namespace.open()?);
        Ok(self)
    }

    /// It sees `shown` in place of the file `place`, in a mount namespace of its own.
    pub fn with_file(mut self, shown: &Path, place: &Path) -> io::Result<Self> {
        // The place may be a link (resolv.conf often is); what it points to is what gets covered.
        let place = place.canonicalize()?;
        self.mounts.push((c_string(shown)?, c_string(&place)?));
        Ok(self)
    }

    /// Standard output and error go to the end of this file.
    pub fn log(mut self, file: &Path) -> io::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(file)?;
        self.command.stdout(log.try_clone()?).stderr(log);
        Ok(self)
    }

    /// Starts it.
    pub fn spawn(self) -> io::Result<Process> {
        let Self { name, mut command, cgroup, namespace, mounts } = self;
        let starter = std::process::id();
        // A terminal's Ctrl-C is for the starter, who ends the others in order.
        command.process_group(0);
        let enter = move || enter(starter, cgroup.as_ref(), namespace.as_ref(), &mounts);
        // SAFETY: between fork and exec the closure only makes system calls on what was prepared before; it neither
        // allocates nor takes locks.
        unsafe { command.pre_exec(enter) };
        Ok(Process::new(name, command.spawn()?))
    }
}

fn enter(starter: u32, cgroup: Option<&File>, space: Option<&File>, mounts: &[(CString, CString)]) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // What the starter blocks, to wait for it, the program must get.
    SigSet::empty().thread_set_mask()?;
    // The starter may have died before the line above.
    if getppid().as_raw().cast_unsigned() != starter {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    if let Some(entrance) = cgroup {
        write(entrance, b"0")?;
    }
    if let Some(space) = space {
        setns(space.as_fd(), CloneFlags::CLONE_NEWNET)?;
    }
    if !mounts.is_empty() {
        unshare(CloneFlags::CLONE_NEWNS)?;
        mount(None::<&str>, c"/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    }
    for (shown, place) in mounts {
        mount(Some(shown.as_c_str()), place.as_c_str(), None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    }
    Ok(())
}

fn c_string(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}
