//! Follows one node, through its restarts.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::StreamExt;
use goldwire_protocol::client::{NodeAddress, NodeError};
use tokio::sync::mpsc;

use super::Event;
use crate::nodes::Instance;

/// How long to wait before a node is tried again: doubled each time, up to the longest.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Sends what the node sees until nobody listens.
pub(super) async fn follow(instance: Arc<Instance>, node: NodeAddress, query: Arc<str>, events: mpsc::Sender<Event>) {
    let mut wait = SHORTEST_WAIT;
    loop {
        let reason = match once(&instance, &node, &query, &events, &mut wait).await {
            Ok(()) => "the node ended the stream".to_owned(),
            Err(error) => error.to_string(),
        };
        let trouble = Event::Trouble { node: node.to_string(), reason: Some(reason) };
        if events.send(trouble).await.is_err() {
            return;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn once(
    instance: &Instance,
    node: &NodeAddress,
    query: &str,
    events: &mpsc::Sender<Event>,
    wait: &mut Duration,
) -> Result<(), NodeError> {
    let client = instance.pool.client(node)?;
    let mut rows = pin!(client.live(query, instance.settings.timeout).await?);
    *wait = SHORTEST_WAIT;
    let mut announced = false;
    while let Some(rows) = rows.next().await {
        let rows = rows?;
        if !announced {
            announced = true;
            let well = Event::Trouble { node: node.to_string(), reason: None };
            if events.send(well).await.is_err() {
                return Ok(());
            }
        }
        // A slow reader makes the node's stream wait, and the node counts what it leaves out.
        if events.send(Event::Rows(rows)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}
