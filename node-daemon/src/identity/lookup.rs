//! The narrow question that the tracker asks.

use std::{net::SocketAddr, sync::Arc};

use goldwire_model::{
    record::{Text, Transport},
    time::Timestamp,
};

use super::Identity;
use crate::decode::{KernelTime, Owner, ProcessExecuted, ProcessForked};

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
    fn exited(&mut self, pid: u32, now: KernelTime) -> Option<Arc<Identity>>;

    /// Time goes on: names of processes that are long gone may be forgotten.
    fn sweep(&mut self, now: KernelTime);

    /// The Kubernetes service that is asked for at this address, or that what listens there is behind.
    fn service(&self, _address: SocketAddr, _transport: Transport, _at: Timestamp) -> Option<Text> {
        None
    }

    /// Name of this node.
    fn node(&self) -> &Text;
}
