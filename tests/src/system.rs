//! The whole demo as a system under test, and a plugin process that asks its daemons as Grafana would.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail, ensure};
use goldwire_demo::run::{Built, Demo, Options, Signals};
use goldwire_workbench::{
    frame::Frame,
    plugin_host::{Answer, DataSource, PluginHost, ResourceAnswer},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::programs::built_program;

/// Patience with an answer that is to become complete.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// What is older than this, in milliseconds, is in history on every node, with both ends' reports.
const SETTLED_AFTER: i64 = 5_000;

/// Who steadily asks whom in the demo, by workload.
pub const EDGES: [(&str, &str); 6] = [
    ("traffic", "gateway"),
    ("traffic", "dns"),
    ("gateway", "shop"),
    ("shop", "catalog"),
    ("shop", "orders"),
    ("orders", "payments"),
];

/// Who is connected to whom in a protocol whose requests are not read.
pub const CONNECTIONS: [(&str, &str); 2] = [("catalog", "redis"), ("orders", "redis")];

/// The demo, with traffic that is seen. Dropping it ends all of it.
#[derive(Debug)]
pub struct System {
    plugin: PluginHost,
    runtime: Runtime,
    /// The data source as a user would set it up for the demo's nodes.
    pub source: DataSource,
    /// What runs.
    pub demo: Demo,
    since: i64,
}

impl System {
    /// Starts it, and waits until every edge of the demo is on the map. The calling thread must live as long as the
    /// system does: the kernel ends the demo's programs with it.
    pub fn start() -> Result<Self> {
        let since = now_millis();
        let demo = start_demo()?;
        let runtime = Runtime::new()?;
        let plugin = runtime.block_on(PluginHost::start(built_program("gpx_goldwire")?))?;
        let system = Self { plugin, runtime, source: data_source(&demo)?, demo, since };
        system.until("every edge of the demo is on the map", || {
            let edges = system.edges()?;
            let missing: Vec<_> =
                EDGES.iter().chain(&CONNECTIONS).filter(|(from, to)| !edges.contains(&pair(from, to))).collect();
            Ok(if missing.is_empty() { Ok(()) } else { Err(format!("missing {missing:?}, there are {edges:?}")) })
        })?;
        Ok(system)
    }

    /// The edges of the service map as source and target.
    pub fn edges(&self) -> Result<BTreeSet<(String, String)>> {
        let frames = self.frames(json!({ "queryType": "serviceMap" }))?;
        let edges = frames.iter().find(|frame| frame.name == "edges").context("the map has no frame `edges`")?;
        Ok(texts(edges, "source")?.into_iter().zip(texts(edges, "target")?).collect())
    }

    /// From before the demo's start to now.
    #[must_use]
    pub fn all_time(&self) -> (i64, i64) {
        (self.since, now_millis() + 1)
    }

    /// The last whole seconds, to the end of this one, once all that happened in them is known.
    pub fn settled(&self, seconds: i64) -> (i64, i64) {
        let to = (now_millis() / 1_000 + 1) * 1_000;
        let known = to + SETTLED_AFTER - now_millis();
        std::thread::sleep(Duration::from_millis(known.unsigned_abs()));
        (to - seconds * 1_000, to)
    }

    /// Asks one query over a window, of a data source; the answer may be an error.
    pub fn ask_of(&self, source: &DataSource, query: &Value, window: (i64, i64)) -> Result<Answer> {
        let asked = self.plugin.query(source, std::slice::from_ref(query), window.0, window.1);
        let answers = self.runtime.block_on(asked)?;
        answers.into_values().next().context("the plugin gave no answer")
    }

    /// The same of the demo's nodes, over all time.
    pub fn ask(&self, query: &Value) -> Result<Answer> {
        self.ask_of(&self.source, query, self.all_time())
    }

    /// The frames of an answer that is no error, and that Grafana would take as they are.
    pub fn frames(&self, query: Value) -> Result<Vec<Frame>> {
        self.frames_within(query, self.all_time())
    }

    /// The same over a window.
    pub fn frames_within(&self, query: Value, window: (i64, i64)) -> Result<Vec<Frame>> {
        checked(&query, self.ask_of(&self.source, &query, window)?)
    }

    /// The only frame of an answer.
    pub fn frame(&self, query: Value) -> Result<Frame> {
        only(self.frames(query)?)
    }

    /// The only frame of an answer, once `complete` holds; an error where that takes too long.
    pub fn frame_when(&self, query: Value, complete: impl Fn(&Frame) -> bool) -> Result<Frame> {
        self.until(&format!("the answer to {query} is complete"), || {
            let frame = self.frame(query.clone())?;
            Ok(if complete(&frame) { Ok(frame) } else { Err(shown(&frame)) })
        })
    }

    /// Tries until something came of it; the last reason against it is in the error.
    pub fn until<T>(&self, what: &str, mut tried: impl FnMut() -> Result<Result<T, String>>) -> Result<T> {
        let begun = Instant::now();
        loop {
            match tried()? {
                Ok(outcome) => return Ok(outcome),
                Err(why) if begun.elapsed() > PATIENCE => {
                    bail!("waited {} s in vain until {what}: {why}", PATIENCE.as_secs())
                }
                Err(_) => std::thread::sleep(LOOK_AGAIN),
            }
        }
    }

    /// Reads a resource of the plugin.
    pub fn get(&self, url: &str) -> Result<ResourceAnswer> {
        Ok(self.runtime.block_on(self.plugin.get(&self.source, url))?)
    }

    /// "Save & test": whether a data source works, and what the user reads.
    pub fn health(&self, source: &DataSource) -> Result<(bool, String)> {
        let health = self.runtime.block_on(self.plugin.check_health(source))?;
        Ok((health.status == goldwire_workbench::plugin_host::HealthStatus::Ok, health.message))
    }

    /// Asks the plugin's process, for what has no shorter way here.
    pub fn block_on<T>(&self, ask: impl AsyncFnOnce(&PluginHost) -> T) -> T {
        self.runtime.block_on(ask(&self.plugin))
    }

    /// Fails where a program of the demo has ended, or the plugin or a daemon has panicked.
    pub fn unharmed(&mut self) -> Result<()> {
        self.demo.check()?;
        ensure!(self.runtime.block_on(self.plugin.is_running()), "the plugin has ended");
        for entry in self.runtime.block_on(self.plugin.log()) {
            ensure!(!entry.message.contains("panicked"), "the plugin panicked: {}", entry.message);
        }
        let stray = self.runtime.block_on(self.plugin.stray_output());
        ensure!(stray.is_empty(), "the plugin wrote to Grafana's pipe: {stray:?}");
        for log in self.demo.logs() {
            let text = fs::read_to_string(log)?;
            ensure!(!text.contains("panicked"), "a daemon panicked, {}:\n{text}", log.display());
        }
        Ok(())
    }

    /// The data source with other open settings.
    #[must_use]
    pub fn source_with(&self, settings: &[(&str, Value)]) -> DataSource {
        let mut source = self.source.clone();
        for (key, value) in settings {
            source.json_data[*key] = value.clone();
        }
        source.uid = format!("other-{}", source.json_data);
        source
    }

    /// The nodes' addresses as settings write them.
    #[must_use]
    pub fn nodes(&self) -> Vec<String> {
        addresses(&self.demo)
    }
}

/// The demo from what `cargo xtask` built, with its page on a free port.
pub fn start_demo() -> Result<Demo> {
    let programs = built_program("goldwire")?.parent().map(PathBuf::from).context("programs are in a folder")?;
    let target = programs.parent().context("the folder of programs is in that of the target")?;
    let plugin = target.join("plugin/goldwire-goldwire-datasource");
    let page = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../workbench/page/dist"));
    let listen = ([127, 0, 0, 1], 0).into();
    Demo::start(&Options { length: None, listen, built: Built { programs, plugin, page } }, &Signals::ignored())
}

/// The demo's nodes as `host:port`.
#[must_use]
pub fn addresses(demo: &Demo) -> Vec<String> {
    demo.nodes().iter().map(|node| node.trim_start_matches("https://").to_owned()).collect()
}

fn data_source(demo: &Demo) -> Result<DataSource> {
    let settings = json!({ "nodes": addresses(demo), "timeoutSeconds": 5, "tlsAuthWithCACert": true });
    let source = DataSource::new(settings)
        .with_secret("token", &fs::read_to_string(demo.token_file())?)
        .with_secret("tlsCACert", &fs::read_to_string(demo.authority_file())?);
    Ok(source)
}

/// The frames of an answer that is no error, and that Grafana would take as they are.
pub fn checked(query: &Value, answer: Answer) -> Result<Vec<Frame>> {
    ensure!(answer.is_ok(), "{query}: status {}, {:?}", answer.status, answer.error);
    let problems = answer.problems();
    ensure!(problems.is_empty(), "{query}: Grafana would refuse these frames: {problems:#?}");
    let first = answer.frames.first().with_context(|| format!("{query}: no frame at all"))?;
    ensure!(first.coverage()["nodesAsked"].is_u64(), "{query}: the first frame says nothing of its coverage");
    Ok(answer.frames)
}

/// The one frame there is.
pub fn only(frames: Vec<Frame>) -> Result<Frame> {
    let names: Vec<String> = frames.iter().map(|frame| frame.name.clone()).collect();
    let [frame] = <[Frame; 1]>::try_from(frames).map_err(|_| anyhow::anyhow!("one frame was expected: {names:?}"))?;
    Ok(frame)
}

/// A column of texts, all present.
pub fn texts(frame: &Frame, field: &str) -> Result<Vec<String>> {
    let column = frame.field(field).with_context(|| format!("{} has no field {field}", frame.name))?;
    let present = |text: Option<&str>| text.map(str::to_owned);
    column.texts().into_iter().map(present).collect::<Option<_>>().with_context(|| format!("{field} has nulls"))
}

/// A column of numbers; absent ones are left out.
pub fn numbers(frame: &Frame, field: &str) -> Result<Vec<f64>> {
    let column = frame.field(field).with_context(|| format!("{} has no field {field}", frame.name))?;
    Ok(column.numbers().into_iter().flatten().collect())
}

/// A frame as a message shows it.
#[must_use]
pub fn shown(frame: &Frame) -> String {
    let rows: Vec<String> = frame.rows().into_iter().take(5).map(|row| Value::Object(row).to_string()).collect();
    format!("{} with {} rows, notices {:?}: {}", frame.name, frame.row_count(), frame.notices(), rows.join("\n"))
}

/// Milliseconds since the epoch.
#[must_use]
pub fn now_millis() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis() as i64)
}

fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}
