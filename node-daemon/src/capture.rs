//! The way back: from the tracker's wishes to the probes.

use goldwire_l7::Wanted;

use crate::{
    decode::{Cookie, Direction, SequenceNumber, SessionNumber},
    receive::{CaptureLimit, Receiver, Steering, TlsFinder, Verdict},
    track::CaptureControl,
};

/// The tracker's wishes, as the probes take them.
#[derive(Debug)]
pub struct Kernel {
    steering: Steering,
    tls: Option<TlsFinder>,
}

impl Kernel {
    /// Of the probes that this reads.
    #[must_use]
    pub fn new(receiver: &Receiver) -> Self {
        Self { steering: receiver.steering(), tls: receiver.tls_finder() }
    }
}

impl CaptureControl for Kernel {
    fn follow(&mut self, cookie: Cookie, ingress: Wanted, egress: Wanted) {
        for wanted in [ingress, egress] {
            if let Wanted::EndsOfOne(most_bytes) = wanted {
                self.steering.expect_singles(cookie, most_bytes);
            }
        }
        let verdict = Verdict::Tell { ingress: limit(ingress), egress: limit(egress) };
        self.steering.set(cookie, verdict);
    }

    fn ignore(&mut self, cookie: Cookie) {
        self.steering.set(cookie, Verdict::Ignore);
    }

    fn skip_until(&mut self, cookie: Cookie, direction: Direction, until: SequenceNumber) {
        self.steering.skip_until(cookie, direction, until);
    }

    fn ignore_session(&mut self, session: SessionNumber) {
        self.steering.ignore_session(session);
    }

    fn skip_session_until(&mut self, session: SessionNumber, direction: Direction, until: u64) {
        self.steering.skip_session_until(session, direction, until);
    }

    fn speaks_tls(&mut self, pid: u32) {
        if let Some(finder) = &self.tls {
            finder.speaks_tls(pid);
        }
    }
}

const fn limit(wanted: Wanted) -> CaptureLimit {
    match wanted {
        Wanted::Ends => CaptureLimit::KiB16,
        Wanted::EndsOfOne(_) => CaptureLimit::KiB16UnlessSeveral,
        Wanted::Whole => CaptureLimit::Whole,
        Wanted::Frames => CaptureLimit::Frames,
    }
}
