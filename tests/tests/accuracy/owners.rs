//! Trial 13: whose connection it was.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use goldwire_tests::{
    programs::{Nginx, Peer, built_program, free_port, h2load, run},
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
