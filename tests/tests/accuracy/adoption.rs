//! Trial 15: connections that are older than the daemon, and daemons that come and go.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::Launch;
use goldwire_tests::{
    programs::{Nginx, Peer, PeerBook, built_program, run},
    sheet::Line,
    watch::{Row, Watch, count, text},
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn connections_older_than_the_daemon_are_adopted() -> Result<()> {
    let mut watch = Watch::without_daemon("adopted", &[]).await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    // The connection is this process's own: nginx's end of it is in the watched group.
    let mut stream = TcpStream::connect(nginx.address)?;
    ask_over(&mut stream, 3)?;
    watch.start_daemon().await?;
    ask_over(&mut stream, 5)?;
    let filter = format!("destination.port = {} and reporter = \"server\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &["url.path"], 5).await?;
    let seen = rows.iter().map(|row| count(row, "count()")).sum();
    Line::new(15, "requests on a connection older than the daemon", 5).server(seen).exact()?;
    drop(stream);
    let flows = json!({
        "queryType": "table", "table": "flows", "filter": filter,
        "aggregates": ["sum(bytes_sent)", "min(bytes_sent)"],
    });
    let rows = watch.settled(flows, |rows| rows.iter().any(|row| count(row, "sum(bytes_sent)") > 0)).await?;
    assert_eq!(
        count(&rows[0], "sum(bytes_sent)"),
        5 * REQUEST.len() as u64,
        "what came before the daemon is not counted"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_talk_while_the_daemon_starts_are_understood() -> Result<()> {
    const CONNECTIONS: u64 = 8;
    let mut watch = Watch::without_daemon("starting", &[]).await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let (started, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let talk = || {
        let (started, ended, address) = (Arc::clone(&started), Arc::clone(&ended), nginx.address);
        std::thread::spawn(move || -> Result<u64> {
            let mut stream = TcpStream::connect(address)?;
            let mut after = 0;
            while !ended.load(Ordering::Relaxed) {
                after += u64::from(started.load(Ordering::Relaxed));
                ask_over(&mut stream, 1)?;
                std::thread::sleep(Duration::from_millis(2));
            }
            Ok(after)
        })
    };
    let talking: Vec<_> = (0..CONNECTIONS).map(|_| talk()).collect();
    watch.start_daemon().await?;
    started.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(1)).await;
    ended.store(true, Ordering::Relaxed);
    let asked = talking.into_iter().map(|thread| thread.join().expect("a client panicked")).sum::<Result<u64>>()?;
    ensure!(asked > CONNECTIONS, "{asked} requests after the start show nothing");
    let filter = format!("destination.port = {} and reporter = \"server\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &["url.path"], asked).await?;
    let (known, unknown): (Vec<_>, Vec<_>) = rows.iter().partition(|row| text(row, "url.path") == "/");
    let total = |rows: &[&Row]| rows.iter().map(|row| count(row, "count()")).sum::<u64>();
    assert!(total(&known) >= asked, "{asked} asked: {rows:?}");
    assert!(total(&unknown) <= CONNECTIONS, "only what was under way at the start may be unknown: {rows:?}");
    Ok(())
}

/// A new daemon has nothing of the old one's memory: it begins at zero, and sees from then on all there is.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_killed_under_load_comes_back_without_a_jump() -> Result<()> {
    let mut watch = Watch::start("killed").await?;
    let server = Peer::start(&watch.cgroup)?;
    let to = server.address.to_string();
    let log = watch.log_file().with_extension("steady");
    let launch = Launch::new("peer", built_program("goldwire-peer")?).args(["steady", &to, "8", "15"]);
    let mut client = launch.cgroup(&watch.cgroup)?.log(&log)?.spawn()?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    watch.kill_daemon()?;
    watch.start_daemon().await?;
    ensure!(client.wait(Duration::from_secs(30))?.is_some_and(|ended| ended.success()), "the client failed");

    let port = server.address.port();
    let filter = format!("destination.port = {port} and network.protocol = \"http\"");
    let rows = watch.requests_by(&filter, &["url.path"], 1).await?;
    let sent = PeerBook::read(&log)?.total();
    for reporter in ["client", "server"] {
        let ours = || rows.iter().filter(|row| text(row, "reporter") == reporter);
        let (known, unknown): (Vec<&Row>, Vec<&Row>) = ours().partition(|row| text(row, "url.path") == "/");
        let total = |rows: &[&Row]| rows.iter().map(|row| count(row, "count()")).sum::<u64>();
        ensure!(total(&known) + total(&unknown) < sent, "more than was sent: {rows:?}");
        ensure!(
            total(&known) > sent / 2,
            "{} of {sent}, though the daemon was away for a third of the time at most: {rows:?}",
            total(&known)
        );
        ensure!(total(&unknown) <= 8, "only what was under way may be unknown: {rows:?}");
    }
    let flows = json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port}"),
        "groupBy": ["reporter"], "aggregates": ["sum(bytes_sent)", "min(bytes_sent)", "count()"],
    });
    let most = sent * ("GET / HTTP/1.1\r\nHost: peer\r\n\r\n".len() as u64);
    for row in watch.rows(flows).await? {
        ensure!(row["min(bytes_sent)"].as_f64().context("a number")? >= 0.0, "a negative number: {row:?}");
        ensure!(count(&row, "sum(bytes_sent)") < most, "a jump: {row:?} of {most}");
    }
    Ok(())
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: adopted\r\n\r\n";

fn ask_over(stream: &mut TcpStream, times: usize) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    for _ in 0..times {
        stream.write_all(REQUEST)?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"hello from nginx\n") {
            let mut part = [0; 4096];
            let length = stream.read(&mut part)?;
            ensure!(length > 0, "nginx closed the connection");
            answer.extend_from_slice(&part[..length]);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_that_nobody_accepts_from_do_not_break_anything() -> Result<()> {
    let watch = Watch::start("unaccepted").await?;
    // Held by this process, outside of the watched group: only the client's end is seen.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3");
    run(&watch.cgroup, "bash", &["-c", &script])?;
    let filter = format!("destination.port = {port}");
    let rows = watch.requests_by(&filter, &["error.type"], 1).await?;
    assert_eq!(rows.len(), 1, "{rows:?}");
    // It went before anybody answered.
    assert_eq!((text(&rows[0], "reporter"), text(&rows[0], "error.type")), ("client", "closed_by_client"));
    Ok(())
}
