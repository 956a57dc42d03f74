//! Trial 19: exchanges without an answer, and whose fault that was.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use goldwire_tests::{
    programs::{Server, run, wait_for},
    sheet::Line,
    watch::{Watch, count, text},
};
use serde_json::json;

use crate::databases;

/// How often each `path error.type` was seen at the client's and at the server's end.
type Seen = BTreeMap<String, [u64; 2]>;

/// Paths whose answers go on for as long as the client reads.
const STREAMS: [&str; 2] = ["/events", "/until-close"];

/// Waits until both ends have seen so many exchanges.
async fn seen(watch: &Watch, filter: &str, what: &str, exchanges: u64) -> Result<Seen> {
    let rows = watch.requests_by(filter, &[what, "error.type"], 2 * exchanges).await?;
    let mut seen = Seen::new();
    for row in &rows {
        let error = match text(row, "error.type") {
            // A client that leaves while something lies unread in its buffer: its kernel resets.
            "reset_by_client" if STREAMS.contains(&text(row, what)) => "closed_by_client",
            error => error,
        };
        let ends = seen.entry(format!("{} {error}", text(row, what))).or_default();
        ends[usize::from(text(row, "reporter") == "server")] += count(row, "count()");
    }
    Ok(seen)
}

/// A line of the table: what both ends saw of one kind, which is all of it.
fn exact(what: &str, sent: u64, seen: &Seen, kind: &str) -> Result<()> {
    let [client, server] = seen.get(kind).copied().unwrap_or_default();
    let line = Line::new(19, what, sent).client(client).server(server);
    line.exact().with_context(|| format!("{kind}: {seen:?}"))
}

fn odd_server(watch: &Watch) -> Result<Server> {
    let program = include_str!("odd_server.py");
    Server::start(&watch.cgroup, "python3", |port, _| vec!["-c".to_owned(), program.to_owned(), port.to_string()])
}

/// So many at once, each of which may fail.
fn at_once(times: u64, command: &str) -> String {
    format!("for i in $(seq {times}); do {command} >/dev/null 2>&1 & done; wait; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_leave_are_no_errors_and_servers_that_do_are() -> Result<()> {
    const TIMES: u64 = 10;
    let watch = Watch::start("leaving").await?;
    let server = odd_server(&watch)?;
    let (port, url) = (server.address.port(), format!("http://{}", server.address));
    let gives_up = |path: &str| at_once(TIMES, &format!("curl -s --max-time 0.4 {url}{path}"));
    let waits = |path: &str| at_once(TIMES, &format!("curl -s {url}{path}"));
    // socat ends what it sends, and reads on for 5 s.
    let only_ends = |path: &str| {
        let asks = format!("printf 'GET {path} HTTP/1.0\\r\\n\\r\\n'");
        at_once(TIMES, &format!("{asks} | socat -t 5 - TCP:{}", server.address))
    };
    let script = [
        waits("/whole"),
        gives_up("/slow"),
        gives_up("/events"),
        gives_up("/until-close"),
        waits("/some-until-close"),
        waits("/close"),
        waits("/cut"),
        waits("/reset"),
    ];
    run(&watch.cgroup, "bash", &["-c", &script.concat()])?;
    let filter = format!("destination.port = {port}");
    let first = seen(&watch, &filter, "url.path", 8 * TIMES).await?;
    let expected = [
        ("answered", "/whole "),
        ("given up before the answer", "/slow closed_by_client"),
        ("readers leave an event stream", "/events closed_by_client"),
        ("readers leave a stream without a length", "/until-close closed_by_client"),
        ("a stream without a length, to its end", "/some-until-close "),
        ("the server closes without an answer", "/close no_answer"),
        ("the server closes in its answer", "/cut truncated"),
        ("the server resets", "/reset reset_by_server"),
    ];
    for (what, kind) in expected {
        exact(&format!("HTTP: {what}"), TIMES, &first, kind)?;
    }
    ensure!(first.len() == expected.len(), "{first:?}");
    let script = [only_ends("/slow"), only_ends("/close"), only_ends("/cut"), only_ends("/some-until-close")];
    run(&watch.cgroup, "bash", &["-c", &script.concat()])?;
    let both = seen(&watch, &filter, "url.path", 12 * TIMES).await?;
    exact("HTTP: a client ends its requests and waits", TIMES, &both, "/slow ")?;
    exact("HTTP: the same, and the server closes", 2 * TIMES, &both, "/close no_answer")?;
    exact("HTTP: the same, in the answer", 2 * TIMES, &both, "/cut truncated")?;
    exact("HTTP: the same, of a stream without a length", 2 * TIMES, &both, "/some-until-close ")?;
    shares(&watch, &filter, [5 * TIMES, 3 * TIMES, 12 * TIMES]).await
}

/// The shares of errors and of what was given up, by the signals, must be these of all, once the step has all of them: signals
/// end where the answer is complete, which is up to a second ago.
async fn shares(watch: &Watch, filter: &str, [errors, given_up, all]: [u64; 3]) -> Result<()> {
    let expected = [("error_ratio", errors), ("client_closed_ratio", given_up)];
    let expected = expected.map(|(name, part)| (name, part as f64 / all as f64));
    let query =
        json!({ "queryType": "signals", "signals": expected.map(|(name, _)| name), "filter": filter, "step": "1d" });
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let answer = watch.ask(query.clone()).await?;
        let shares = |name: &str| {
            let rows = answer.frames.iter().flat_map(|frame| frame.rows());
            rows.filter_map(|row| row.get(name).and_then(serde_json::Value::as_f64)).collect::<Vec<f64>>()
        };
        if expected.iter().all(|(name, share)| shares(name).iter().any(|seen| (seen - share).abs() < 1e-9)) {
            return Ok(());
        }
        ensure!(Instant::now() < end, "{expected:?}: {:?}", expected.map(|(name, _)| shares(name)));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn nginx_configuration(folder: &str, port: u16, backend: &str) -> String {
    format!(
        "daemon off; user root; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log warn;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log {folder}/access.log; proxy_temp_path {folder}/proxy; client_body_temp_path {folder}/body;\n\
         server {{ listen 127.0.0.1:{port}; location / {{ return 200 'hello\\n'; }}\n\
         location /slow {{ proxy_pass http://{backend}; }} }} }}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nginx_logs_as_499_is_closed_by_its_client() -> Result<()> {
    let watch = Watch::start("499").await?;
    let backend = odd_server(&watch)?;
    let address = backend.address.to_string();
    let nginx = Server::start(&watch.cgroup, "nginx", |port, folder| {
        let (file, root) = (folder.join("nginx.conf"), folder.to_string_lossy().into_owned());
        fs::write(&file, nginx_configuration(&root, port, &address)).ok();
        vec!["-p".to_owned(), root, "-c".to_owned(), file.to_string_lossy().into_owned()]
    })?;
    let url = format!("http://{}", nginx.address);
    let script = at_once(80, &format!("curl -s {url}/")) + &at_once(20, &format!("curl -s --max-time 0.4 {url}/slow"));
    run(&watch.cgroup, "bash", &["-c", &script])?;
    let log = nginx.folder.path().join("access.log");
    let logged = || fs::read_to_string(&log).unwrap_or_default().matches("\" 499 ").count() as u64;
    wait_for("nginx's log", || (logged() >= 20).then_some(()))?;
    let filter = format!("destination.port = {}", nginx.address.port());
    let seen = seen(&watch, &filter, "url.path", 100).await?;
    exact("HTTP: what nginx logs as 499", logged(), &seen, "/slow closed_by_client")?;
    ensure!(seen.len() == 2 && seen["/ "] == [80, 80], "{seen:?}");
    shares(&watch, &filter, [0, 20, 100]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_of_http_2_that_leave_are_no_errors() -> Result<()> {
    let watch = Watch::start("leaving-h2").await?;
    let backend = odd_server(&watch)?;
    let address = backend.address.to_string();
    let nginx = Server::start(&watch.cgroup, "nginx", |port, folder| {
        let (file, root) = (folder.join("nginx.conf"), folder.to_string_lossy().into_owned());
        let configuration = nginx_configuration(&root, port, &address);
        let listen = format!("listen 127.0.0.1:{port}");
        fs::write(&file, configuration.replace(&listen, &format!("{listen} http2"))).ok();
        vec!["-p".to_owned(), root, "-c".to_owned(), file.to_string_lossy().into_owned()]
    })?;
    let url = format!("http://{}", nginx.address);
    let script = at_once(10, &format!("curl -s --http2-prior-knowledge --max-time 0.4 {url}/slow"))
        + &at_once(10, &format!("timeout 0.4 nghttp {url}/slow"))
        + &at_once(10, &format!("timeout -s KILL 0.4 nghttp {url}/slow"));
    run(&watch.cgroup, "bash", &["-c", &script])?;
    let filter = format!("destination.port = {}", nginx.address.port());
    let seen = seen(&watch, &filter, "url.path", 30).await?;
    let of = |end: usize| -> u64 {
        ["closed", "reset"]
            .iter()
            .filter_map(|how| seen.get(&format!("/slow {how}_by_client")))
            .map(|ends| ends[end])
            .sum()
    };
    Line::new(19, "HTTP/2: callers leave", 30)
        .client(of(0))
        .server(of(1))
        .exact()
        .with_context(|| format!("{seen:?}"))?;
    shares(&watch, &filter, [0, 30, 30]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_redis_that_leave_are_no_errors() -> Result<()> {
    const TIMES: u64 = 10;
    let watch = Watch::start("leaving-redis").await?;
    let server = databases::redis(&watch)?;
    let port = server.address.port();
    let asks =
        |signal: &str, key: &str| at_once(TIMES, &format!("timeout -s {signal} 0.4 redis-cli -p {port} blpop {key} 0"));
    run(&watch.cgroup, "bash", &["-c", &(asks("TERM", "a") + &asks("KILL", "b"))])?;
    let filter = format!("destination.port = {port} and db.operation = BLPOP");
    let left = seen(&watch, &filter, "db.operation", 2 * TIMES).await?;
    exact("Redis: blocking clients are killed", 2 * TIMES, &left, "BLPOP closed_by_client")?;
    let pid = server.id();
    let script = format!(
        "{} sleep 0.4; kill -KILL {pid}; wait",
        at_once(TIMES, &format!("redis-cli -p {port} blpop c 0")).replace("wait;", "")
    );
    run(&watch.cgroup, "bash", &["-c", &script])?;
    let killed = seen(&watch, &filter, "db.operation", 3 * TIMES).await?;
    exact("Redis: the server is killed", TIMES, &killed, "BLPOP no_answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_postgresql_that_leave_are_no_errors() -> Result<()> {
    const TIMES: u64 = 5;
    let watch = Watch::start("leaving-postgresql").await?;
    let server = databases::postgresql(&watch)?;
    let port = server.address.port().to_string();
    let address = databases::postgresql_address(&port).join(" ");
    let psql =
        |signal: &str| at_once(TIMES, &format!("timeout -s {signal} 0.5 psql {address} -c 'select pg_sleep(1.5)'"));
    run(&watch.cgroup, "bash", &["-c", &(psql("KILL") + &psql("INT"))])?;
    let filter = format!("destination.port = {port} and db.query.text = \"select pg_sleep(?)\"");
    let seen = seen(&watch, &filter, "db.operation", 2 * TIMES).await?;
    exact("PostgreSQL: clients are killed", TIMES, &seen, "SELECT closed_by_client")?;
    exact("PostgreSQL: clients cancel, which it answers with an error", TIMES, &seen, "SELECT status")
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_mariadb_that_leave_are_no_errors() -> Result<()> {
    const TIMES: u64 = 5;
    let watch = Watch::start("leaving-mariadb").await?;
    let server = databases::mariadb(&watch)?;
    let port = server.address.port().to_string();
    let address = databases::mariadb_address(&port).join(" ");
    let script = at_once(TIMES, &format!("timeout -s KILL 0.5 mariadb {address} -e 'select sleep(1.5)'"));
    run(&watch.cgroup, "bash", &["-c", &script])?;
    let filter = format!("destination.port = {port} and db.query.text = \"select sleep(?)\"");
    let seen = seen(&watch, &filter, "db.operation", TIMES).await?;
    exact("MariaDB: clients are killed", TIMES, &seen, "SELECT closed_by_client")
}
