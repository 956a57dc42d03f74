//! Ctrl-C and its kin, as something to wait for: what must be cleaned up is, on the way out.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use nix::sys::signal::{SigSet, Signal};
use thiserror::Error;

/// The user, or the system, asked for the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("stopped by {0}")]
pub struct Interrupted(pub Signal);

/// The signals that ask a program to end, caught.
#[derive(Debug)]
pub struct Signals {
    arrived: Receiver<Signal>,
}

impl Signals {
    /// Catches them from now on. To be called before the program has other threads: they inherit what is blocked here.
    /// Programs started by [`crate::nodes::Launch`] do not.
    pub fn catch() -> nix::Result<Self> {
        let wanted: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
        wanted.thread_block()?;
        let (sender, arrived) = channel();
        thread::spawn(move || {
            while let Ok(signal) = wanted.wait() {
                if sender.send(signal).is_err() {
                    return;
                }
            }
        });
        Ok(Self { arrived })
    }

    /// Leaves them as they are: what waits here cannot be interrupted. For tests, whose threads are there already.
    #[must_use]
    pub fn ignored() -> Self {
        let (_, arrived) = channel();
        Self { arrived }
    }

    /// Sleeps, unless one of the signals comes or has come.
    pub fn sleep(&self, pause: Duration) -> Result<(), Interrupted> {
        match self.arrived.recv_timeout(pause) {
            Ok(signal) => Err(Interrupted(signal)),
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(pause);
                Ok(())
            }
        }
    }
}
