//! Connections that are closed, of which a program may still read plaintext: a library holds what it has received.

use goldwire_l7::Closing;
use rustc_hash::FxHashMap;

use crate::decode::KernelTime;

use super::flow::{Flow, FlowKey};

/// Connections that linger at a time; further ones end at once.
const MOST: usize = 1024;

/// A closed connection.
#[derive(Debug)]
pub(super) struct Lingering {
    pub(super) flow: Flow,
    pub(super) closing: Closing,
    pub(super) closed: KernelTime,
}

#[derive(Debug, Default)]
pub(super) struct LingeringFlows(FxHashMap<FlowKey, Box<Lingering>>);

impl LingeringFlows {
    /// Keeps a closed connection. It is given back where there is no room.
    pub(super) fn keep(&mut self, key: FlowKey, flow: Flow, closing: Closing, closed: KernelTime) -> Option<Flow> {
        if self.0.len() >= MOST {
            return Some(flow);
        }
        self.0.insert(key, Box::new(Lingering { flow, closing, closed })).map(|before| before.flow)
    }

    pub(super) fn get(&mut self, key: FlowKey) -> Option<&mut Flow> {
        self.0.get_mut(&key).map(|lingering| &mut lingering.flow)
    }

    pub(super) fn take(&mut self, key: FlowKey) -> Option<Box<Lingering>> {
        self.0.remove(&key)
    }

    /// When the first of them closed; the end of time where there is none.
    pub(super) fn oldest(&self) -> KernelTime {
        self.0.values().map(|lingering| lingering.closed).min().unwrap_or(KernelTime(u64::MAX))
    }

    /// Those that closed before `before`.
    pub(super) fn expired(&mut self, before: KernelTime) -> Vec<Lingering> {
        self.0.extract_if(|_, lingering| lingering.closed < before).map(|(_, lingering)| *lingering).collect()
    }
}
