//! What is over and still remembered, oldest first: for ten minutes, and no more of it than a bound.

use std::{collections::VecDeque, net::IpAddr};

use goldwire_model::time::Timestamp;

use super::{Backend, Frontend};
use crate::Uid;

/// How long what is over is remembered: records are made late, and name what was.
const KEPT: i64 = 10 * 60 * 1_000_000_000;
/// How much of it, whatever its age.
const CAPACITY: usize = 32_768;

/// Where something is over.
#[derive(Clone, Copy, Debug)]
pub(super) enum Over {
    /// A pod is gone.
    Pod(Uid),
    /// A pod has changed what is told of it.
    Version(Uid),
    /// A container of a pod runs no more.
    Container(Uid),
    /// A pod has an address no more.
    Address(IpAddr),
    /// A service has an address no more.
    Frontend(Frontend),
    /// An address is behind a service no more.
    Backend(Backend),
}

#[derive(Debug, Default)]
pub(super) struct Past(VecDeque<(Timestamp, Over)>);

impl Past {
    pub(super) fn push(&mut self, time: Timestamp, over: Over) {
        self.0.push_back((time, over));
    }

    /// The oldest that is to be forgotten, with the time it was over: everything at its place up to then goes.
    pub(super) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, Over)> {
        let (time, _) = self.0.front()?;
        let is_due = now.0.saturating_sub(time.0) > KEPT || self.0.len() > CAPACITY;
        if is_due { self.0.pop_front() } else { None }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
