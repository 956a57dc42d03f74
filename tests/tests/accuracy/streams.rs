//! Trial 7: HTTP/2, any number of streams at once, and gRPC.

use std::fs;

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::{Cgroup, Launch};
use goldwire_tests::{
    programs::{Peer, PeerBook, Server, built_program, run},
    sheet::Line,
    watch::{Watch, count, text},
};

use crate::line;

const STREAMS: [u64; 5] = [1, 2, 8, 32, 64];

/// Bytes of a long answer.
const LONG: usize = 1 << 20;

const NODE: &str = "\
const server = require('http2').createServer();
const long = Buffer.alloc(1 << 20, 'x');
server.on('stream', (stream, head) => {
    stream.respond({ ':status': 200 });
    stream.end(head[':path'] === '/long' ? long : 'hello');
});
server.listen(Number(process.argv[1]), '127.0.0.1');";

/// Servers of three makes: nghttp2, Node.js, Rust's h2.
enum Make {
    Other(Server),
    Own(Peer),
}

impl Make {
    fn start(name: &str, cgroup: &Cgroup) -> Result<Self> {
        Ok(match name {
            "nghttpd" => Self::Other(Server::start(cgroup, "nghttpd", |port, folder| {
                // A file for every path that is asked for.
                let _ =
                    fs::write(folder.join("item"), "hello").and_then(|()| fs::write(folder.join("long"), [b'x'; LONG]));
                let folder = folder.to_string_lossy().into_owned();
                ["--no-tls", "-a", "127.0.0.1", "-d", &folder, &port.to_string()].map(str::to_owned).into()
            })?),
            "Node.js" => Self::Other(Server::start(cgroup, "node", |port, _| {
                ["-e", NODE, &port.to_string()].map(str::to_owned).into()
            })?),
            _ => Self::Own(Peer::start_http2(cgroup)?),
        })
    }

    fn port(&self) -> u16 {
        match self {
            Self::Other(server) => server.address.port(),
            Self::Own(server) => server.address.port(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stream_is_an_exchange() -> Result<()> {
    const REQUESTS: u64 = 5_000;
    for make in ["nghttpd", "Node.js", "Rust"] {
        let watch = Watch::start("streams").await?;
        for streams in STREAMS {
            let server = Make::start(make, &watch.cgroup)?;
            let url = format!("http://127.0.0.1:{}/item", server.port());
            let printed = run(
                &watch.cgroup,
                "h2load",
                &["-n", &REQUESTS.to_string(), "-c", "4", "-m", &streams.to_string(), &url],
            )?;
            ensure!(printed.contains(&format!("{REQUESTS} succeeded")), "{printed}");
            let filter = format!("destination.port = {} and network.protocol = \"http2\"", server.port());
            let fields = ["http.request.method", "url.path", "http.response.status_code"];
            let rows = watch.requests_by(&filter, &fields, 2 * REQUESTS).await?;
            let what = format!("HTTP/2 requests to {make}, {streams} streams a connection, watched from its start");
            line(7, &what, REQUESTS, &rows).lost(watch.lost().await?).exact()?;
            let is_known = |row: &_| text(row, "http.request.method") == "GET" && text(row, "url.path") == "/item";
            ensure!(rows.iter().all(is_known), "{rows:?}");
        }
    }
    Ok(())
}

/// The header of the frame that ends an answer may be anywhere in a buffer of 64 KiB.
#[tokio::test(flavor = "multi_thread")]
async fn long_answers_have_their_end() -> Result<()> {
    const REQUESTS: u64 = 200;
    for make in ["nghttpd", "Node.js"] {
        let watch = Watch::start("long").await?;
        for (connections, streams) in [(4, 1), (4, 8), (REQUESTS, 1)] {
            let server = Make::start(make, &watch.cgroup)?;
            let url = format!("http://127.0.0.1:{}/long", server.port());
            let (requests, clients, depth) = (REQUESTS.to_string(), connections.to_string(), streams.to_string());
            let printed = run(&watch.cgroup, "h2load", &["-n", &requests, "-c", &clients, "-m", &depth, &url])?;
            ensure!(printed.contains(&format!("{REQUESTS} succeeded")), "{printed}");
            let all = format!("destination.port = {} and network.protocol = \"http2\"", server.port());
            watch.requests_by(&all, &[], 2 * REQUESTS).await?;
            let ended = format!("{all} and latency > 0s and response_bytes > {LONG}");
            let rows = watch.requests_by(&ended, &["url.path"], 2 * REQUESTS).await?;
            let what = format!(
                "HTTP/2 answers of 1 MiB by {make} with their end, {connections} connections, {streams} streams each"
            );
            line(7, &what, REQUESTS, &rows).lost(watch.lost().await?).exact()?;
        }
    }
    Ok(())
}

/// What was said before is not known: header compression refers to it. Requests are counted all the same.
#[tokio::test(flavor = "multi_thread")]
async fn streams_of_connections_older_than_the_daemon_are_counted() -> Result<()> {
    const CONNECTIONS: u64 = 4;
    const TIMES: u64 = 500;
    for make in ["nghttpd", "Node.js", "Rust"] {
        for streams in STREAMS {
            let mut watch = Watch::without_daemon("joined", &[]).await?;
            let server = Make::start(make, &watch.cgroup)?;
            let (go_on, log) = (watch.log_file().with_extension("go"), watch.log_file().with_extension("book"));
            let arguments = [CONNECTIONS, streams, TIMES].map(|number| number.to_string());
            let launch = Launch::new("peer", built_program("goldwire-peer")?)
                .args(["streams", &format!("127.0.0.1:{}", server.port())])
                .args(&arguments)
                .args([&go_on]);
            let mut client = launch.cgroup(&watch.cgroup)?.log(&log)?.spawn()?;
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            watch.start_daemon().await?;
            fs::write(&go_on, "")?;
            let ended = client.wait(std::time::Duration::from_secs(60))?.context("the client does not end")?;
            ensure!(ended.success(), "{}", fs::read_to_string(&log)?);
            let sent = PeerBook::read(&log)?.total();
            let filter = format!("destination.port = {} and network.protocol = \"http2\"", server.port());
            let rows = watch.requests_by(&filter, &["url.path", "http.response.status_code"], 2 * sent).await?;
            let what = format!("HTTP/2 requests to {make}, {streams} streams a connection, joined in its middle");
            line(7, &what, sent, &rows).lost(watch.lost().await?).exact()?;
            let is_honest = |row: &_| matches!(text(row, "url.path"), "" | "/item");
            ensure!(rows.iter().all(is_honest), "a path was guessed: {rows:?}");
        }
    }
    Ok(())
}

/// The daemon's own door is gRPC's: its command line asks, and both say what came of it.
#[tokio::test(flavor = "multi_thread")]
async fn grpc_calls_have_their_method_and_status() -> Result<()> {
    const TIMES: u64 = 10;
    let watch = Watch::start("grpc").await?;
    let (program, node) = (built_program("goldwire")?, watch.address.to_string());
    let program = program.to_string_lossy();
    for _ in 0..TIMES {
        run(&watch.cgroup, &program, &["status", "--node", &node])?;
    }
    let filter = format!("destination.port = {} and network.protocol = \"grpc\"", watch.address.port());
    let fields = ["rpc.method", "rpc.status_code"];
    let rows = watch.requests_by(&filter, &fields, TIMES).await?;
    let is_right = |row: &&_| {
        text(row, "rpc.method") == "arrow.flight.protocol.FlightService/DoAction"
            && row["rpc.status_code"].to_string().trim_matches('"') == "0"
    };
    let seen: u64 = rows.iter().filter(is_right).map(|row| count(row, "count()")).sum();
    ensure!(seen == TIMES, "{rows:?}");
    Line::new(7, "gRPC calls with their method and status", TIMES).client(seen).exact()
}
