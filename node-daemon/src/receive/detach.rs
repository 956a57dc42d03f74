//! The probes' end. The kernel takes some tens of milliseconds for each function of a program that it stops watching, and the
//! last process that holds their descriptors waits for all of them: seconds, where many programs with TLS run. So a child that
//! does nothing else holds them for a moment longer than the daemon.

use std::{
    fs, io,
    os::{fd::RawFd, unix::fs::FileTypeExt},
};

/// How often the child looks whether the daemon has ended, in microseconds.
const LOOK: libc::useconds_t = 10_000;

/// Starts the child. From then on the daemon can end without detaching anything.
pub(super) fn leave_to_child() -> io::Result<()> {
    let closed = sockets_and_standard_files()?;
    // SAFETY: takes nothing.
    let daemon = unsafe { libc::getpid() };
    // SAFETY: the child makes system calls only, and ends without running anything of ours.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => wait_for_end(daemon, &closed),
        _ => Ok(()),
    }
}

/// Clients, the port and log pipes are not to stay open.
fn sockets_and_standard_files() -> io::Result<Vec<RawFd>> {
    let mut found = vec![libc::STDIN_FILENO, libc::STDOUT_FILENO, libc::STDERR_FILENO];
    for entry in fs::read_dir("/proc/self/fd")? {
        let entry = entry?;
        let is_socket = fs::metadata(entry.path()).is_ok_and(|file| file.file_type().is_socket());
        let number = entry.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok());
        found.extend(number.filter(|_| is_socket));
    }
    Ok(found)
}

fn wait_for_end(daemon: libc::pid_t, closed: &[RawFd]) -> ! {
    // SAFETY: system calls that take numbers only, and may be made after a fork of a process with threads.
    unsafe {
        for signal in [libc::SIGTERM, libc::SIGINT] {
            libc::signal(signal, libc::SIG_DFL);
        }
        for file in closed {
            libc::close(*file);
        }
        while libc::getppid() == daemon {
            libc::usleep(LOOK);
        }
        libc::_exit(0)
    }
}
