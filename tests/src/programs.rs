//! Real servers and clients, each started for one test and stopped with it.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use goldwire_demo::nodes::{Cgroup, Launch, Process};
use tempfile::TempDir;

/// Patience with anything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Patience with a program that runs to its end.
const RUN_PATIENCE: Duration = Duration::from_secs(120);

/// A port of loopback that nobody listens on right now.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Waits until `condition` gives a value; an error that names `what` after [`PATIENCE`].
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(value) = condition() {
            return Ok(value);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("waited {} s in vain for {what}", PATIENCE.as_secs())
}

/// Runs a program to its end in `cgroup`, and gives what it printed on either stream; an error where it fails.
pub fn run(cgroup: &Cgroup, program: &str, arguments: &[&str]) -> Result<String> {
    let folder = TempDir::new()?;
    let log = folder.path().join("output");
    let mut process = Launch::new(program, program).args(arguments).cgroup(cgroup)?.log(&log)?.spawn()?;
    let ended = process.wait(RUN_PATIENCE)?;
    let output = fs::read_to_string(&log).unwrap_or_default();
    match ended {
        Some(status) if status.success() => Ok(output),
        Some(status) => bail!("{program} {}: {status}\n{output}", arguments.join(" ")),
        None => bail!("{program} {} did not end within {} s", arguments.join(" "), RUN_PATIENCE.as_secs()),
    }
}

/// nginx on a port of its own, with one answer of each kind that the scenarios ask for.
#[derive(Debug)]
pub struct Nginx {
    _process: Process,
    folder: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Nginx {
    /// Starts it in `cgroup`. It answers `/` 200, `/missing` 404, `/broken` 500, `/moved` 301, `/empty` 204, and files
    /// from [`Nginx::write_file`] below `/files/`.
    pub fn start(cgroup: &Cgroup) -> Result<Self> {
        let folder = TempDir::new()?;
        fs::create_dir(folder.path().join("files"))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let configuration_file = folder.path().join("nginx.conf");
        fs::write(&configuration_file, configuration(folder.path(), address))?;
        let mut process = Launch::new("nginx", "nginx")
            .args([Path::new("-p"), folder.path(), Path::new("-c"), &configuration_file])
            .cgroup(cgroup)?
            .spawn()
            .context("starting nginx")?;
        wait_for("nginx to listen", || TcpStream::connect(address).ok())?;
        ensure!(process.ended()?.is_none(), "nginx ended early");
        Ok(Self { _process: process, folder, address })
    }

    /// Puts a file of `bytes` zeros below `/files/`.
    pub fn write_file(&self, name: &str, bytes: u64) -> Result<()> {
        let path = self.folder.path().join("files").join(name);
        Ok(fs::File::create(path)?.set_len(bytes)?)
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn configuration(folder: &Path, address: SocketAddr) -> String {
    let root = folder.display();
    format!(
        "daemon off; user root; worker_processes 2; pid {root}/nginx.pid; error_log {root}/error.log warn;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n access_log off; keepalive_requests 100000000; keepalive_timeout 300s; sendfile on; default_type text/plain;\n\
         client_body_temp_path {root}/body; client_max_body_size 2g; proxy_temp_path {root}/proxy;\n\
         server {{ listen {address} backlog=4096;\n\
         location / {{ return 200 'hello from nginx\\n'; }}\n\
         location /missing {{ return 404; }}\n location /broken {{ return 500; }}\n\
         location /moved {{ return 301 /; }}\n location /empty {{ return 204; }}\n\
         location /files/ {{ root {root}; }}\n }} }}\n"
    )
}

/// What h2load counted itself.
#[derive(Debug)]
pub struct LoadReport {
    /// Requests that got an answer.
    pub answered: u64,
    /// Latencies in seconds, ascending.
    pub latencies: Vec<f64>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
}

impl LoadReport {
    /// Nearest-rank quantile in seconds.
    #[must_use]
    pub fn quantile(&self, q: f64) -> f64 {
        let rank = (q * self.latencies.len() as f64).ceil() as usize;
        self.latencies.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }
}

/// h2load in its HTTP/1.1 mode: `requests` over `connections`, each at most `pipeline` deep, over `urls` in turn.
pub fn h2load(cgroup: &Cgroup, requests: u64, connections: u32, pipeline: u32, urls: &[String]) -> Result<LoadReport> {
    load(cgroup, &["h2load"], (requests, connections, pipeline), urls)
}

/// The same over one connection, and before all other programs: it never waits for a processor with an answer in hand, so
/// that its latencies are those of the wire.
pub fn undisturbed_h2load(cgroup: &Cgroup, requests: u64, url: &str) -> Result<LoadReport> {
    load(cgroup, &["chrt", "--fifo", "1", "h2load"], (requests, 1, 1), &[url.to_owned()])
}

fn load(
    cgroup: &Cgroup,
    program: &[&str],
    (requests, connections, pipeline): (u64, u32, u32),
    urls: &[String],
) -> Result<LoadReport> {
    let folder = TempDir::new()?;
    let log = folder.path().join("requests.log");
    let (requests, connections, pipeline) = (requests.to_string(), connections.to_string(), pipeline.to_string());
    let log_option = format!("--log-file={}", log.display());
    let mut arguments = program[1..].to_vec();
    arguments.extend(["--h1", "-t", "1", "-n", &requests, "-c", &connections, "-m", &pipeline, &log_option]);
    arguments.extend(urls.iter().map(String::as_str));
    run(cgroup, program[0], &arguments)?;
    read_load_log(&log)
}

/// A line a request: start in µs, status, latency in µs (`h2load(1)`, `--log-file`).
fn read_load_log(log: &Path) -> Result<LoadReport> {
    let text = fs::read_to_string(log).context("reading h2load's log")?;
    let mut report = LoadReport { answered: 0, latencies: Vec::new(), statuses: BTreeMap::new() };
    for line in text.lines() {
        let mut columns = line.split('\t').skip(1);
        let (Some(status), Some(micros)) = (columns.next(), columns.next()) else { bail!("h2load wrote {line:?}") };
        report.answered += 1;
        *report.statuses.entry(status.parse()?).or_default() += 1;
        report.latencies.push(micros.parse::<f64>()? / 1e6);
    }
    report.latencies.sort_by(f64::total_cmp);
    Ok(report)
}

/// dnsmasq as an authority for `.test`: names given here have addresses, all others do not exist.
#[derive(Debug)]
pub struct Dnsmasq {
    _process: Process,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Dnsmasq {
    /// Starts it in `cgroup`, knowing `names`.
    pub fn start(cgroup: &Cgroup, names: &[(&str, Ipv4Addr)]) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut arguments: Vec<String> = [
            "--keep-in-foreground",
            "--no-resolv",
            "--no-hosts",
            "--conf-file=/dev/null",
            "--local=/test/",
            "--bind-interfaces",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.extend(["--listen-address=127.0.0.1", "--user=root", "--pid-file="].map(str::to_owned));
        arguments.push(format!("--port={}", address.port()));
        arguments.extend(names.iter().map(|(name, ip)| format!("--host-record={name},{ip}")));
        let mut process =
            Launch::new("dnsmasq", "dnsmasq").args(arguments).cgroup(cgroup)?.spawn().context("starting dnsmasq")?;
        wait_for("dnsmasq to listen", || TcpStream::connect(address).ok())?;
        ensure!(process.ended()?.is_none(), "dnsmasq ended early");
        Ok(Self { _process: process, address })
    }
}

/// The folder that `cargo` builds programs into, found from the running test's own place.
pub fn built_program(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).context("the test runs from a target folder")?;
    let path = folder.join(name);
    ensure!(path.exists(), "{} is not built; `cargo xtask test` builds it", path.display());
    Ok(path)
}
