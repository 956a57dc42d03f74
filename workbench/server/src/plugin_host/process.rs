//! The plugin's process: started with Grafana's environment, listened to on both of its outputs.

use std::{
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout, Command},
    time::timeout,
};

use super::{HostError, handshake::APP_PROTOCOL, log::LogLines};

/// go-plugin waits this long for the handshake line.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// The variable by which a plugin knows that a host started it, and its value for data sources.
const MAGIC_COOKIE: (&str, &str) = ("grafana_plugin_type", "datasource");
/// The version of Grafana that this host passes for.
pub(crate) const GRAFANA_VERSION: &str = "12.4.10";

/// A running plugin process.
#[derive(Debug)]
pub(super) struct PluginProcess {
    child: Child,
    /// What the plugin logged on stderr.
    pub(super) log: Arc<LogLines>,
    stray_output: Arc<Mutex<Vec<String>>>,
}

impl PluginProcess {
    /// Starts the executable and returns it with its handshake line.
    pub(super) async fn start(
        executable: &Path,
        environment: &[(String, String)],
    ) -> Result<(Self, String), HostError> {
        let mut child = command(executable, environment)
            .spawn()
            .map_err(|cause| HostError::NotStarted { executable: executable.to_owned(), cause })?;
        let log = Arc::new(LogLines::default());
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(collect_log(stderr, Arc::clone(&log)));
        }
        let mut process = Self { child, log, stray_output: Arc::default() };
        match process.read_handshake().await {
            Ok(line) => Ok((process, line)),
            Err(error) => {
                process.kill().await;
                Err(error)
            }
        }
    }

    /// Lines that the plugin wrote to stdout after its handshake, where it must write nothing.
    pub(super) fn stray_output(&self) -> Vec<String> {
        self.stray_output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How the process ended, if it has.
    pub(super) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The process id, while it runs.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the process to end by itself; `None` when it is still there after `grace`.
    pub(super) async fn wait(&mut self, grace: Duration) -> Option<ExitStatus> {
        timeout(grace, self.child.wait()).await.ok()?.ok()
    }

    /// Ends the process at once.
    pub(super) async fn kill(&mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::debug!(%error, "the plugin had ended before it was killed");
        }
    }

    async fn read_handshake(&mut self) -> Result<String, HostError> {
        let Some(stdout) = self.child.stdout.take() else { return Err(self.closed_early()) };
        let mut lines = BufReader::new(stdout).lines();
        let first = timeout(START_TIMEOUT, lines.next_line()).await;
        match first.map_err(|_elapsed| HostError::NoHandshake(START_TIMEOUT))? {
            Ok(Some(line)) => {
                tokio::spawn(collect_stray(lines, Arc::clone(&self.stray_output)));
                Ok(line)
            }
            _ => Err(self.closed_early()),
        }
    }

    fn closed_early(&self) -> HostError {
        HostError::ClosedBeforeHandshake { log: self.log.last_messages(5) }
    }
}

/// The child that Grafana would start: its own environment and the few variables that plugins look for.
fn command(executable: &Path, environment: &[(String, String)]) -> Command {
    let mut command = Command::new(executable);
    command
        .env("GF_VERSION", GRAFANA_VERSION)
        .env("GF_EDITION", "Open Source")
        .env(MAGIC_COOKIE.0, MAGIC_COOKIE.1)
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env("PLUGIN_PROTOCOL_VERSIONS", APP_PROTOCOL)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A signal typed at the terminal is for the host, which then ends the plugin in order.
        .process_group(0)
        .kill_on_drop(true);
    command
}

async fn collect_log(stderr: ChildStderr, log: Arc<LogLines>) {
    for_each_line(BufReader::new(stderr).lines(), |line| log.push(&line)).await;
}

async fn collect_stray(lines: Lines<BufReader<ChildStdout>>, stray: Arc<Mutex<Vec<String>>>) {
    for_each_line(lines, |line| stray.lock().unwrap_or_else(PoisonError::into_inner).push(line)).await;
}

async fn for_each_line<R: AsyncRead + Unpin>(mut lines: Lines<BufReader<R>>, mut take: impl FnMut(String)) {
    while let Ok(Some(line)) = lines.next_line().await {
        take(line);
    }
}
