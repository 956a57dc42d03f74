//! Numbers that the pipeline keeps and the service shows.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use goldwire_answer::coverage::{Loss, LossStage};

/// Written by the pipeline's thread only.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    connections: AtomicU64,
    buffers: AtomicU64,
    lost: Mutex<Vec<Loss>>,
    blind: Mutex<Option<String>>,
}

impl Gauges {
    /// Connections that are open and followed.
    #[must_use]
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Buffers with payload of TCP that were told since the start.
    #[must_use]
    pub(crate) fn buffers(&self) -> u64 {
        self.buffers.load(Ordering::Relaxed)
    }

    /// Events lost since the start, by stage.
    #[must_use]
    pub(crate) fn lost(&self) -> Vec<Loss> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why nothing is observed, where nothing is.
    #[must_use]
    pub(crate) fn blind(&self) -> Option<String> {
        self.blind.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_blind(&self, why: Option<String>) {
        *self.blind.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    pub(super) fn set_connections(&self, connections: u64) {
        self.connections.store(connections, Ordering::Relaxed);
    }

    pub(super) fn add_buffers(&self, buffers: u64) {
        self.buffers.fetch_add(buffers, Ordering::Relaxed);
    }

    pub(super) fn add_lost(&self, stage: LossStage, events: u64, bytes: u64) {
        if events == 0 && bytes == 0 {
            return;
        }
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        match lost.iter_mut().find(|loss| loss.stage == stage) {
            Some(loss) => (loss.events, loss.bytes) = (loss.events + events, loss.bytes + bytes),
            None => lost.push(Loss { stage, events, bytes }),
        }
    }
}
