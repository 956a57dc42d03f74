//! Keeps a directory up to date from the API, by its protocol of lists and watches.

mod access;
mod clock;
mod failure;
mod follow;
mod node;
mod status;

use std::time::Duration;

use futures::future;
use kube::{Client, runtime::watcher};
use tokio::task::JoinHandle;

pub use access::{Access, AccessError, is_in_cluster};
pub(crate) use status::{Progress, Reports};
pub use status::{ResourceStatus, State};

use crate::{
    Directory,
    objects::{PodObject, ServiceObject, SliceObject},
};
use follow::{Follower, Pace};

/// Objects in a page of a list: an answer is read whole before its first object is looked at.
const PAGE: u32 = 200;
/// What is over is forgotten at least this often, though nothing changes.
const SWEEP: Duration = Duration::from_secs(15);

/// What to watch, and how.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of this node's object, which its pods bear as `spec.nodeName`.
    pub node_name: String,
    /// The way to the API.
    pub access: Access,
    /// Everything is listed anew about this often, so that no fault stays for good.
    pub relist: Duration,
    /// How long the API may be silent while it is to list something.
    pub patience: Duration,
}

impl Config {
    /// With the usual times: an hour and a minute.
    #[must_use]
    pub fn new(node_name: impl Into<String>, access: Access) -> Self {
        let (relist, patience) = (Duration::from_secs(3_600), Duration::from_secs(60));
        Self { node_name: node_name.into(), access, relist, patience }
    }
}

/// Starts to watch. The directory knows nothing at first; [`Directory::settled`] waits until it does. The task never ends
/// by itself: whatever fails is tried again, with growing pauses, and what is known stays.
///
/// # Errors
///
/// Where there is no telling how to reach the API. That it can't be reached is no error, but a status.
pub async fn spawn(config: Config) -> Result<(Directory, JoinHandle<()>), AccessError> {
    let client = access::client(&config.access).await?;
    let directory = Directory::default();
    let task = tokio::spawn(run(client, config, directory.clone()));
    Ok((directory, task))
}

async fn run(client: Client, config: Config, directory: Directory) {
    let pace = Pace::new(&config);
    let all = watcher::Config::default().page_size(PAGE);
    // Served from the API server's memory, where pods are found by their node.
    let own = all.clone().any_semantic().fields(&format!("spec.nodeName={}", config.node_name));
    future::join5(
        Follower::<PodObject>::new(&client, own, pace, &directory).run(),
        Follower::<ServiceObject>::new(&client, all.clone(), pace, &directory).run(),
        Follower::<SliceObject>::new(&client, all, pace, &directory).run(),
        node::follow(&client, &config.node_name, config.patience, &directory),
        sweep(&directory),
    )
    .await;
}

async fn sweep(directory: &Directory) {
    loop {
        tokio::time::sleep(SWEEP).await;
        directory.change(|content| content.sweep(clock::now()));
    }
}
