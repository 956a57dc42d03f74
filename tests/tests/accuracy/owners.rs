//! Trial 13: whose connection it was.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::Launch;
use goldwire_tests::{
    programs::{Nginx, Peer, built_program, free_port, h2load, run, wait_for},
    sheet::Line,
    watch::{Row, Watch, count, text},
};
use serde_json::json;

/// A listener of the master's, connections of the workers'.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_owns_what_it_accepts() -> Result<()> {
    let watch = Watch::start("prefork").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    h2load(&watch.cgroup, 2_000, 200, 1, &[nginx.url("/")])?;
    let workers: BTreeSet<String> =
        run(&watch.cgroup, "pgrep", &["-P", &nginx.id().to_string()])?.lines().map(str::to_owned).collect();
    ensure!(workers.len() == 2, "nginx has two workers: {workers:?}");
    let filter = format!("destination.port = {} and reporter = \"server\"", nginx.address.port());
    let fields = ["destination.pid", "destination.process", "source.process"];
    let rows = watch.requests_by(&filter, &fields, 2_000).await?;
    let is_right = |row: &&_| {
        workers.contains(row_text(row, "destination.pid").as_str())
            && text(row, "destination.process") == "nginx"
            && text(row, "source.process") == "h2load"
    };
    let seen = rows.iter().filter(is_right).map(|row| count(row, "count()")).sum();
    Line::new(13, "requests to a prefork server, by worker", 2_000).server(seen).exact()
}

fn row_text(row: &Row, column: &str) -> String {
    row[column].to_string().trim_matches('"').to_owned()
}

/// A process that lives for some milliseconds is gone before anybody could look at it.
#[tokio::test(flavor = "multi_thread")]
async fn short_lived_processes_own_their_requests() -> Result<()> {
    const PROCESSES: u64 = 2_000;
    let watch = Watch::start("short-lived").await?;
    let server = Peer::start(&watch.cgroup)?;
    let (program, to) = (built_program("goldwire-peer")?, server.address);
    let script = format!("for i in $(seq {PROCESSES}); do {} ways {to} write 1 >/dev/null; done", program.display());
    run(&watch.cgroup, "bash", &["-c", &script])?;
    let query = json!({
        "queryType": "table", "table": "requests", "filter": format!("destination.port = {}", to.port()),
        "groupBy": ["reporter", "source.process", "source.pid"], "aggregates": ["count()"], "limit": 3 * PROCESSES,
    });
    let rows = watch.settled(query, |rows| rows.len() as u64 >= 2 * PROCESSES).await?;
    let of = |reporter: &str| {
        let is_right = |row: &&_| {
            text(row, "reporter") == reporter
                && text(row, "source.process") == "goldwire-peer"
                && count(row, "count()") == 1
        };
        let pids: BTreeSet<_> = rows.iter().filter(is_right).map(|row| row_text(row, "source.pid")).collect();
        pids.len() as u64
    };
    let line = Line::new(13, "processes of some milliseconds, each with its own request", PROCESSES);
    line.client(of("client")).server(of("server")).exact()
}

/// Of a process of some milliseconds: what it was started with, by whom, and below whom, up to the first process.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_leads_to_its_process_and_its_parents() -> Result<()> {
    const DEPTH: usize = 12;
    let watch = Watch::start("tree").await?;
    let server = Peer::start(&watch.cgroup)?;
    let (program, to) = (built_program("goldwire-peer")?, server.address);
    let script = tempfile::NamedTempFile::new()?;
    // A shell that has something to do afterwards does not become its child.
    let client = format!("env API_TOKEN=hunter2 {} ways {to} write 1", program.display());
    let nested = format!("if [ $1 -gt 1 ]; then bash $0 $(($1 - 1)); else {client}; fi; true");
    std::fs::write(script.path(), nested)?;
    run(&watch.cgroup, "bash", &[&script.path().to_string_lossy(), &DEPTH.to_string()])?;
    let first = std::fs::read_to_string("/proc/1/comm")?.trim().to_owned();
    let filter = format!("destination.port = {} and source.ancestry = \"bash < bash* < {first}\"", to.port());
    let rows = watch.requests_by(&filter, &["source.pid", "source.ancestry"], 2).await?;
    ensure!(rows.len() == 2, "{rows:?}");
    let ancestry = text(&rows[0], "source.ancestry");
    ensure!(ancestry.matches("bash").count() >= DEPTH, "{ancestry}");

    let pid = row_text(&rows[0], "source.pid");
    let query = json!({
        "queryType": "processes", "filter": format!("process.pid = {pid}"), "orderBy": ["time"], "columns": [
            "process.event", "process.name", "process.arguments", "process.user", "process.ancestry", "process.start", "time",
        ],
    });
    let rows = watch.settled(query, |rows| rows.len() >= 3).await?;
    let events: Vec<_> = rows.iter().map(|row| (text(row, "process.event"), text(row, "process.name"))).collect();
    assert_eq!(events, [("exec", "env"), ("exec", "goldwire-peer"), ("exit", "goldwire-peer")]);
    let arguments: Vec<_> = rows.iter().map(|row| text(row, "process.arguments").to_owned()).collect();
    let own = format!("{} ways {to} write 1", program.display());
    assert_eq!(arguments, [format!("env API_TOKEN=*** {own}"), own.clone(), own]);
    for row in &rows {
        ensure!(text(row, "process.user") == "root" && text(row, "process.ancestry") == ancestry, "{row:?}");
        ensure!(row["process.start"] == rows[0]["process.start"] && !row["process.start"].is_null(), "{row:?}");
    }
    // The server is no child of anything that was watched: it was there, and is known as well.
    let seen = json!({ "queryType": "processes", "columns": ["process.pid", "process.event"],
        "filter": format!("process.pid = {}", server.id()) });
    watch.settled(seen, |rows| rows.len() == 1).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_there_before_is_told_as_seen() -> Result<()> {
    let mut watch = Watch::without_daemon("seen", &[]).await?;
    let server = Peer::start(&watch.cgroup)?;
    watch.start_daemon().await?;
    let program = built_program("goldwire-peer")?;
    run(&watch.cgroup, &program.to_string_lossy(), &["ways", &server.address.to_string(), "write", "1"])?;
    let query = json!({ "queryType": "processes", "columns": ["process.event", "process.arguments", "process.start"],
        "filter": format!("process.pid = {}", server.id()) });
    let rows = watch.settled(query, |rows| !rows.is_empty()).await?;
    ensure!(rows.len() == 1 && text(&rows[0], "process.event") == "seen", "{rows:?}");
    ensure!(text(&rows[0], "process.arguments").contains("goldwire-peer"), "{rows:?}");
    ensure!(!rows[0]["process.start"].is_null(), "{rows:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn workloads_are_named_by_hand() -> Result<()> {
    let rules = tempfile::NamedTempFile::new()?;
    std::fs::write(rules.path(), "rules:\n  - match: { arguments: '* ways *' }\n    workload: by-hand\n")?;
    let watch = Watch::with_options("by-hand", &["--workloads", &rules.path().to_string_lossy()]).await?;
    let server = Peer::start(&watch.cgroup)?;
    let program = built_program("goldwire-peer")?;
    run(&watch.cgroup, &program.to_string_lossy(), &["ways", &server.address.to_string(), "write", "1"])?;
    let filter = format!("destination.port = {}", server.address.port());
    let rows = watch.requests_by(&filter, &["source.workload", "destination.workload"], 2).await?;
    ensure!(rows.iter().all(|row| text(row, "source.workload") == "by-hand"), "{rows:?}");
    ensure!(rows.iter().all(|row| text(row, "destination.workload") != "by-hand"), "{rows:?}");
    Ok(())
}

/// The listener is the activator's, and came to its child open.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_was_passed_on_belongs_to_who_serves_it() -> Result<()> {
    const TIMES: u64 = 50;
    let watch = Watch::start("passed-on").await?;
    let port = free_port()?;
    // socat accepts, and hands the connection to a child as its standard input and output.
    let answer = "read line; printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok'";
    let script = format!(
        "socat TCP4-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,backlog=64 EXEC:\"bash -c \\\"{answer}\\\"\",nofork & \
         sleep 0.5; for i in $(seq {TIMES}); do curl -s -o /dev/null http://127.0.0.1:{port}/; done; kill $!"
    );
    run(&watch.cgroup, "bash", &["-c", &script])?;
    let filter = format!("destination.port = {port} and network.protocol = \"http\"");
    let rows = watch.requests_by(&filter, &["destination.process"], 2 * TIMES).await?;
    let by = |row: &&_| text(row, "reporter") == "server" && text(row, "destination.process") == "bash";
    let seen = rows.iter().filter(by).map(|row| count(row, "count()")).sum();
    ensure!(seen == TIMES, "{rows:?}");
    Line::new(13, "requests on sockets that were passed on", TIMES).server(seen).exact()
}

/// The listener was opened by one process, and came to another that accepts.
#[tokio::test(flavor = "multi_thread")]
async fn an_activated_server_owns_what_it_serves() -> Result<()> {
    const TIMES: u64 = 50;
    let watch = Watch::start("activated").await?;
    let port = free_port()?;
    let server = "import http.server as h, socket\n\
                  class A(h.BaseHTTPRequestHandler):\n  \
                    def do_GET(s): s.send_response(200); s.send_header('Content-Length', '0'); s.end_headers()\n\
                  s = h.HTTPServer(('127.0.0.1', 0), A, bind_and_activate=False); s.socket = socket.socket(fileno=3)\n\
                  s.serve_forever()";
    // The activator opens the socket and becomes a shell, which starts the server as another process.
    let script = format!(
        "systemd-socket-activate --listen=127.0.0.1:{port} bash -c 'python3 -c \"$0\" & echo server=$!; wait' \"$0\" & \
         activator=$!; {WAIT}; for i in $(seq {TIMES}); do curl -s -o /dev/null http://127.0.0.1:{port}/; done; \
         kill $activator; pkill -P $activator || true",
        WAIT = wait_until_listening(port)
    );
    let printed = run(&watch.cgroup, "bash", &["-c", &script, server])?;
    let server = printed.lines().find_map(|line| line.strip_prefix("server=")).context("the server's id")?;
    let filter = format!("destination.port = {port} and network.protocol = \"http\"");
    let rows = watch.requests_by(&filter, &["destination.process", "destination.pid"], 2 * TIMES).await?;
    let is_right =
        |row: &&Row| row_text(row, "destination.pid") == server && text(row, "destination.process") == "python3";
    let seen = |reporter: &str| {
        let right = rows.iter().filter(is_right).filter(|row| text(row, "reporter") == reporter);
        right.map(|row| count(row, "count()")).sum()
    };
    let (client, server) = (seen("client"), seen("server"));
    ensure!(client + server == 2 * TIMES, "{rows:?}");
    Line::new(13, "requests to a server that was activated by its socket", TIMES).client(client).server(server).exact()
}

/// The activator accepts, and starts a process for each connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_for_each_connection_owns_it() -> Result<()> {
    const TIMES: u64 = 50;
    let watch = Watch::start("inetd").await?;
    let port = free_port()?;
    // Each tells its own process id in the answer's status.
    let answer = "read line; while read -r header && [ \"${#header}\" -gt 1 ]; do :; done; \
                  printf 'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' ${#BASHPID} $BASHPID";
    let script = format!(
        "systemd-socket-activate --accept --inetd --listen=127.0.0.1:{port} bash -c \"$0\" 2>/dev/null & {WAIT}; \
         for i in $(seq {TIMES}); do curl -s http://127.0.0.1:{port}/; echo; done; kill $!",
        WAIT = wait_until_listening(port)
    );
    let printed = run(&watch.cgroup, "bash", &["-c", &script, answer])?;
    let served: BTreeSet<&str> = printed.lines().filter(|line| line.parse::<u32>().is_ok()).collect();
    ensure!(served.len() as u64 == TIMES, "each connection has a process: {printed}");
    let filter = format!("destination.port = {port} and network.protocol = \"http\"");
    let rows = watch.requests_by(&filter, &["destination.process", "destination.pid"], 2 * TIMES).await?;
    let is_right = |row: &&Row| {
        text(row, "destination.process") == "bash"
            && served.contains(&*row_text(row, "destination.pid"))
            && count(row, "count()") == 1
    };
    let seen =
        |reporter: &str| rows.iter().filter(is_right).filter(|row| text(row, "reporter") == reporter).count() as u64;
    let (client, server) = (seen("client"), seen("server"));
    ensure!(client + server == 2 * TIMES, "{rows:?}");
    let line = Line::new(13, "connections accepted by an activator, each with a process of its own", TIMES);
    line.client(client).server(server).exact()
}

/// Shell that waits for a listener without knocking, which would be counted and may activate it.
fn wait_until_listening(port: u16) -> String {
    format!("until ss -tlHn 'sport = :{port}' | grep -q .; do sleep 0.05; done")
}

/// Each asks for its own process id, so that a wrong owner shows.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_curls_own_one_request_each() -> Result<()> {
    const BATCHES: u64 = 5;
    const BATCH: u64 = 2_000;
    let watch = Watch::start("curls").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let url = nginx.url("/");
    let mut seen = [0, 0];
    for batch in 0..BATCHES {
        let script = format!("seq {BATCH} | xargs -P 4 -I{{}} sh -c 'exec curl -q -s -o /dev/null {url}{batch}/$$'");
        run(&watch.cgroup, "bash", &["-c", &script])?;
        for (seen, reporter) in seen.iter_mut().zip(["client", "server"]) {
            *seen +=
                curls_of(&watch, &format!("reporter = \"{reporter}\" and url.path = \"/{batch}/*\""), BATCH).await?;
        }
    }
    let line = Line::new(13, "curls, each with a request for its own process id", BATCHES * BATCH);
    line.client(seen[0]).server(seen[1]).lost(watch.lost().await?).exact()
}

/// Requests of curls that asked for their own process ids; an error where one of them is another's.
async fn curls_of(watch: &Watch, filter: &str, curls: u64) -> Result<u64> {
    let query = json!({
        "queryType": "table", "table": "requests", "filter": filter,
        "groupBy": ["source.process", "source.pid", "url.path"], "aggregates": ["count()"], "limit": 10_000,
    });
    let total = |rows: &[Row]| rows.iter().map(|row| count(row, "count()")).sum::<u64>();
    let rows = watch.settled(query, |rows| total(rows) >= curls).await?;
    let is_right = |row: &&Row| {
        let asked_for = text(row, "url.path").rsplit('/').next();
        text(row, "source.process") == "curl" && asked_for == Some(&*row_text(row, "source.pid"))
    };
    let wrong: Vec<_> = rows.iter().filter(|row| !is_right(row)).take(5).collect();
    ensure!(wrong.is_empty(), "of {} rows: {wrong:?}", rows.len());
    Ok(total(&rows))
}

/// Which of several listeners on one port gets a connection is the kernel's to choose; each answers with its own process id.
#[tokio::test(flavor = "multi_thread")]
async fn of_listeners_that_share_a_port_the_one_that_accepted_owns() -> Result<()> {
    const SERVERS: usize = 4;
    const REQUESTS: u64 = 400;
    let watch = Watch::start("shared-port").await?;
    let port = free_port()?;
    let script = format!(
        "import http.server, os, socket\n\
         class Own(http.server.BaseHTTPRequestHandler):\n \
           def do_GET(self):\n  \
             own = b'%d\\n' % os.getpid(); self.send_response(200)\n  \
             self.send_header('Content-Length', str(len(own))); self.end_headers(); self.wfile.write(own)\n \
           def log_message(self, *words): pass\n\
         server = http.server.HTTPServer(('127.0.0.1', {port}), Own, bind_and_activate=False)\n\
         server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n\
         server.server_bind(); server.server_activate(); server.serve_forever()\n"
    );
    let start = || -> std::io::Result<_> {
        Launch::new("python", "python3").args(["-c", &script]).cgroup(&watch.cgroup)?.spawn()
    };
    let _servers = (0..SERVERS).map(|_| start()).collect::<std::io::Result<Vec<_>>>()?;
    wait_for("all listeners", || {
        let arguments = ["-tlHn", &format!("sport = :{port}")];
        let listed = std::process::Command::new("ss").args(arguments).output().ok()?.stdout;
        (String::from_utf8_lossy(&listed).lines().count() == SERVERS).then_some(())
    })?;
    let asks = format!("for i in $(seq {REQUESTS}); do curl -s http://127.0.0.1:{port}/; done");
    let mut truth = BTreeMap::<String, u64>::new();
    for pid in run(&watch.cgroup, "bash", &["-c", &asks])?.lines() {
        *truth.entry(pid.to_owned()).or_default() += 1;
    }
    ensure!(truth.len() == SERVERS, "the kernel chose each at some time: {truth:?}");
    let rows = watch.requests_by(&format!("destination.port = {port}"), &["destination.pid"], 2 * REQUESTS).await?;
    let seen = |reporter: &str| {
        let of = |pid: &String| {
            let ours = rows.iter().filter(|row| text(row, "reporter") == reporter);
            ours.filter(|row| row_text(row, "destination.pid") == *pid).map(|row| count(row, "count()")).sum::<u64>()
        };
        truth.iter().map(|(pid, count)| of(pid).min(*count)).sum::<u64>()
    };
    let what = "requests to one of four listeners on one port (SO_REUSEPORT), each answered with the server's own pid";
    Line::new(13, what, REQUESTS).client(seen("client")).server(seen("server")).exact()
}
