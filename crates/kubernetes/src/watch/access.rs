//! The way to the API.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use kube::{
    Client,
    config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError},
};
use thiserror::Error;

/// A connection that says nothing for longer is dead: watches are asked for to end before that.
const SILENCE: Duration = Duration::from_secs(300);
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// How to find the API, and as whom to ask it.
#[derive(Clone, Debug)]
pub enum Access {
    /// As the pod that the daemon runs in.
    InCluster,
    /// As a kubeconfig's current context says.
    Kubeconfig(PathBuf),
    /// At this address, as nobody: for proxies such as `kubectl proxy`.
    Url(String),
}

/// Why there is no telling how to reach the API.
#[derive(Debug, Error)]
pub enum AccessError {
    /// No pod, or one without a service account.
    #[error("failed to read the pod's service account: {0}")]
    InCluster(#[from] InClusterError),
    /// The file can't be read or says nothing useful.
    #[error("failed to read {0}: {1}")]
    Kubeconfig(PathBuf, #[source] KubeconfigError),
    /// Not the address of an API.
    #[error("\"{0}\" is no URL")]
    Url(String),
    /// No client can be made of it.
    #[error("failed to set up the API's client: {0}")]
    Client(#[from] kube::Error),
}

/// This process runs in a pod that may ask the API.
#[must_use]
pub fn is_in_cluster() -> bool {
    Path::new(SERVICE_ACCOUNT).exists()
}

pub(super) async fn client(access: &Access) -> Result<Client, AccessError> {
    let mut config = match access {
        Access::InCluster => kube::Config::incluster()?,
        Access::Kubeconfig(path) => {
            let failed = |error| AccessError::Kubeconfig(path.clone(), error);
            let file = Kubeconfig::read_from(path).map_err(failed)?;
            kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.map_err(failed)?
        }
        Access::Url(url) => kube::Config::new(url.parse().map_err(|_| AccessError::Url(url.clone()))?),
    };
    // Followers try again themselves: the client's own retries would hide for minutes that nothing is known.
    config.default_retry = false;
    (config.read_timeout, config.reset_reader_on_write) = (Some(SILENCE), true);
    Ok(Client::try_from(config)?)
}
