//! Runs a backend plugin as Grafana's server does, and calls it.
//!
//! Grafana starts a plugin through go-plugin: it executes the binary with a few environment variables, reads one
//! handshake line from its stdout, connects to the address in it by plaintext gRPC and from then on calls the
//! `pluginv2` services. Log lines are read from stderr. To end it, Grafana calls `plugin.GRPCController/Shutdown`,
//! waits two seconds and kills the process. This module does the same.

mod answer;
mod calls;
mod connect;
mod handshake;
mod log;
mod process;
mod settings;

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::{Duration, Instant},
};

use tokio::{sync::Mutex, time::timeout};
use tonic_0_12::{Status, transport::Channel};

pub(crate) use self::process::GRAFANA_VERSION;
use self::process::PluginProcess;
pub use self::{
    answer::{Answer, Health, HealthStatus, ResourceAnswer, Subscription, SubscriptionStatus},
    calls::{PacketStream, Query, ResourceRequest},
    handshake::{Address, HandshakeError, parse_handshake},
    log::LogEntry,
    settings::{DataSource, User},
};
use crate::frame::FrameError;

/// go-plugin waits this long between asking a plugin to end and killing it.
const EXIT_GRACE: Duration = Duration::from_secs(2);

/// Why a plugin could not be run or did not answer as the protocol wants.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The executable could not be executed.
    #[error("could not start {}: {cause}", executable.display())]
    NotStarted {
        /// What was to be executed.
        executable: PathBuf,
        /// Why it was not.
        cause: io::Error,
    },
    /// Nothing came on stdout.
    #[error("the plugin gave no handshake within {0:?}")]
    NoHandshake(Duration),
    /// The process ended, or closed stdout, before its handshake.
    #[error("the plugin closed its output before a handshake; its log ends with: {log}")]
    ClosedBeforeHandshake {
        /// The last messages of its log.
        log: String,
    },
    /// The handshake is not one that Grafana accepts.
    #[error("the plugin's handshake was refused: {0}")]
    Handshake(#[from] HandshakeError),
    /// The address in the handshake does not answer.
    #[error("could not connect to the plugin: {0}")]
    Connect(#[from] tonic_0_12::transport::Error),
    /// A call failed.
    #[error("the plugin answered {code:?}: {message}")]
    Call {
        /// The gRPC code.
        code: tonic_0_12::Code,
        /// The plugin's words.
        message: String,
    },
    /// No answer came in time.
    #[error("the plugin gave no answer to {call} within {limit:?}")]
    TimedOut {
        /// What was called.
        call: &'static str,
        /// How long the host waited.
        limit: Duration,
    },
    /// A frame that Grafana could not read.
    #[error("the answer to {ref_id} holds a frame that cannot be read: {cause}")]
    Frame {
        /// The query's letter.
        ref_id: String,
        /// What is wrong with the frame.
        cause: FrameError,
    },
    /// Something that should be JSON is not.
    #[error("{what} is not JSON: {cause}")]
    NotJson {
        /// What should have been JSON.
        what: &'static str,
        /// What is wrong with it.
        cause: serde_json::Error,
    },
    /// A resource call ended with no message.
    #[error("the resource call ended without an answer")]
    NoAnswer,
}

impl From<Status> for HostError {
    fn from(status: Status) -> Self {
        Self::Call { code: status.code(), message: status.message().to_owned() }
    }
}

/// How a plugin process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// It ended by itself after Shutdown, within the two seconds.
    pub graceful: bool,
    /// The process's exit status, where it could be had.
    pub status: Option<ExitStatus>,
    /// From the Shutdown call to the end.
    pub took: Duration,
}

/// How a plugin is to be started and called; [`PluginHost::start`] takes the defaults.
#[derive(Debug, Clone)]
pub struct Launch {
    executable: PathBuf,
    environment: Vec<(String, String)>,
    plugin_id: String,
    user: Option<User>,
}

impl Launch {
    /// The plugin whose executable this is, called by an administrator.
    pub fn new(executable: impl Into<PathBuf>) -> Self {
        Self {
            executable: executable.into(),
            environment: Vec::new(),
            plugin_id: "goldwire-goldwire-datasource".into(),
            user: Some(User::default()),
        }
    }

    /// Adds a variable to the process's environment; Grafana's settings come as `GF_PLUGIN_<KEY>`.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the id under which calls name the plugin.
    #[must_use]
    pub fn plugin_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.plugin_id);
        self
    }

    /// Sets who asks; `None` is how alerting asks.
    #[must_use]
    pub fn user(mut self, user: Option<User>) -> Self {
        self.user = user;
        self
    }

    /// Starts the process and connects to it.
    pub async fn start(self) -> Result<PluginHost, HostError> {
        let (mut process, line) = PluginProcess::start(&self.executable, &self.environment).await?;
        match connect_by(&line).await {
            Ok((address, channel)) => Ok(PluginHost {
                channel,
                address,
                plugin_id: self.plugin_id,
                user: self.user,
                process: Mutex::new(process),
            }),
            Err(error) => {
                process.kill().await;
                Err(error)
            }
        }
    }
}

async fn connect_by(handshake: &str) -> Result<(Address, Channel), HostError> {
    let address = parse_handshake(handshake)?;
    let channel = connect::connect(&address).await?;
    Ok((address, channel))
}

/// One running plugin process. Dropping it kills the process; [`PluginHost::stop`] ends it as Grafana does.
#[derive(Debug)]
pub struct PluginHost {
    channel: Channel,
    address: Address,
    plugin_id: String,
    user: Option<User>,
    process: Mutex<PluginProcess>,
}

impl PluginHost {
    /// Starts the plugin with the defaults of [`Launch`].
    pub async fn start(executable: impl AsRef<Path>) -> Result<Self, HostError> {
        Launch::new(executable.as_ref()).start().await
    }

    /// Where the plugin listens, by its own handshake.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What the plugin has logged so far.
    pub async fn log(&self) -> Vec<LogEntry> {
        self.process.lock().await.log.entries()
    }

    /// What the plugin wrote to stdout after its handshake; anything here is a fault.
    pub async fn stray_output(&self) -> Vec<String> {
        self.process.lock().await.stray_output()
    }

    /// The process's id, while it runs.
    pub async fn process_id(&self) -> Option<u32> {
        self.process.lock().await.id()
    }

    /// Whether the process still runs.
    pub async fn is_running(&self) -> bool {
        self.process.lock().await.exited().is_none()
    }

    /// Ends the plugin as Grafana does: the Shutdown call, two seconds, kill.
    pub async fn stop(&self) -> Exit {
        let began = Instant::now();
        // A plugin that has already ended, or does not know the call, is dealt with below.
        match timeout(EXIT_GRACE, connect::shut_down(&self.channel)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the plugin refused to shut down"),
            Err(_elapsed) => tracing::debug!("the plugin did not answer to Shutdown"),
        }
        let mut process = self.process.lock().await;
        let status = process.wait(EXIT_GRACE).await;
        if status.is_none() {
            process.kill().await;
        }
        Exit { graceful: status.is_some(), status, took: began.elapsed() }
    }
}
