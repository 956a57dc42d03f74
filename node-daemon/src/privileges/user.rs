//! The user that the daemon's threads become.

use std::{io, sync::OnceLock};

use nix::sys::prctl;

static CHOSEN: OnceLock<User> = OnceLock::new();

/// Names that are looked for where none was given.
const USUAL: [&str; 2] = ["goldwire", "nobody"];

/// A user that owns nothing of the system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// By its name or number; by default `goldwire` where there is such a user, else `nobody`. Absent where that is not known.
    pub(crate) fn find(wanted: Option<&str>) -> io::Result<Option<Self>> {
        let of_name = |name: &str| nix::unistd::User::from_name(name).map_err(io::Error::from);
        if let Some(name) = wanted {
            let number = name.parse().ok().map(|number| Self { uid: number, gid: number });
            let named = of_name(name)?.map(|user| Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() });
            let missing = || io::Error::other(format!("invalid user {name}: expected one of /etc/passwd, or a number"));
            return named.or(number).map(Some).ok_or_else(missing);
        }
        for name in USUAL {
            if let Some(user) = of_name(name)? {
                return Ok(Some(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() }));
            }
        }
        Ok(None)
    }

    /// From now on, threads that give up rights become this user.
    pub(crate) fn choose(self) {
        // The first choice holds: threads may have taken it already.
        let _ = CHOSEN.set(self);
    }
}

/// Has this thread be the chosen user, with its capabilities.
pub(super) fn become_chosen() -> io::Result<()> {
    let Some(User { uid, gid }) = CHOSEN.get().copied() else { return Ok(()) };
    prctl::set_keepcaps(true)?;
    // The kernel forgets it where a thread becomes somebody else.
    let ends_with_parent = prctl::get_pdeathsig()?;
    // By the kernel's own calls: those of the C library are for all threads, which have rights of their own here.
    let none: *const libc::gid_t = std::ptr::null();
    // SAFETY: none of them takes memory: no groups are given.
    let results = unsafe {
        [
            libc::syscall(libc::SYS_setgroups, 0, none),
            libc::syscall(libc::SYS_setresgid, gid, gid, gid),
            libc::syscall(libc::SYS_setresuid, uid, uid, uid),
        ]
    };
    if results.iter().any(|result| *result != 0) {
        return Err(io::Error::last_os_error());
    }
    Ok(prctl::set_pdeathsig(ends_with_parent)?)
}
