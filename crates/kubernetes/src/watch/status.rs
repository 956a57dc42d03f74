//! How it stands with each kind of object.

use goldwire_model::time::Timestamp;
use tokio::sync::watch;
use tracing::{info, warn};

use super::clock;

/// Every kind of object that is watched.
const RESOURCES: [&str; 4] = ["pods", "services", "endpointslices", "nodes"];

/// One kind of object, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceStatus {
    /// As the API names it in the plural.
    pub resource: &'static str,
    /// How it stands.
    pub state: State,
    /// Since when, by the node's wall clock.
    pub since: Timestamp,
}

/// How it stands with a kind of object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is known yet.
    Listing,
    /// What is known is what the API tells.
    Current,
    /// The API does not answer, or not with this. What was known before is still told; what changed since is not known.
    Failing {
        /// What the API, or the network, says.
        reason: String,
        /// The daemon is not permitted to list or watch this.
        denied: bool,
    },
}

#[derive(Debug)]
pub(crate) enum Progress {
    Current,
    Failing { reason: String, denied: bool },
}

/// What the followers report.
#[derive(Debug)]
pub(crate) struct Reports(watch::Sender<Vec<ResourceStatus>>);

impl Default for Reports {
    fn default() -> Self {
        let since = clock::now();
        let all = RESOURCES.map(|resource| ResourceStatus { resource, state: State::Listing, since });
        Self(watch::Sender::new(all.to_vec()))
    }
}

impl Reports {
    pub(crate) fn status(&self) -> Vec<ResourceStatus> {
        self.0.borrow().clone()
    }

    pub(crate) async fn settled(&self) {
        let is_known = |all: &Vec<ResourceStatus>| all.iter().all(|status| status.state != State::Listing);
        // Its sender is ours, so that it can't be closed.
        let _ = self.0.subscribe().wait_for(is_known).await;
    }

    pub(crate) fn report(&self, resource: &'static str, progress: Progress) {
        self.0.send_if_modified(|all| {
            let status = all.iter_mut().find(|status| status.resource == resource);
            status.is_some_and(|status| status.take(progress))
        });
    }
}

impl ResourceStatus {
    /// True where that is news.
    fn take(&mut self, progress: Progress) -> bool {
        let Self { resource, state, since } = self;
        match (progress, &mut *state) {
            (Progress::Current, State::Current) => return false,
            (Progress::Current, _) => {
                info!(resource, "what the Kubernetes API tells is known");
                (*state, *since) = (State::Current, clock::now());
            }
            // The first moment counts, and the latest reason.
            (Progress::Failing { reason, denied }, State::Failing { reason: known, denied: was_denied }) => {
                (*known, *was_denied) = (reason, denied);
            }
            (Progress::Failing { reason, denied }, _) => {
                warn!(resource, reason, denied, "the Kubernetes API does not tell; what is known stays");
                (*state, *since) = (State::Failing { reason, denied }, clock::now());
            }
        }
        true
    }
}
