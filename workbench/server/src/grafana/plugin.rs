//! The installed plugin: its folder, its `plugin.json`, and its process, which is started anew when it dies.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;
use tokio::sync::Mutex;

use crate::plugin_host::{HostError, Launch, PluginHost};

/// Why a folder holds no plugin that can be run.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// There is no `plugin.json`.
    #[error("there is no plugin in {} ({cause}): run cargo xtask dist", folder.display())]
    Absent {
        /// Where it was looked for.
        folder: PathBuf,
        /// Why it could not be read.
        cause: io::Error,
    },
    /// `plugin.json` is not what Grafana reads.
    #[error("{}/plugin.json has no usable {key}", folder.display())]
    Unusable {
        /// The plugin's folder.
        folder: PathBuf,
        /// The key that is missing or wrong.
        key: &'static str,
    },
    /// The process did not start.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// A plugin that runs.
#[derive(Debug)]
pub(super) struct Plugin {
    pub(super) folder: PathBuf,
    pub(super) id: String,
    /// What `plugin.json` says.
    pub(super) meta: Value,
    launch: Launch,
    running: Mutex<Arc<PluginHost>>,
}

impl Plugin {
    /// Reads the folder and starts the plugin's process.
    pub(super) async fn start(folder: &Path) -> Result<Self, PluginError> {
        let meta = read_meta(folder)?;
        let text = |key: &'static str| {
            let unusable = || PluginError::Unusable { folder: folder.to_owned(), key };
            meta[key].as_str().map(str::to_owned).ok_or_else(unusable)
        };
        let id = text("id")?;
        let launch = Launch::new(folder.join(executable_name(&text("executable")?))).plugin_id(&id);
        let running = Mutex::new(Arc::new(launch.clone().start().await?));
        Ok(Self { folder: folder.to_owned(), id, meta, launch, running })
    }

    /// The running process; one that has died is replaced, as Grafana does.
    pub(super) async fn host(&self) -> Result<Arc<PluginHost>, HostError> {
        let mut running = self.running.lock().await;
        if !running.is_running().await {
            tracing::warn!("the plugin's process has ended; starting it again");
            *running = Arc::new(self.launch.clone().start().await?);
        }
        Ok(Arc::clone(&running))
    }

    pub(super) async fn stop(&self) {
        let exit = self.running.lock().await.stop().await;
        if !exit.graceful {
            tracing::warn!("the plugin did not end within two seconds and was killed");
        }
    }
}

fn read_meta(folder: &Path) -> Result<Value, PluginError> {
    let text = fs::read_to_string(folder.join("plugin.json"))
        .map_err(|cause| PluginError::Absent { folder: folder.to_owned(), cause })?;
    serde_json::from_str(&text).map_err(|_malformed| PluginError::Unusable { folder: folder.to_owned(), key: "JSON" })
}

/// Grafana's name for the executable on this machine: `<name>_<os>_<arch>` in Go's words.
fn executable_name(name: &str) -> String {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{name}_{}_{arch}", std::env::consts::OS)
}
