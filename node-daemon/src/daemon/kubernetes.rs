//! Names of pods and services, where there is a Kubernetes API to ask.

use std::time::Duration;

use anyhow::{Context, Result};
use goldwire_kubernetes::{Access, Config, Directory, ResourceStatus, State, is_in_cluster};
use tokio::{runtime::Runtime, time::timeout};
use tracing::{info, warn};

use crate::command_line::arguments::{DaemonArguments, Kubernetes};

/// Sockets that are open at the start are taken over in a moment, and had better find their names known by then.
const HEAD_START: Duration = Duration::from_secs(5);

/// Absent where it is not wanted, or not there.
pub(super) fn start(arguments: &DaemonArguments, node: &str, runtime: &Runtime) -> Result<Option<Directory>> {
    let Some(access) = access(arguments) else { return Ok(None) };
    match runtime.block_on(goldwire_kubernetes::spawn(Config::new(node, access))) {
        Ok((directory, _)) => {
            let is_settled = runtime.block_on(async { timeout(HEAD_START, directory.settled()).await.is_ok() });
            info!(is_settled, "names of pods and services come from the Kubernetes API");
            Ok(Some(directory))
        }
        Err(error) if arguments.kubernetes == Kubernetes::Auto => {
            warn!(%error, "going on without names of pods and services");
            Ok(None)
        }
        Err(error) => Err(error).context("failed to reach the Kubernetes API"),
    }
}

/// Whether the API is going to be asked.
pub(super) fn is_wanted(arguments: &DaemonArguments) -> bool {
    access(arguments).is_some()
}

fn access(arguments: &DaemonArguments) -> Option<Access> {
    match (arguments.kubernetes, &arguments.kubeconfig) {
        (Kubernetes::Off, _) => None,
        (_, Some(path)) => Some(Access::Kubeconfig(path.clone())),
        (Kubernetes::Auto, None) => is_in_cluster().then_some(Access::InCluster),
        (Kubernetes::On, None) => Some(Access::InCluster),
    }
}

/// What an operator must know of it, as sentences.
pub(crate) fn notes(directory: &Directory) -> Vec<String> {
    directory.status().into_iter().filter_map(note).collect()
}

fn note(ResourceStatus { resource, state, since }: ResourceStatus) -> Option<String> {
    let State::Failing { reason, denied } = state else { return None };
    let since = chrono::DateTime::from_timestamp_millis(since.as_millis())?.format("%Y-%m-%dT%H:%M:%SZ");
    let what = if denied { "does not permit to read" } else { "does not tell of" };
    Some(format!("the Kubernetes API {what} {resource} since {since}, names may be missing or old: {reason}"))
}
