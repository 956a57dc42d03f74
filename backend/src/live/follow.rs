//! Follows one node, through its restarts.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::StreamExt;
use goldwire_merge::LiveInquiry;
use goldwire_model::query::{Mark, Query};
use goldwire_protocol::client::{LiveRows, NodeAddress, NodeError};
use tokio::sync::mpsc;

use super::Event;
use crate::nodes::Instance;

/// How long to wait before a node is tried again: doubled each time, up to the longest.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// One of the nodes that are followed.
pub(super) struct Node {
    pub(super) address: NodeAddress,
    pub(super) number: usize,
    /// How many are followed.
    pub(super) of: usize,
}

/// Sends what the node sees until nobody listens.
pub(super) async fn follow(instance: Arc<Instance>, node: Node, query: Arc<Query>, events: mpsc::Sender<Event>) {
    let mut wait = SHORTEST_WAIT;
    let mut mark = None;
    loop {
        // After a break the node goes on where it was.
        let opening = LiveInquiry::opening(&query, node.of, mark).to_json();
        let reason = match once(&instance, &node, &opening, &events, (&mut wait, &mut mark)).await {
            Ok(()) => "the node ended the stream".to_owned(),
            Err(error) => error.to_string(),
        };
        let trouble = Event::Trouble { node: node.address.to_string(), reason: Some(reason) };
        if events.send(trouble).await.is_err() {
            return;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn once(
    instance: &Instance,
    node: &Node,
    query: &str,
    events: &mpsc::Sender<Event>,
    (wait, mark): (&mut Duration, &mut Option<Mark>),
) -> Result<(), NodeError> {
    let client = instance.pool.client(&node.address)?;
    let mut rows = pin!(client.live(query, instance.settings.timeout).await?);
    *wait = SHORTEST_WAIT;
    let mut announced = false;
    while let Some(rows) = rows.next().await {
        let LiveRows { rows, metadata } = rows?;
        if !announced {
            announced = true;
            let well = Event::Trouble { node: node.address.to_string(), reason: None };
            if events.send(well).await.is_err() {
                return Ok(());
            }
        }
        // A slow reader makes the node's stream wait, and the node counts what it leaves out.
        let next = metadata.after.as_deref().and_then(|text| text.parse().ok());
        if events.send(Event::Rows { node: node.number, rows, gone: metadata.gone }).await.is_err() {
            return Ok(());
        }
        *mark = next.or(*mark);
    }
    Ok(())
}
