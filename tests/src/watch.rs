//! A daemon and a plugin process that watch one control group, asked as Grafana asks.

use std::{
    ffi::OsString,
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail, ensure};
use goldwire_demo::nodes::{Cgroup, Launch, Process};
use goldwire_protocol::{
    client::{Connection, NodeClient},
    status::StatusReport,
};
use goldwire_workbench::plugin_host::{Answer, DataSource, PluginHost};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::programs::{built_program, free_port, wait_for};

/// How long an answer may take to be final after its traffic ended.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);

/// Between two looks at an answer that may still grow.
const LOOK_AGAIN: Duration = Duration::from_millis(400);

/// What the daemon writes: its own default, and which files it reads the plaintext of TLS of.
const LOGGED: &str = "info,goldwire::receive::tls=debug";

/// A row of an answer, by the names of its columns.
pub type Row = Map<String, Value>;

/// What is watched and who watches.
#[derive(Debug)]
pub struct Watch {
    plugin: PluginHost,
    daemon: Option<Process>,
    /// Programs started in here are seen; the daemon and the plugin are not in here.
    pub cgroup: Cgroup,
    /// Where the daemon listens.
    pub address: SocketAddr,
    since: i64,
    sees_whole_node: bool,
    options: Vec<String>,
    node: String,
    /// Further daemons that are asked along.
    others: Vec<SocketAddr>,
    resolver: Option<IpAddr>,
    folder: TempDir,
}

impl Watch {
    /// Starts a daemon on a new control group, and a plugin that asks it.
    pub async fn start(name: &str) -> Result<Self> {
        Self::with_options(name, &[]).await
    }

    /// The same with more options for the daemon.
    pub async fn with_options(name: &str, options: &[&str]) -> Result<Self> {
        let mut watch = Self::without_daemon(name, options).await?;
        watch.start_daemon().await?;
        Ok(watch)
    }

    /// A daemon that sees the whole node, as a drop that no socket is known of takes.
    pub async fn of_node(name: &str) -> Result<Self> {
        let mut watch = Self { sees_whole_node: true, ..Self::without_daemon(name, &[]).await? };
        watch.start_daemon().await?;
        Ok(watch)
    }

    fn scope(&self) -> Vec<OsString> {
        if self.sees_whole_node { Vec::new() } else { vec!["--cgroup".into(), self.cgroup.path().into()] }
    }

    /// A control group and a plugin; the daemon comes with [`Watch::start_daemon`].
    pub async fn without_daemon(name: &str, options: &[&str]) -> Result<Self> {
        let cgroup = Cgroup::create(&format!("goldwire-test-{name}"))?;
        let plugin = PluginHost::start(built_program("gpx_goldwire")?).await?;
        Ok(Self {
            plugin,
            daemon: None,
            cgroup,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)),
            since: now_millis(),
            sees_whole_node: false,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            node: "under-test".to_owned(),
            others: Vec::new(),
            resolver: None,
            folder: TempDir::new()?,
        })
    }

    /// More options for the daemon that is yet to be started.
    #[must_use]
    pub fn with_more_options(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(|option| (*option).to_owned()));
        self
    }

    /// Queries begin so long before the watch did.
    #[must_use]
    pub fn looking_back(self, time: Duration) -> Self {
        Self { since: self.since - time.as_millis() as i64, ..self }
    }

    /// The name of the node that the daemon which is yet to be started is on.
    #[must_use]
    pub fn on_node(self, name: &str) -> Self {
        Self { node: name.to_owned(), ..self }
    }

    /// From now on asks another watch's daemon too.
    pub fn ask_along(&mut self, other: &Self) {
        self.others.push(other.address);
    }

    /// What the daemon that is yet to be started takes for the system's resolver, on port 53.
    #[must_use]
    pub fn with_resolver(mut self, resolver: IpAddr) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// Starts the daemon and waits until it answers.
    pub async fn start_daemon(&mut self) -> Result<()> {
        let log = self.log_file();
        let mut launch = Launch::new("goldwire daemon", built_program("goldwire")?)
            .args(["daemon", "--node-name", &self.node, "--listen", &self.address.to_string()])
            .args(self.scope())
            .args(&self.options)
            .env("RUST_LOG", LOGGED)
            .log(&log)?;
        if let Some(resolver) = self.resolver {
            let file = self.folder.path().join("resolv.conf");
            fs::write(&file, format!("nameserver {resolver}\n"))?;
            launch = launch.with_file(&file, "/etc/resolv.conf".as_ref())?;
        }
        let mut daemon = launch.spawn()?;
        let client = NodeClient::new(self.address.to_string().parse()?, &Connection::default())?;
        for _ in 0..200 {
            if let Some(status) = daemon.ended()? {
                bail!("the daemon ended at its start: {status}\n{}", fs::read_to_string(&log)?);
            }
            if client.status(Duration::from_secs(1)).await.is_ok() {
                self.daemon = Some(daemon);
                return Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
        bail!("the daemon does not answer\n{}", fs::read_to_string(&log)?)
    }

    /// Kills the daemon, as a crash would.
    pub fn kill_daemon(&mut self) -> Result<()> {
        let mut daemon = self.daemon.take().context("no daemon runs")?;
        daemon.signal(nix::sys::signal::Signal::SIGKILL)?;
        ensure!(daemon.wait(Duration::from_secs(5))?.is_some(), "the daemon survived SIGKILL");
        Ok(())
    }

    /// Ends the daemon as an operator does, and waits so long for it.
    pub fn terminate_daemon(&mut self, within: Duration) -> Result<()> {
        let mut daemon = self.daemon.take().context("no daemon runs")?;
        daemon.signal(nix::sys::signal::Signal::SIGTERM)?;
        let status = daemon.wait(within)?.with_context(|| format!("the daemon still runs {within:?} after SIGTERM"))?;
        ensure!(status.success(), "the daemon ended with {status}");
        Ok(())
    }

    /// The daemon's process.
    pub fn daemon_id(&self) -> Result<u32> {
        Ok(self.daemon.as_ref().context("no daemon runs")?.id())
    }

    /// Bytes of memory that the daemon had at most so far, as the kernel counts them, without the probes' ring buffers
    /// (`--ring`): these are the kernel's memory, and count as the daemon's too because it has mapped them.
    pub fn most_resident(&self) -> Result<u64> {
        let daemon = self.daemon_id()?;
        let status = fs::read_to_string(format!("/proc/{daemon}/status"))?;
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let mappings = fs::read_to_string(format!("/proc/{daemon}/smaps"))?;
        let (mut is_ring, mut rings) = (false, 0);
        for line in mappings.lines() {
            match line.strip_prefix("Rss:") {
                Some(resident) if is_ring => rings += kib(resident)?,
                Some(_) => {}
                // A mapping begins with its addresses, which have no colon behind the first word.
                None if line.split_whitespace().next().is_some_and(|word| !word.ends_with(':')) => {
                    is_ring = line.ends_with("anon_inode:bpf-map");
                }
                None => {}
            }
        }
        Ok((kib(most)?.saturating_sub(rings)) * 1_024)
    }

    /// What the daemon wrote.
    pub fn log_file(&self) -> PathBuf {
        self.folder.path().join("daemon.log")
    }

    /// Waits until the daemon reads the plaintext of a program with a TLS library of its own: what it said in TLS before that is
    /// not seen. Libraries of the system are read when [`Watch::start`] returns.
    pub fn reads_program(&self, pid: u32) -> Result<()> {
        let program = format!("path=/proc/{pid}/exe");
        wait_for("the daemon to read a program's TLS", || {
            let log = fs::read_to_string(self.log_file()).ok()?;
            let mut lines = log.lines().filter(|line| line.contains("reads the plaintext of TLS"));
            lines.any(|line| line.split_ascii_whitespace().any(|word| word == program)).then_some(())
        })
    }

    /// Asks one query through the plugin, over all time since the watch began.
    pub async fn ask(&self, query: Value) -> Result<Answer> {
        let nodes: Vec<_> = [self.address].iter().chain(&self.others).map(ToString::to_string).collect();
        let source = DataSource::with_nodes(&nodes);
        // The step in which "now" lies is to be in the answer.
        let answers = self.plugin.query(&source, &[query], self.since, now_millis() + 1).await?;
        let answer = answers.into_values().next().context("the plugin gave no answer")?;
        if let Some(error) = &answer.error {
            bail!("the plugin answered with an error: {error}");
        }
        let problems = answer.problems();
        ensure!(problems.is_empty(), "Grafana would refuse these frames: {problems:?}");
        Ok(answer)
    }

    /// The rows of a query with one frame, once two looks in a row saw the same and `complete` holds; after
    /// [`SETTLED_WITHIN`] whatever is there, for the test to say what is wrong with it.
    pub async fn settled(&self, query: Value, complete: impl Fn(&[Row]) -> bool) -> Result<Vec<Row>> {
        let start = SystemTime::now();
        let mut last = None;
        loop {
            let rows = self.rows(query.clone()).await?;
            let is_same = last.as_ref() == Some(&rows);
            if (is_same && complete(&rows)) || start.elapsed()? > SETTLED_WITHIN {
                return Ok(rows);
            }
            last = Some(rows);
            sleep(LOOK_AGAIN).await;
        }
    }

    /// The rows of a query with one frame.
    pub async fn rows(&self, query: Value) -> Result<Vec<Row>> {
        Ok(self.ask(query).await?.frames.first().map(|frame| frame.rows()).unwrap_or_default())
    }

    /// Requests counted by the reporter and the given fields, once the two reporters together have `total`.
    pub async fn requests_by(&self, filter: &str, fields: &[&str], total: u64) -> Result<Vec<Row>> {
        let group_by: Vec<_> = ["reporter"].iter().chain(fields).collect();
        let query = json!({
            "queryType": "table", "table": "requests", "filter": filter, "groupBy": group_by,
            "aggregates": ["count()", "p50(latency)", "p99(latency)"], "limit": 1000,
        });
        self.settled(query, |rows| rows.iter().map(|row| count(row, "count()")).sum::<u64>() >= total).await
    }

    /// What the daemon says of itself.
    pub async fn status(&self) -> Result<StatusReport> {
        let client = NodeClient::new(self.address.to_string().parse()?, &Connection::default())?;
        Ok(client.status(Duration::from_secs(5)).await?)
    }

    /// Events that the daemon says it lost since its start.
    pub async fn lost(&self) -> Result<u64> {
        Ok(self.status().await?.lost.iter().map(|loss| loss.events).sum())
    }
}

/// A whole number of a row; 0 where it is absent.
#[must_use]
pub fn count(row: &Row, column: &str) -> u64 {
    row.get(column).and_then(Value::as_f64).map_or(0, |value| value as u64)
}

/// A text of a row; empty where it is absent.
#[must_use]
pub fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

/// The number of a line of `/proc` that ends with its unit.
fn kib(text: &str) -> Result<u64> {
    text.trim().trim_end_matches(" kB").parse().with_context(|| format!("not in kB: {text:?}"))
}

fn now_millis() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis() as i64)
}
