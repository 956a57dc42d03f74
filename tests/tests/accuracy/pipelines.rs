//! Trial 3, on new connections: many requests with one write, before anybody knows what runs there.

use std::{
    io::{BufRead, BufReader, Read as _, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::Launch;
use goldwire_tests::{
    programs::{Link, Nginx, PeerBook, built_program, run},
    sheet::Line,
    watch::{Row, Watch, count},
};
use tempfile::TempDir;

use crate::{BOOK, as_book, line};

/// Small requests, whose answers are told apart by their statuses.
const SMALL: &str = "GET:/:0,GET:/missing:0,HEAD:/:0,GET:/empty:0,GET:/moved:0";
/// Requests and answers that do not fit into one capture, among small ones.
const LARGE: &str =
    "POST:/:30000,GET:/files/large:0,GET:/missing:0,POST:/empty:700,GET:/files/medium:0,HEAD:/files/large:0";

/// Connections, requests a write, writes a connection, and what is asked.
type Case = (usize, usize, usize, &'static str);

#[tokio::test(flavor = "multi_thread")]
async fn new_connections_with_many_requests_a_write_are_exact() -> Result<()> {
    const CASES: [Case; 9] = [
        (60, 1, 3, SMALL),
        (60, 2, 3, SMALL),
        (60, 10, 3, SMALL),
        (60, 44, 3, SMALL),
        (60, 45, 3, SMALL),
        (60, 100, 3, SMALL),
        (20, 1_000, 2, SMALL),
        (60, 1, 6, LARGE),
        (60, 10, 3, LARGE),
    ];
    let watch = Watch::start("waves").await?;
    let nginx = nginx_with_files(Nginx::start(&watch.cgroup)?)?;
    let mut book = PeerBook::default();
    for case in CASES {
        let (program, arguments) = waves(nginx.address, case)?;
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        book.add(PeerBook::parse(&run(&watch.cgroup, &program, &arguments)?)?);
    }
    let what = "requests on 440 new connections, 1 to 1,000 a write, small and large";
    expect(&watch, &nginx, &book, what).await
}

#[tokio::test(flavor = "multi_thread")]
async fn new_connections_between_nodes_with_many_requests_a_write_are_exact() -> Result<()> {
    const CASES: [Case; 4] = [(30, 2, 3, SMALL), (30, 45, 3, SMALL), (30, 100, 3, SMALL), (30, 10, 3, LARGE)];
    let watch = Watch::start("waves-link").await?;
    let link = Link::create("goldwire-test-wav")?;
    let nginx = nginx_with_files(Nginx::start_at(&watch.cgroup, Some(&link.server), link.server_address)?)?;
    let (folder, mut book) = (TempDir::new()?, PeerBook::default());
    for (number, case) in CASES.into_iter().enumerate() {
        link.offload(number % 2 == 0)?;
        let (program, arguments) = waves(nginx.address, case)?;
        let printed = folder.path().join(number.to_string());
        let launch = Launch::new("waves", program).args(arguments).cgroup(&watch.cgroup)?.namespace(&link.client)?;
        let ended = launch.log(&printed)?.spawn()?.wait(Duration::from_secs(30))?;
        ensure!(ended.is_some_and(|status| status.success()), "the client failed: {ended:?}");
        book.add(PeerBook::read(&printed)?);
    }
    expect(&watch, &nginx, &book, "requests between two nodes on 120 new connections, 2 to 100 a write").await
}

/// From the first request that is whole.
#[tokio::test(flavor = "multi_thread")]
async fn adopted_connections_with_many_requests_a_write_are_exact() -> Result<()> {
    let mut watch = Watch::without_daemon("waves-adopted", &[]).await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    // The connections are this process's own: nginx's end of them is in the watched group.
    let open = |depth| Ok((depth, TcpStream::connect(nginx.address)?));
    let mut streams = [1, 2, 10, 44, 45, 100, 1_000].map(open).into_iter().collect::<Result<Vec<_>>>()?;
    for (depth, stream) in &mut streams {
        ask_over(stream, *depth, "before")?;
    }
    watch.start_daemon().await?;
    let mut asked = 0;
    for (depth, stream) in &mut streams {
        for _ in 0..2 {
            ask_over(stream, *depth, "after")?;
            asked += *depth as u64;
        }
    }
    drop(streams);
    let filter = format!("destination.port = {} and reporter = \"server\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &BOOK, asked).await?;
    let of =
        |path: &str| rows.iter().filter(|row| is_answered(row, path)).map(|row| count(row, "count()")).sum::<u64>();
    let what = "requests on connections older than the daemon, 1 to 1,000 a write";
    Line::new(15, what, asked).server(of("/after") + of("/missing")).lost(watch.lost().await?).exact()
}

fn is_answered(row: &Row, path: &str) -> bool {
    let status = if path == "/missing" { "404" } else { "200" };
    row["url.path"] == path && row["http.response.status_code"].to_string().contains(status)
}

/// Every other request is for what is missing.
fn ask_over(stream: &mut TcpStream, depth: usize, path: &str) -> Result<()> {
    let paths = ["missing", path].into_iter().cycle().take(depth);
    let wave: String = paths.map(|path| format!("GET /{path} HTTP/1.1\r\nHost: h\r\n\r\n")).collect();
    stream.write_all(wave.as_bytes())?;
    let mut reader = BufReader::new(stream);
    for _ in 0..depth {
        let (mut length, mut line) = (0, String::new());
        while line != "\r\n" {
            line.clear();
            ensure!(reader.read_line(&mut line)? > 0, "nginx closed the connection");
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse()?;
            }
        }
        std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink())?;
    }
    Ok(())
}

fn nginx_with_files(nginx: Nginx) -> Result<Nginx> {
    nginx.write_file("large", 150_000)?;
    nginx.write_file("medium", 20_000)?;
    Ok(nginx)
}

/// The client's program and its arguments.
fn waves(to: SocketAddr, (connections, depth, times, questions): Case) -> Result<(String, Vec<String>)> {
    let program = built_program("goldwire-peer")?.to_str().context("a path that is no text")?.to_owned();
    let amounts = [connections, depth, times].map(|amount| amount.to_string());
    let arguments = ["waves".to_owned(), to.to_string()].into_iter().chain(amounts).chain([questions.to_owned()]);
    Ok((program, arguments.collect()))
}

/// Both ends have the client's book, with nothing lost.
async fn expect(watch: &Watch, nginx: &Nginx, book: &PeerBook, what: &str) -> Result<()> {
    let filter = format!("destination.port = {} and network.protocol = \"http\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &BOOK, 2 * book.total()).await?;
    let lost = watch.lost().await?;
    line(3, what, book.total(), &rows).lost(lost).exact()?;
    for reporter in ["client", "server"] {
        assert_eq!(as_book(&rows, reporter), book.exchanges, "{reporter}, {lost} lost");
    }
    Ok(())
}
