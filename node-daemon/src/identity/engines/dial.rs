//! The thread that opens engines' sockets, for it keeps a right that the daemon gives up.

use std::{
    io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::{Path, PathBuf},
    thread,
};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use tokio::sync::{mpsc, oneshot};

use crate::privileges::{self, Role};

/// The machine's own files, where the daemon runs in a container or behind systemd's `ProtectHome`.
const HOST: &str = "/proc/1/root";

/// Calls that wait.
const WAITING: usize = 64;

/// Opens sockets. Has to be started while the process still has its rights.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    calls: mpsc::Sender<Call>,
}

#[derive(Debug)]
struct Call {
    path: PathBuf,
    answer: oneshot::Sender<io::Result<UnixStream>>,
}

impl Dialer {
    /// Starts the thread; it ends with the last copy of this.
    pub(crate) fn start() -> io::Result<Self> {
        let (calls, mut called) = mpsc::channel::<Call>(WAITING);
        thread::Builder::new().name("engines".to_owned()).spawn(move || {
            privileges::confine_or_warn(Role::Engines);
            while let Some(Call { path, answer }) = called.blocking_recv() {
                // Whoever asked may have lost patience.
                let _ = answer.send(open(&path));
            }
        })?;
        Ok(Self { calls })
    }

    pub(super) async fn connect(&self, path: &Path) -> io::Result<tokio::net::UnixStream> {
        let (answer, answered) = oneshot::channel();
        let ended = || io::Error::other("the thread that opens sockets ended");
        self.calls.send(Call { path: path.to_owned(), answer }).await.map_err(|_| ended())?;
        tokio::net::UnixStream::from_std(answered.await.map_err(|_| ended())??)
    }
}

fn open(path: &Path) -> io::Result<UnixStream> {
    match open_at(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
            let below = Path::new(HOST).join(path.strip_prefix("/").unwrap_or(path));
            // What is wrong with the usual place says more.
            open_at(&below).map_err(|_| error)
        }
        other => other,
    }
}

/// Never waits: where too many wait for the engine already, that is an error.
fn open_at(path: &Path) -> io::Result<UnixStream> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket: OwnedFd = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[tokio::test]
    async fn a_socket_is_opened_where_there_is_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        let dialer = Dialer::start().expect("a thread");
        let missing = dialer.connect(&path).await.expect_err("nobody listens");
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        let listener = UnixListener::bind(&path).expect("a listener");
        dialer.connect(&path).await.expect("connected");
        listener.accept().expect("accepted");
        drop(listener);
        let refused = dialer.connect(&path).await.expect_err("nobody listens any more");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }
}
