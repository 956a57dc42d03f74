//! Connections to nodes, kept between questions.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use goldwire_protocol::client::{Connection, NodeAddress, NodeClient, NodeError};
use lru::LruCache;

/// More nodes than a data source is likely to have; the connections to those asked longest ago are closed.
const MOST_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// One client a node.
pub struct Pool {
    connection: Connection,
    clients: Mutex<LruCache<NodeAddress, NodeClient>>,
}

impl Pool {
    /// An empty pool.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection, clients: Mutex::new(LruCache::new(MOST_CONNECTIONS)) }
    }

    /// The client of a node. Nothing is sent yet.
    ///
    /// # Errors
    /// Where the TLS settings can't be used.
    pub fn client(&self, address: &NodeAddress) -> Result<NodeClient, NodeError> {
        // A client is only ever inserted whole, so a poisoned lock does no harm.
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(address) {
            return Ok(client.clone());
        }
        let client = NodeClient::new(address.clone(), &self.connection)?;
        clients.put(address.clone(), client.clone());
        Ok(client)
    }
}
