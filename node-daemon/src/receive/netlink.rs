//! Sockets of the kernel's netlink, and the form of its messages (`include/uapi/linux/netlink.h`).

use std::{
    io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
};

use nix::sys::{socket::sockopt, time::TimeVal};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A socket. It stays in the network namespace in which the thread was when it was opened.
#[derive(Debug)]
pub(super) struct Netlink(OwnedFd);

impl Netlink {
    /// Of a protocol of netlink, such as `NETLINK_SOCK_DIAG`.
    pub(super) fn open(protocol: i32) -> io::Result<Self> {
        // SAFETY: asks for a new descriptor; the result is checked.
        let raw = unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, protocol) };
        check(raw as isize)?;
        // SAFETY: new, and owned by nobody else.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(raw) }))
    }

    /// Nobody waits longer for an answer, in milliseconds.
    pub(super) fn wait_at_most(&self, milliseconds: i64) -> io::Result<()> {
        let time = TimeVal::new(milliseconds / 1_000, milliseconds % 1_000 * 1_000);
        Ok(nix::sys::socket::setsockopt(&self.0, sockopt::ReceiveTimeout, &time)?)
    }

    pub(super) fn send(&self, request: &[u8]) -> io::Result<usize> {
        // SAFETY: sends initialised memory of that length.
        check(unsafe { libc::send(self.0.as_raw_fd(), request.as_ptr().cast(), request.len(), 0) })
    }

    pub(super) fn receive(&self, room: &mut [u8]) -> io::Result<usize> {
        // SAFETY: receives into memory of that length.
        check(unsafe { libc::recv(self.0.as_raw_fd(), room.as_mut_ptr().cast(), room.len(), 0) })
    }
}

fn check(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// `struct nlmsghdr`
#[repr(C)]
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Clone, Copy)]
pub(super) struct MessageHeader {
    pub(super) length: u32,
    pub(super) kind: u16,
    pub(super) flags: u16,
    pub(super) sequence: u32,
    pub(super) port: u32,
}

/// What an `NLMSG_ERROR` says.
pub(super) fn error(body: &[u8]) -> io::Error {
    let code = i32::read_from_prefix(body).map_or(0, |(code, _)| code);
    io::Error::from_raw_os_error(-code)
}

/// The body of an attribute, whatever flags its kind has.
pub(super) fn attribute(mut rest: &[u8], wanted: u16) -> Option<&[u8]> {
    const KIND: u16 = 0x3fff;
    loop {
        let (length, _) = u16::read_from_prefix(rest).ok()?;
        let (kind, _) = u16::read_from_prefix(rest.get(2..)?).ok()?;
        let body = rest.get(4..length as usize)?;
        if kind & KIND == wanted {
            return Some(body);
        }
        rest = rest.get((length as usize).next_multiple_of(4)..)?;
    }
}
