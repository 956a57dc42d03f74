//! A thousand simulated nodes in this process.

use std::{net::SocketAddr, sync::Arc};

use goldwire_history::{History, Options};
use goldwire_model::time::Timestamp;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::{
    node::{self, Node},
    world::{HOUR, NODES, World},
};

/// How much memory histories have for each report.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Memory {
    /// So little that an hour's raw records do not stay, and its rollups do.
    ForRollups,
    /// So much that all stays.
    ForAll,
}

impl Memory {
    const fn bytes_a_report(self) -> usize {
        match self {
            Self::ForRollups => 64,
            Self::ForAll => 4_096,
        }
    }
}

/// Of a hundred nodes the one with this number is dead, and the other one late, where some are to be missing.
const DEAD: usize = 37;
const LATE: usize = 87;
/// Of all nodes, how many are then missing.
pub(crate) const MISSING: usize = 2 * NODES / 100;

/// Nodes at their addresses.
pub(crate) struct Cluster {
    nodes: Vec<Arc<Node>>,
    addresses: Vec<SocketAddr>,
}

impl Cluster {
    /// Fills each node's history with its hour, and opens its door.
    pub(crate) async fn start(world: &World, memory: Memory) -> Self {
        take_files();
        let nodes: Vec<Arc<Node>> = (0..NODES).map(|number| Node::new(history(world, number, memory))).collect();
        let mut addresses = Vec::with_capacity(NODES);
        for node in &nodes {
            addresses.push(node::open(Arc::clone(node)).await);
        }
        Self { nodes, addresses }
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.clone()
    }

    /// The same nodes, but one of a hundred is dead, and another late.
    pub(crate) async fn with_missing(&self) -> Vec<SocketAddr> {
        let mut addresses = self.addresses();
        for (number, address) in addresses.iter_mut().enumerate() {
            match number % 100 {
                DEAD => *address = node::dead().await,
                LATE => *address = node::late().await,
                _ => {}
            }
        }
        addresses
    }

    /// Bytes of all answers that nodes have given so far, each once.
    pub(crate) fn bytes(&self) -> usize {
        self.nodes.iter().map(|node| node.bytes()).sum()
    }
}

fn history(world: &World, number: usize, memory: Memory) -> History {
    let reports = world.reports_of(number);
    let options = Options::new(format!("node-{number}"), Timestamp::from_millis(HOUR.0));
    let history = History::new(Options { memory: reports.len() * memory.bytes_a_report(), ..options });
    history.append_all(&reports);
    history
}

/// A thousand doors and as many connections take more files than processes usually may have.
fn take_files() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
}
