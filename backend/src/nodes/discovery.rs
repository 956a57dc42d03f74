//! From settings to addresses: a list, and all addresses of a DNS name.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use goldwire_answer::coverage::Unreachable;
use goldwire_protocol::client::NodeAddress;
use tokio::sync::Mutex;

use crate::settings::{Discovery, Settings};

/// How long a name's addresses are taken for granted. Short, because nodes come and go; not nothing, because a
/// dashboard asks for all its panels at once.
const FRESH: Duration = Duration::from_secs(5);

/// The addresses that a name had last.
#[derive(Debug, Default)]
pub struct Addresses {
    last: Mutex<Option<Answer>>,
}

#[derive(Clone, Debug)]
struct Answer {
    at: Instant,
    addresses: Vec<NodeAddress>,
}

/// All nodes of a data source, each once, and what stands in the way of knowing them all.
pub async fn discover(settings: &Settings, known: &Addresses) -> (Vec<NodeAddress>, Option<Unreachable>) {
    let mut nodes: BTreeSet<NodeAddress> = settings.nodes.iter().cloned().collect();
    let mut problem = None;
    if let Some(discovery) = &settings.discovery {
        match known.of(discovery, settings.timeout).await {
            Ok(addresses) => nodes.extend(addresses),
            Err(reason) => problem = Some(Unreachable { node: discovery.name.clone(), reason }),
        }
    }
    (nodes.into_iter().collect(), problem)
}

impl Addresses {
    /// Asks once for all who wait. Where the name can't be resolved any more, its last addresses are better than none:
    /// whether nodes are still there shows when they are asked.
    async fn of(&self, discovery: &Discovery, timeout: Duration) -> Result<Vec<NodeAddress>, String> {
        let mut last = self.last.lock().await;
        if let Some(answer) = last.as_ref().filter(|answer| answer.at.elapsed() < FRESH) {
            return Ok(answer.addresses.clone());
        }
        match resolve(discovery, timeout).await {
            Ok(addresses) => {
                *last = Some(Answer { at: Instant::now(), addresses: addresses.clone() });
                Ok(addresses)
            }
            Err(reason) => last.as_ref().map(|answer| answer.addresses.clone()).ok_or(reason),
        }
    }
}

async fn resolve(discovery: &Discovery, timeout: Duration) -> Result<Vec<NodeAddress>, String> {
    let lookup = tokio::net::lookup_host((discovery.name.as_str(), discovery.port));
    let found = tokio::time::timeout(timeout, lookup)
        .await
        .map_err(|_| format!("name not resolved within {} s", timeout.as_secs_f64()))?
        .map_err(|error| format!("name not resolved: {error}"))?;
    let addresses: Vec<NodeAddress> =
        found.map(|address| NodeAddress::new(&address.ip().to_string(), address.port())).collect();
    if addresses.is_empty() { Err("the name has no addresses".to_owned()) } else { Ok(addresses) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Secrets;

    fn settings(json: &str) -> Settings {
        Settings::read(json.as_bytes(), &Secrets::new()).unwrap()
    }

    #[tokio::test]
    async fn a_name_gives_all_its_addresses() {
        let settings = settings(r#"{"nodesDns": "localhost", "nodesPort": 4271}"#);
        let (nodes, problem) = discover(&settings, &Addresses::default()).await;
        assert!(problem.is_none());
        assert!(nodes.iter().any(|node| node.to_string() == "127.0.0.1:4271"), "{nodes:?}");
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_leaves_the_list() {
        let settings = settings(r#"{"nodes": ["a:1", "a:1"], "nodesDns": "no-such-name.invalid"}"#);
        let (nodes, problem) = discover(&settings, &Addresses::default()).await;
        assert_eq!(nodes.len(), 1);
        assert!(problem.unwrap().reason.starts_with("name not resolved"));
    }
}
