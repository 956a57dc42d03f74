//! The node's own object: read now and then, which needs no more than the right to get it.

use std::{convert::Infallible, time::Duration};

use kube::{Api, Client, runtime::watcher::DefaultBackoff};

use super::{Progress, failure};
use crate::{Directory, objects::NodeObject};

const RESOURCE: &str = "nodes";
/// A node's addresses hardly ever change.
const AGAIN: Duration = Duration::from_secs(300);

pub(super) async fn follow(client: &Client, name: &str, patience: Duration, directory: &Directory) -> Infallible {
    let nodes = Api::<NodeObject>::all(client.clone());
    let mut backoff = DefaultBackoff::default();
    loop {
        let pause = match failure::within(patience, nodes.get(name)).await {
            Ok(node) => {
                directory.change(|content| content.set_node(node.addresses()));
                directory.report(RESOURCE, Progress::Current);
                AGAIN
            }
            Err(progress) => {
                directory.report(RESOURCE, progress);
                backoff.next().unwrap_or(AGAIN)
            }
        };
        tokio::time::sleep(pause).await;
    }
}
