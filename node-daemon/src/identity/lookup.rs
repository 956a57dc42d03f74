//! The narrow question that the tracker asks.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use goldwire_model::{
    record::{Text, Transport},
    time::Timestamp,
};

use super::{Identity, NamesFor};
use crate::decode::{BootTime, KernelTime, Owner, ProcessExecuted, ProcessExited, ProcessForked};

/// Knows processes by pid. Told of every process that begins or ends, so that a process keeps its names after it is gone.
pub trait IdentityLookup {
    /// Who this is; absent where it is gone and was never seen.
    fn process(&mut self, pid: u32, now: KernelTime) -> Option<Arc<Identity>>;

    /// Who this is. Where the process is gone already, what the kernel read in its context must do.
    fn owner(&mut self, owner: &Owner, now: KernelTime) -> Arc<Identity>;

    /// A process was created.
    fn forked(&mut self, event: &ProcessForked);

    /// A process runs a new executable: its names are read at once.
    fn executed(&mut self, event: &ProcessExecuted<'_>) -> Arc<Identity>;

    /// A process ended. Its names are kept for a while.
    fn exited(&mut self, event: &ProcessExited) -> Option<Arc<Identity>>;

    /// Processes that were read for the first time since the last call, and whose beginning was not told, with all their
    /// parents; and when each was made.
    fn newly_seen(&mut self, _now: KernelTime) -> Vec<(Arc<Identity>, Option<BootTime>)> {
        Vec::new()
    }

    /// Time goes on: names of processes that are long gone may be forgotten.
    fn sweep(&mut self, now: KernelTime);

    /// The Kubernetes service that is asked for at this address, or that what listens there is behind.
    fn service(&self, _address: SocketAddr, _transport: Transport, _at: Timestamp) -> Option<Text> {
        None
    }

    /// For whom the names are that this DNS server answers to a process.
    fn names_for(&mut self, server: IpAddr, pid: Option<u32>, now: KernelTime) -> NamesFor;

    /// Name of this node.
    fn node(&self) -> &Text;
}
