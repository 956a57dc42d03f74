//! Requests inside of TLS, of real programs on this kernel: read at functions of their libraries, and tied to their sockets.

mod observer;

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use goldwire::{
    decode::{Cookie, Direction, KernelTime, SequenceNumber, SessionNumber},
    identity::{self, Processes},
    receive::{Options, Receiver, Steering, TlsFinder, Verdict},
    track::{self, Anchor, CaptureControl, CaptureLimits, Outlets, RecordSink, Tracker},
};
use goldwire_answer::coverage::LossStage;
use goldwire_model::{
    record::{Detail, Protocol, Record, Reporter, RequestRecord},
    time::Timestamp,
};
use observer::{PATIENCE, Running};
use tempfile::TempDir;

/// Everything that was found.
#[derive(Default)]
struct Findings {
    records: Vec<Record>,
    lost: u64,
}

impl RecordSink for Findings {
    fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    fn loss(&mut self, _: LossStage, _: Timestamp, events: u64) {
        self.lost += events;
    }
}

/// Hands the tracker's wishes on, as the daemon does.
struct Capture {
    steering: Steering,
    finder: Option<TlsFinder>,
}

impl CaptureControl for Capture {
    fn follow(&mut self, _: Cookie, _: CaptureLimits) {}

    fn ignore(&mut self, cookie: Cookie) {
        self.steering.set(cookie, Verdict::Ignore);
    }

    fn skip_until(&mut self, cookie: Cookie, direction: Direction, until: SequenceNumber) {
        self.steering.skip_until(cookie, direction, until);
    }

    fn ignore_session(&mut self, session: SessionNumber) {
        self.steering.ignore_session(session);
    }

    fn skip_session_until(&mut self, session: SessionNumber, direction: Direction, until: u64) {
        self.steering.skip_session_until(session, direction, until);
    }

    fn speaks_tls(&mut self, pid: u32) {
        if let Some(finder) = &self.finder {
            finder.speaks_tls(pid);
        }
    }
}

/// Probes, and the tracker that makes records of what they tell.
struct Watch {
    receiver: Receiver,
    tracker: Tracker<Processes>,
    capture: Capture,
    findings: Findings,
}

impl Watch {
    fn new(tls_plaintext: bool) -> Self {
        // As large as the daemon's: a long body fills it until the probes know that it is not wanted.
        let options = Options { tls_plaintext, data_ring_bytes: 32 << 20, ..Options::default() };
        let receiver = Receiver::open(&options).unwrap_or_else(|error| panic!("failed to open the probes: {error}"));
        assert_eq!(receiver.refused().collect::<Vec<_>>(), [], "hooks that this kernel refuses");
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let anchor = Anchor { kernel: now(), wall: Timestamp(wall.as_nanos() as i64) };
        let identity = Processes::new(identity::Options::new("here", None));
        Self {
            tracker: Tracker::new(identity, track::Options::whole_node(1), anchor),
            capture: Capture { steering: receiver.steering(), finder: receiver.tls_finder() },
            findings: Findings::default(),
            receiver,
        }
    }

    /// Looks once.
    fn turn(&mut self) {
        let Self { receiver, tracker, capture, findings } = self;
        receiver.poll(&mut |event| tracker.handle(&event, &mut Outlets { records: findings, capture }));
        tracker.sweep(now(), &mut Outlets { records: findings, capture });
        receiver.wait(Duration::from_millis(20));
    }

    /// Looks until something is so, or patience ends; and a moment longer, so that what is too much shows.
    fn until(&mut self, mut is_so: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(self) && Instant::now() < end {
            self.turn();
        }
        let end = Instant::now() + Duration::from_millis(300);
        while Instant::now() < end {
            self.turn();
        }
    }

    /// Looks while a program runs to its end.
    fn run(&mut self, command: &mut Command) {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            self.turn();
        }
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn requests(&self, port: u16, reporter: Reporter) -> Vec<&RequestRecord> {
        let requests = self.findings.records.iter().filter_map(|record| match record {
            Record::Request(request) => Some(request),
            _ => None,
        });
        requests.filter(|request| request.ends.destination_port == port && request.ends.reporter == reporter).collect()
    }

    fn has_requests(&self, port: u16, count: usize) -> bool {
        [Reporter::Client, Reporter::Server].iter().all(|end| self.requests(port, *end).len() >= count)
    }

    /// Both ends of a port saw these requests, and no others.
    fn expect(&mut self, port: u16, expected: &[(String, String, u16)]) {
        let expected = counted(expected.iter().map(|(method, path, status)| line(method, path, Some(*status))));
        let count = expected.values().sum();
        self.until(|watch| watch.has_requests(port, count));
        for reporter in [Reporter::Client, Reporter::Server] {
            let seen = counted(self.requests(port, reporter).into_iter().map(line_of));
            assert_eq!(seen, expected, "{reporter:?}");
        }
        assert_eq!(self.findings.lost, 0);
        assert_eq!(self.receiver.losses().total(), 0, "{:?}", self.receiver.losses());
    }

    /// The last that was said of what runs on flows to a port.
    fn protocols(&self, port: u16) -> HashSet<Option<Protocol>> {
        let mut last = BTreeMap::new();
        for record in &self.findings.records {
            if let Record::Flow(flow) = record
                && flow.ends.destination_port == port
            {
                last.insert((flow.connection.0, flow.ends.reporter == Reporter::Client), flow.protocol);
            }
        }
        last.into_values().collect()
    }
}

fn now() -> KernelTime {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).unwrap();
    KernelTime(Duration::from(time).as_nanos() as u64)
}

fn counted(lines: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    lines.for_each(|line| *counts.entry(line).or_default() += 1);
    counts
}

fn line(method: &str, path: &str, status: Option<u16>) -> String {
    format!("{method} {path} {}", status.map_or("no answer".to_owned(), |status| status.to_string()))
}

fn line_of(request: &RequestRecord) -> String {
    assert_eq!(request.error, None, "{request:?}");
    assert!(request.latency.is_some(), "{request:?}");
    match &request.detail {
        Detail::Http { method, path, status, .. } => {
            line(method.as_deref().unwrap_or("?"), path.as_deref().unwrap_or("?"), *status)
        }
        other => format!("{other:?}"),
    }
}

fn get(path: impl Into<String>, status: u16) -> (String, String, u16) {
    ("GET".to_owned(), path.into(), status)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for(port: u16) {
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "nobody listens");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A folder with a certificate for `localhost` and its key.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem"])
        .args(["-out", "cert.pem"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// A server over TLS, in a folder of its own.
struct Server {
    port: u16,
    folder: TempDir,
    program: Running,
}

impl Server {
    fn nginx() -> Self {
        Self::nginx_by(&mut Command::new("nginx"))
    }

    fn nginx_by(program: &mut Command) -> Self {
        let (folder, port) = (folder(), free_port());
        let configuration = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log; events {{}}\n\
             http {{ access_log off; keepalive_requests 1000000; server {{\n\
             listen 127.0.0.1:{port} ssl http2; ssl_certificate cert.pem; ssl_certificate_key key.pem;\n\
             location / {{ return 200 \"hello\"; }}\n\
             location /missing {{ return 404; }}\n\
             location /files {{ alias {}; }}\n\
             }} }}\n",
            folder.path().display(),
        );
        fs::write(folder.path().join("nginx.conf"), configuration).unwrap();
        program.arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "error.log"]);
        Self::started(folder, port, program)
    }

    /// A script that finds its port, its certificate and its key in its arguments.
    fn script(program: &mut Command, script: &str) -> Self {
        let (folder, port) = (folder(), free_port());
        fs::write(folder.path().join("script"), script).unwrap();
        program.current_dir(folder.path()).arg("script").arg(port.to_string());
        Self::started(folder, port, program)
    }

    fn started(folder: TempDir, port: u16, program: &mut Command) -> Self {
        let running = Running::start(program);
        wait_for(port);
        Self { port, folder, program: running }
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }
}

/// One connection for all.
fn curl(urls: &[String]) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["-sk", "--ipv4", "--http1.1", "-o", "/dev/null"]);
    urls.iter().for_each(|url| {
        curl.args([url.as_str(), "-o", "/dev/null"]);
    });
    curl
}

#[test]
fn a_thousand_requests_on_one_connection_are_exact_at_both_ends() {
    let server = Server::nginx();
    let mut watch = Watch::new(true);
    watch.run(&mut curl(&[server.url("/kept/[1-990]"), server.url("/missing/[1-10]")]));
    let mut expected: Vec<_> = (1..=990).map(|index| get(format!("/kept/{index}"), 200)).collect();
    expected.extend((1..=10).map(|index| get(format!("/missing/{index}"), 404)));
    watch.expect(server.port, &expected);
    let requests = watch.requests(server.port, Reporter::Server);
    assert!(requests.iter().all(|request| request.ends.joined && request.protocol == Protocol::Http));
    assert_eq!(watch.protocols(server.port), HashSet::from([Some(Protocol::Http)]));
}

#[test]
fn connections_at_the_same_time_are_kept_apart() {
    let server = Server::nginx();
    let mut watch = Watch::new(true);
    let url = server.url("/load");
    watch.run(Command::new("h2load").args(["--h1", "-n", "1000", "-c", "8", "-t", "2", &url]));
    let expected: Vec<_> = (0..1000).map(|_| get("/load", 200)).collect();
    watch.expect(server.port, &expected);
    let connections: HashSet<_> =
        watch.requests(server.port, Reporter::Client).iter().map(|request| request.connection.0).collect();
    assert_eq!(connections.len(), 8);
}

#[test]
fn streams_of_http_2_are_exact_at_both_ends() {
    let server = Server::nginx();
    let mut watch = Watch::new(true);
    watch.run(Command::new("h2load").args(["-n", "1000", "-c", "4", "-m", "10", &server.url("/streams")]));
    let expected: Vec<_> = (0..1000).map(|_| get("/streams", 200)).collect();
    watch.expect(server.port, &expected);
    assert_eq!(watch.protocols(server.port), HashSet::from([Some(Protocol::Http2)]));
}

#[test]
fn long_bodies_are_timed_to_their_end() {
    let server = Server::nginx();
    fs::write(server.folder.path().join("long"), vec![7; 20_000_000]).unwrap();
    let mut watch = Watch::new(true);
    watch.run(&mut curl(&[server.url("/files/long"), server.url("/next")]));
    watch.expect(server.port, &[get("/files/long", 200), get("/next", 200)]);
    for reporter in [Reporter::Client, Reporter::Server] {
        let requests = watch.requests(server.port, reporter);
        assert!(requests[0].response_bytes > 20_000_000 && requests[0].response_bytes < 20_001_000);
        assert!(requests[0].latency > requests[0].latency_first_byte);
    }
}

const PYTHON_SERVER: &str = r#"
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200 if self.path != "/teapot" else 418)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
"#;

const PYTHON_CLIENT: &str = r#"
import http.client, ssl, sys
context = ssl._create_unverified_context()
client = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=context)
for index in range(100):
    client.request("POST", f"/posted/{index}", body=b"x" * 3000)
    assert client.getresponse().read() == b"hello"
client.request("GET", "/teapot")
client.getresponse().read()
client.close()
"#;

fn python_requests() -> Vec<(String, String, u16)> {
    let mut expected: Vec<_> = (0..100).map(|index| ("POST".to_owned(), format!("/posted/{index}"), 200)).collect();
    expected.push(get("/teapot", 418));
    expected
}

#[test]
fn pythons_sockets_are_read_at_both_ends() {
    let server = Server::script(&mut Command::new("python3"), PYTHON_SERVER);
    let mut watch = Watch::new(true);
    watch.run(Command::new("python3").args(["-c", PYTHON_CLIENT, &server.port.to_string()]));
    watch.expect(server.port, &python_requests());
}

/// Its TLS works in memory, and its loop sends and receives.
const ASYNCIO_SERVER: &str = r#"
import asyncio, ssl, sys
async def serve(reader, writer):
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            break
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                await reader.readexactly(int(line.split(b":")[1]))
        status = b"418" if b"/teapot" in head else b"200"
        writer.write(b"HTTP/1.1 " + status + b" X\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()
    writer.close()
async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("cert.pem", "key.pem")
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), ssl=context)
    await server.serve_forever()
asyncio.run(main())
"#;

/// Many connections at a time on one thread.
const ASYNCIO_CLIENT: &str = r#"
import asyncio, ssl, sys
async def ask(connection):
    context = ssl._create_unverified_context()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=context)
    for index in range(20):
        writer.write(f"GET /{connection}/{index} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        await reader.readuntil(b"hello")
    writer.close()
    await writer.wait_closed()
async def main():
    await asyncio.gather(*(ask(connection) for connection in range(10)))
asyncio.run(main())
"#;

#[test]
fn what_pythons_loop_decrypts_in_memory_is_tied_to_its_connection() {
    let server = Server::script(&mut Command::new("python3"), ASYNCIO_SERVER);
    let mut watch = Watch::new(true);
    watch.run(Command::new("python3").args(["-c", ASYNCIO_CLIENT, &server.port.to_string()]));
    let expected: Vec<_> = (0..200).map(|index| get(format!("/{}/{}", index / 20, index % 20), 200)).collect();
    watch.expect(server.port, &expected);
    // What was asked on one connection was asked on one connection.
    let of_connection: HashSet<_> = watch
        .requests(server.port, Reporter::Server)
        .into_iter()
        .map(|request| (request.connection.0, line_of(request).split('/').nth(1).map(str::to_owned)))
        .collect();
    assert_eq!(of_connection.len(), 10);
}

const NODE_SERVER: &str = r#"
const fs = require("fs");
const options = { key: fs.readFileSync("key.pem"), cert: fs.readFileSync("cert.pem") };
require("https").createServer(options, (request, response) => {
  request.resume();
  request.on("end", () => { response.statusCode = request.url == "/teapot" ? 418 : 200; response.end("hello"); });
}).listen(Number(process.argv[2]), "127.0.0.1");
"#;

const NODE_CLIENT: &str = r#"
const https = require("https");
const agent = new https.Agent({ keepAlive: true, maxSockets: 4 });
const port = Number(process.argv[1]);
let left = 101;
function ask(method, path) {
  const options = { host: "127.0.0.1", port, path, method, agent, rejectUnauthorized: false };
  const request = https.request(options, (response) => {
    response.resume();
    response.on("end", () => { if (--left == 0) agent.destroy(); });
  });
  if (method == "POST") request.write("x".repeat(3000));
  request.end();
}
for (let index = 0; index < 100; index++) ask("POST", "/posted/" + index);
ask("GET", "/teapot");
"#;

#[test]
fn node_js_with_its_own_library_is_read_at_both_ends() {
    let server = Server::script(&mut Command::new("node"), NODE_SERVER);
    let mut watch = Watch::new(true);
    watch.run(Command::new("node").args(["-e", NODE_CLIENT, &server.port.to_string()]));
    watch.expect(server.port, &python_requests());
}

/// Server and client on one thread of one process: their sessions share the process and the random.
const NODE_BOTH: &str = r#"
const fs = require("fs"), https = require("https");
const options = { key: fs.readFileSync("key.pem"), cert: fs.readFileSync("cert.pem") };
const port = Number(process.argv[2]);
const server = https.createServer(options, (request, response) => response.end(request.url));
server.listen(port, "127.0.0.1", () => {
  let left = 40;
  for (let index = 0; index < left; index++) {
    const options = { host: "127.0.0.1", port, path: "/both/" + index, rejectUnauthorized: false };
    https.get(options, (response) => {
      response.resume();
      response.on("end", () => { if (--left == 0) setTimeout(() => process.exit(), 100); });
    });
  }
});
"#;

#[test]
fn both_ends_in_one_process_are_told_apart() {
    let (folder, port) = (folder(), free_port());
    fs::write(folder.path().join("script"), NODE_BOTH).unwrap();
    let mut watch = Watch::new(true);
    watch.run(Command::new("node").arg("script").arg(port.to_string()).current_dir(folder.path()));
    let expected: Vec<_> = (0..40).map(|index| get(format!("/both/{index}"), 200)).collect();
    watch.expect(port, &expected);
}

/// A place that no other process sees, as in a container.
const WITH_OWN_LIBRARIES: &str = r#"
mount -t tmpfs own /mnt && cp $(ldconfig -p | sed -n 's/.* => \(.*lib\(ssl\|crypto\)\.so\.[0-9.]*\)$/\1/p') /mnt || exit 1
export LD_LIBRARY_PATH=/mnt
exec nginx "$@"
"#;

#[test]
fn a_library_in_another_mount_namespace_is_found() {
    let mut watch = Watch::new(true);
    let server = Server::nginx_by(Command::new("unshare").args(["--mount", "sh", "-c", WITH_OWN_LIBRARIES, "nginx"]));
    let maps = fs::read_to_string(format!("/proc/{}/maps", server.program.0.id())).unwrap();
    assert!(maps.contains(" /mnt/libssl.so"), "{maps}");
    let end = Instant::now() + Duration::from_secs(2);
    watch.until(|_| Instant::now() > end);
    watch.run(&mut curl(&[server.url("/[1-20]")]));
    let expected: Vec<_> = (1..=20).map(|index| get(format!("/{index}"), 200)).collect();
    watch.expect(server.port, &expected);
}

#[test]
fn gnutls_is_read() {
    let server = Server::nginx();
    let mut watch = Watch::new(true);
    let mut wget = Command::new("wget");
    wget.args(["-q", "-O", "/dev/null", "--no-check-certificate"]);
    watch.run(wget.args((1..=20).map(|index| server.url(&format!("/wget/{index}")))));
    let expected: Vec<_> = (1..=20).map(|index| get(format!("/wget/{index}"), 200)).collect();
    watch.expect(server.port, &expected);
}

#[test]
fn programs_that_start_later_are_read_from_their_first_byte() {
    let mut watch = Watch::new(true);
    let server = Server::nginx();
    // A moment that a server has before its first client.
    watch.until(|_| true);
    watch.run(&mut curl(&[server.url("/[1-50]")]));
    let expected: Vec<_> = (1..=50).map(|index| get(format!("/{index}"), 200)).collect();
    watch.expect(server.port, &expected);
}

/// Asks once, says so, and asks again whenever it is told a number.
const PATIENT_CLIENT: &str = r#"
import http.client, ssl, sys
client = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=ssl._create_unverified_context())
def ask(path):
    client.request("GET", path)
    client.getresponse().read()
ask("/before")
print("asked", flush=True)
for line in sys.stdin:
    for index in range(int(line)):
        ask(f"/after/{index}")
    print("asked", flush=True)
client.close()
"#;

struct PatientClient(Child, BufReader<std::process::ChildStdout>);

impl PatientClient {
    fn start(port: u16) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", PATIENT_CLIENT, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut this = Self(child, output);
        this.wait();
        this
    }

    fn ask(&mut self, times: usize) {
        writeln!(self.0.stdin.as_mut().unwrap(), "{times}").unwrap();
        self.wait();
    }

    fn wait(&mut self) {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        assert_eq!(line, "asked\n");
    }
}

impl Drop for PatientClient {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
fn a_connection_from_before_is_read_from_its_next_request() {
    let server = Server::nginx();
    let mut client = PatientClient::start(server.port);
    let mut watch = Watch::new(true);
    client.ask(30);
    let expected: Vec<_> = (0..30).map(|index| get(format!("/after/{index}"), 200)).collect();
    watch.expect(server.port, &expected);
}

#[test]
fn switched_off_it_is_tls_and_no_more() {
    let server = Server::nginx();
    let mut watch = Watch::new(false);
    watch.run(&mut curl(&[server.url("/[1-5]")]));
    let port = server.port;
    watch.until(|watch| watch.protocols(port).contains(&Some(Protocol::Tls)));
    assert_eq!(watch.requests(port, Reporter::Client).len() + watch.requests(port, Reporter::Server).len(), 0);
    assert!(!watch.protocols(port).contains(&Some(Protocol::Http)));
    let names: HashSet<_> = watch
        .findings
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Flow(flow) if flow.ends.destination_port == port => flow.tls_sni.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["localhost"]);
}
