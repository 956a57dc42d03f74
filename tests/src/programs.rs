//! Real servers and clients, each started for one test and stopped with it.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use goldwire_demo::nodes::{Cgroup, Launch, Namespace, Process};
use serde::Deserialize;
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
    process: Process,
    folder: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Nginx {
    /// Starts it in `cgroup`. It answers `/` 200, `/missing` 404, `/broken` 500, `/moved` 301, `/empty` 204, and files
    /// from [`Nginx::write_file`] below `/files/`.
    pub fn start(cgroup: &Cgroup) -> Result<Self> {
        Self::start_at(cgroup, None, Ipv4Addr::LOCALHOST)
    }

    /// The same with an address of its own, in a network namespace.
    pub fn start_at(cgroup: &Cgroup, namespace: Option<&Namespace>, address: Ipv4Addr) -> Result<Self> {
        let folder = TempDir::new()?;
        fs::create_dir(folder.path().join("files"))?;
        let address = SocketAddr::from((address, free_port()?));
        let configuration_file = folder.path().join("nginx.conf");
        fs::write(&configuration_file, configuration(folder.path(), address))?;
        let mut launch = Launch::new("nginx", "nginx")
            .args([Path::new("-p"), folder.path(), Path::new("-c"), &configuration_file])
            .cgroup(cgroup)?;
        if let Some(namespace) = namespace {
            launch = launch.namespace(namespace)?;
        }
        let mut process = launch.spawn().context("starting nginx")?;
        wait_for_listener(namespace, address)?;
        ensure!(process.ended()?.is_none(), "nginx ended early");
        Ok(Self { process, folder, address })
    }

    /// Process id of the master.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
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

/// Waits until somebody listens: the kernel is asked, since knocking would be counted as what no client did.
fn wait_for_listener(namespace: Option<&Namespace>, address: SocketAddr) -> Result<()> {
    let arguments = ["-tlHn", &format!("sport = :{}", address.port())];
    wait_for("a listener", || {
        let lines = match namespace {
            Some(namespace) => namespace.run("ss", &arguments).ok()?,
            None => String::from_utf8(Command::new("ss").args(arguments).output().ok()?.stdout).ok()?,
        };
        (!lines.is_empty()).then_some(())
    })
}

/// Two network namespaces with a cable between them.
#[derive(Debug)]
pub struct Link {
    /// Where clients run.
    pub client: Namespace,
    /// Where servers run.
    pub server: Namespace,
    /// Of the server's end.
    pub server_address: Ipv4Addr,
}

impl Link {
    /// Name of the device at either end.
    pub const DEVICE: &str = "wire";

    /// Makes both namespaces; their names begin with `name`.
    pub fn create(name: &str) -> Result<Self> {
        let (client, server) = (Namespace::create(&format!("{name}-c"))?, Namespace::create(&format!("{name}-s"))?);
        client.ip(&[
            "link",
            "add",
            Self::DEVICE,
            "type",
            "veth",
            "peer",
            "name",
            Self::DEVICE,
            "netns",
            server.name(),
        ])?;
        for (namespace, address) in [(&client, "10.79.0.1/24"), (&server, "10.79.0.2/24")] {
            namespace.ip(&["address", "add", address, "dev", Self::DEVICE])?;
            namespace.ip(&["link", "set", Self::DEVICE, "up"])?;
        }
        Ok(Self { client, server, server_address: Ipv4Addr::new(10, 79, 0, 2) })
    }

    /// Has the kernel cut and join segments in large buffers, or not.
    pub fn offload(&self, on: bool) -> Result<()> {
        let state = if on { "on" } else { "off" };
        for namespace in [&self.client, &self.server] {
            namespace.run("ethtool", &["-K", Self::DEVICE, "tso", state, "gso", state, "gro", state])?;
        }
        Ok(())
    }

    /// `TcpRetransSegs` of both ends together.
    pub fn retransmitted(&self) -> Result<u64> {
        [&self.client, &self.server].into_iter().try_fold(0, |sum, namespace| {
            let printed = namespace.run("nstat", &["-asz", "TcpRetransSegs"])?;
            let line =
                printed.lines().find(|line| line.starts_with("TcpRetransSegs")).context("nstat has no such line")?;
            let count: u64 = line.split_ascii_whitespace().nth(1).context("a count")?.parse()?;
            Ok(sum + count)
        })
    }
}

/// Any other server, on a port of loopback.
#[derive(Debug)]
pub struct Server {
    _process: Process,
    /// Where it listens.
    pub address: SocketAddr,
    /// Of its own; gone with it.
    pub folder: TempDir,
}

impl Server {
    /// Starts it in `cgroup` with the arguments that `arguments` makes of its port and its folder, and waits until it listens.
    pub fn start(cgroup: &Cgroup, program: &str, arguments: impl FnOnce(u16, &Path) -> Vec<String>) -> Result<Self> {
        Self::start_in(cgroup, TempDir::new()?, program, arguments)
    }

    /// The same with a folder that was made ready for it.
    pub fn start_in(
        cgroup: &Cgroup,
        folder: TempDir,
        program: &str,
        arguments: impl FnOnce(u16, &Path) -> Vec<String>,
    ) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let launch = Launch::new(program, program).args(arguments(address.port(), folder.path())).cgroup(cgroup)?;
        let log = folder.path().join("log");
        let process = launch.log(&log)?.spawn().with_context(|| format!("starting {program}"))?;
        wait_for_listener(None, address)
            .with_context(|| format!("{program}: {}", fs::read_to_string(&log).unwrap_or_default()))?;
        Ok(Self { _process: process, address, folder })
    }
}

/// The project's own odd server.
#[derive(Debug)]
pub struct Peer {
    _process: Process,
    /// Where it listens.
    pub address: SocketAddr,
}

/// What the project's own odd client did, by its own count.
#[derive(Debug, Deserialize)]
pub struct PeerBook {
    /// By method, path and status; status 0 where there was no whole answer.
    pub exchanges: BTreeMap<String, u64>,
    /// Bytes of requests.
    pub bytes_sent: u64,
    /// Bytes of answers.
    pub bytes_received: u64,
}

impl PeerBook {
    /// From what the client printed to a file.
    pub fn read(printed: &Path) -> Result<Self> {
        let text = fs::read_to_string(printed)?;
        serde_json::from_str(&text).with_context(|| format!("the peer printed {text}"))
    }

    /// Exchanges together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.exchanges.values().sum()
    }
}

impl Peer {
    /// Starts the server in `cgroup`, on loopback.
    pub fn start(cgroup: &Cgroup) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let process = Self::launch("server", address, cgroup)?.spawn()?;
        wait_for_listener(None, address)?;
        Ok(Self { _process: process, address })
    }

    /// The same with an address of its own, in a network namespace.
    pub fn start_at(cgroup: &Cgroup, namespace: &Namespace, address: Ipv4Addr) -> Result<Self> {
        let address = SocketAddr::from((address, free_port()?));
        let process = Self::launch("server", address, cgroup)?.namespace(namespace)?.spawn()?;
        wait_for_listener(Some(namespace), address)?;
        Ok(Self { _process: process, address })
    }

    /// Starts the DNS server in `cgroup`, on loopback: what a name begins with says how it is answered.
    pub fn start_dns(cgroup: &Cgroup) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let process = Self::launch("dns", address, cgroup)?.spawn()?;
        wait_for_listener(None, address)?;
        Ok(Self { _process: process, address })
    }

    /// Starts the HTTP/2 server in `cgroup`, on loopback.
    pub fn start_http2(cgroup: &Cgroup) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let process = Self::launch("http2", address, cgroup)?.spawn()?;
        wait_for_listener(None, address)?;
        Ok(Self { _process: process, address })
    }

    fn launch(what: &str, address: SocketAddr, cgroup: &Cgroup) -> Result<Launch> {
        let program = built_program("goldwire-peer")?;
        Ok(Launch::new("peer", program).args([what, &address.to_string()]).cgroup(cgroup)?)
    }

    /// Runs the client to its end in `cgroup`.
    pub fn talk(&self, cgroup: &Cgroup, arguments: &[&str]) -> Result<PeerBook> {
        let program = built_program("goldwire-peer")?;
        let printed = run(cgroup, &program.to_string_lossy(), arguments)?;
        serde_json::from_str(&printed).with_context(|| format!("the peer printed {printed}"))
    }
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
        Self::start_at(cgroup, None, SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)), names)
    }

    /// The same with an address of its own, in a network namespace.
    pub fn start_at(
        cgroup: &Cgroup,
        namespace: Option<&Namespace>,
        address: SocketAddr,
        names: &[(&str, Ipv4Addr)],
    ) -> Result<Self> {
        let listen = format!("--listen-address={}", address.ip());
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
        arguments.extend([&listen, "--user=root", "--pid-file="].map(str::to_owned));
        arguments.push(format!("--port={}", address.port()));
        arguments.extend(names.iter().map(|(name, ip)| format!("--host-record={name},{ip}")));
        let mut launch = Launch::new("dnsmasq", "dnsmasq").args(arguments).cgroup(cgroup)?;
        if let Some(namespace) = namespace {
            launch = launch.namespace(namespace)?;
        }
        let mut process = launch.spawn().context("starting dnsmasq")?;
        wait_for_listener(namespace, address)?;
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
