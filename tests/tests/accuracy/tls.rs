//! Trial 16: requests inside of TLS, by library, and connections of libraries that are not read.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, ensure};
use goldwire_tests::{
    programs::{Server, built_program, certificate, go_peer, h2load, h2load_http2, nginx_over_tls, run},
    watch::{Row, Watch, count, text},
};
use serde_json::{Value, json};

use crate::{BOOK, as_book, line};

/// nginx over TLS; OpenSSL encrypts for it.
fn nginx(watch: &Watch) -> Result<Server> {
    Server::start_in(&watch.cgroup, certificate()?, "nginx", |port, folder| {
        // A folder that was made a moment ago, or the start fails and says so.
        let _ = std::fs::write(folder.join("nginx.conf"), nginx_over_tls(port));
        let folder = folder.to_string_lossy();
        ["-p", &folder, "-c", "nginx.conf", "-e", "error.log"].map(str::to_owned).into()
    })
}

fn url(server: &Server, path: &str) -> String {
    format!("https://localhost:{}{path}", server.address.port())
}

/// What both ends saw on a server's port, against the client's own book, with the protocol that runs inside.
async fn exact(watch: &Watch, what: &str, port: u16, protocol: &str, book: &BTreeMap<String, u64>) -> Result<()> {
    let sent = book.values().sum();
    let filter = format!("destination.port = {port} and network.protocol = \"{protocol}\"");
    let rows = watch.requests_by(&filter, &BOOK, 2 * sent).await?;
    line(16, what, sent, &rows).lost(watch.lost().await?).exact()?;
    for reporter in ["client", "server"] {
        assert_eq!(&as_book(&rows, reporter), book, "{what}: {reporter}");
    }
    Ok(())
}

fn book_of<const COUNT: usize>(lines: [(&str, u64); COUNT]) -> BTreeMap<String, u64> {
    lines.into_iter().map(|(line, count)| (line.to_owned(), count)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_and_gnutls_with_nginx_are_exact() -> Result<()> {
    let watch = Watch::start("tls").await?;
    for (version, protocol, name) in [("--http1.1", "http", "HTTP/1.1"), ("--http2", "http2", "HTTP/2")] {
        let server = nginx(&watch)?;
        let (found, missing) = (url(&server, "/?[1-900]"), url(&server, "/missing?[1-100]"));
        let how = ["-s", "-k", "--ipv4", version, "-o", "/dev/null", &found, "-o", "/dev/null", &missing];
        run(&watch.cgroup, "curl", &how)?;
        let book = book_of([("GET / 200", 900), ("GET /missing 404", 100)]);
        exact(&watch, &format!("{name} over TLS: curl and nginx"), server.address.port(), protocol, &book).await?;
    }
    let server = nginx(&watch)?;
    let load = h2load(&watch.cgroup, 20_000, 16, 1, &[url(&server, "/")])?;
    let book = book_of([("GET / 200", load.answered)]);
    exact(&watch, "HTTP/1.1 over TLS: h2load and nginx", server.address.port(), "http", &book).await?;
    let server = nginx(&watch)?;
    let load = h2load_http2(&watch.cgroup, 20_000, 8, 10, &url(&server, "/"))?;
    let book = book_of([("GET / 200", load.answered)]);
    exact(&watch, "HTTP/2 over TLS: h2load and nginx", server.address.port(), "http2", &book).await?;
    let server = nginx(&watch)?;
    let urls: Vec<_> = (0..200).map(|_| url(&server, "/wget")).collect();
    let how = ["-q", "-O", "/dev/null", "--no-check-certificate"];
    run(&watch.cgroup, "wget", &how.into_iter().chain(urls.iter().map(String::as_str)).collect::<Vec<_>>())?;
    let book = book_of([("GET /wget 200", 200)]);
    exact(&watch, "HTTP/1.1 over TLS: wget (GnuTLS) and nginx", server.address.port(), "http", &book).await
}

/// The client asks for 100 things by POST and then for a teapot, and fails where an answer is another.
fn scripted() -> BTreeMap<String, u64> {
    let posted = (0..100).map(|index| (format!("POST /posted/{index} 200"), 1));
    posted.chain([("GET /teapot 418".to_owned(), 1)]).collect()
}

fn script_server(watch: &Watch, program: &str, script: &str) -> Result<Server> {
    Server::start_in(&watch.cgroup, certificate()?, program, |port, folder| {
        let _ = std::fs::write(folder.join("script"), script);
        vec!["script".to_owned(), port.to_string()]
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn python_and_node_js_are_exact() -> Result<()> {
    let watch = Watch::start("tls-scripts").await?;
    let server =
        script_server(&watch, "python3", include_str!("../../../node-daemon/tests/tls_plaintext/scripts/server.py"))?;
    let client = include_str!("../../../node-daemon/tests/tls_plaintext/scripts/client.py");
    run(&watch.cgroup, "python3", &["-c", client, &server.address.port().to_string()])?;
    exact(&watch, "HTTP/1.1 over TLS: Python at both ends", server.address.port(), "http", &scripted()).await?;

    let server =
        script_server(&watch, "node", include_str!("../../../node-daemon/tests/tls_plaintext/scripts/server.js"))?;
    watch.reads_program(server.id())?;
    let client = include_str!("../../../node-daemon/tests/tls_plaintext/scripts/client.js");
    run(&watch.cgroup, "node", &["-e", client, &server.address.port().to_string()])?;
    exact(&watch, "HTTP/1.1 over TLS: Node.js at both ends", server.address.port(), "http", &scripted()).await
}

fn go_server(watch: &Watch, program: &Path) -> Result<Server> {
    let server = Server::start_in(&watch.cgroup, certificate()?, &program.to_string_lossy(), |port, _| {
        vec!["serve".to_owned(), format!("127.0.0.1:{port}")]
    })?;
    watch.reads_program(server.id())?;
    Ok(server)
}

/// Runs the client to its end, and gives its own book.
fn ask(watch: &Watch, program: &Path, arguments: &[&str]) -> Result<BTreeMap<String, u64>> {
    let printed = run(&watch.cgroup, &program.to_string_lossy(), arguments)?;
    let book: Value = serde_json::from_str(&printed).with_context(|| format!("the client printed {printed}"))?;
    Ok(serde_json::from_value(book["exchanges"].clone())?)
}

#[tokio::test(flavor = "multi_thread")]
async fn go_is_exact_with_and_without_symbols() -> Result<()> {
    let watch = Watch::start("tls-go").await?;
    for (name, arguments, what) in [("peer", &[][..], "Go"), ("peer-stripped", &["-ldflags=-s -w"], "Go, stripped,")] {
        let program = go_peer(name, arguments)?;
        let server = go_server(&watch, &program)?;
        for (version, at_once, times, protocol) in [("http1", "1", "600", "http"), ("http2", "20", "100", "http2")] {
            let to = server.address.to_string();
            let book = ask(&watch, &program, &["ask", version, &to, "8", at_once, times])?;
            let shown = if protocol == "http" { "HTTP/1.1" } else { "HTTP/2" };
            let what = format!("{shown} over TLS: {what} at both ends");
            exact(&watch, &what, server.address.port(), protocol, &book).await?;
        }
    }
    Ok(())
}

/// Connections to a port that ended, by reporter, with what they are named.
async fn named(watch: &Watch, port: u16, total: u64) -> Result<Vec<Row>> {
    let query = json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port} and ending != \"\""),
        "groupBy": ["reporter", "ending", "network.protocol", "tls.sni", "tls.alpn", "tls.version"],
        "aggregates": ["count()", "min(tls_handshake_latency)"],
    });
    let is_whole = |rows: &[Row]| rows.iter().map(|row| count(row, "count()")).sum::<u64>() >= total;
    let rows = watch.settled(query, is_whole).await?;
    Ok(rows.into_iter().filter(|row| !text(row, "ending").is_empty()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_is_named_and_nothing_is_invented() -> Result<()> {
    const CONNECTIONS: u64 = 200;
    let watch = Watch::start("tls-opaque").await?;
    let program = built_program("goldwire-peer")?;
    let server = Server::start_in(&watch.cgroup, certificate()?, &program.to_string_lossy(), |port, folder| {
        ["tls".to_owned(), format!("127.0.0.1:{port}"), folder.to_string_lossy().into_owned()].into()
    })?;
    let (folder, connections) = (server.folder.path().to_string_lossy(), CONNECTIONS.to_string());
    let book = ask(&watch, &program, &["ask-tls", &server.address.to_string(), &folder, &connections, "5"])?;
    assert_eq!(book.values().sum::<u64>(), 5 * CONNECTIONS);

    let rows = named(&watch, server.address.port(), 2 * CONNECTIONS).await?;
    line(16, "rustls at both ends: connections that are named TLS, with the server's name", CONNECTIONS, &rows)
        .exact()?;
    for row in &rows {
        let names = ["network.protocol", "tls.sni", "tls.alpn", "tls.version"].map(|field| text(row, field));
        assert_eq!(names, ["tls", "localhost", "http/1.1", "1.3"], "{row:?}");
        ensure!(row["min(tls_handshake_latency)"].as_f64().is_some_and(|latency| latency > 0.0), "{row:?}");
    }
    let filter = format!("destination.port = {}", server.address.port());
    let requests = watch.requests_by(&filter, &[], 0).await?;
    line(16, "rustls at both ends: requests, of which none is readable", 0, &requests).exact()
}
