//! Exchanges that are only supposed to be right.
//!
//! On a connection that was joined, or whose server's bytes were missed, a command is taken on trial for one that nothing
//! is under way before, and all that follows is read and paired as if that were certain. It is, in hindsight, at the first
//! moment when certainly nothing is under way (see [`Rhythm`](crate::stream::Rhythm)): if each command since has its answer by
//! then, one by one and with no byte left over, then so had each its own, because anything under way at the beginning would
//! be one answer too many by now. Until then exchanges are held back, and they are lost if the trial fails.

use std::collections::VecDeque;

use crate::{Exchange, Sink};

/// Exchanges that are held back; the oldest is lost beyond.
const HELD_MAX: usize = 1_024;

#[derive(Debug, Default)]
pub(super) struct Trial {
    is_on: bool,
    held: VecDeque<Exchange>,
}

impl Trial {
    pub(super) const fn is_on(&self) -> bool {
        self.is_on
    }

    pub(super) fn begin(&mut self) {
        self.is_on = true;
    }

    /// Hands an exchange out, or holds it back as long as it may be wrong.
    pub(super) fn exchange(&mut self, exchange: Exchange, sink: &mut dyn Sink) {
        if !self.is_on {
            return sink.exchange(exchange);
        }
        if self.held.len() >= HELD_MAX && self.held.pop_front().is_some() {
            sink.lost(1);
        }
        self.held.push_back(exchange);
    }

    /// What was supposed has turned out to be true.
    pub(super) fn succeed(&mut self, sink: &mut dyn Sink) {
        for exchange in std::mem::take(self).held {
            sink.exchange(exchange);
        }
    }

    /// It was wrong, or will never be known. Says how many exchanges that costs.
    pub(super) fn fail(&mut self) -> u64 {
        std::mem::take(self).held.len() as u64
    }
}
