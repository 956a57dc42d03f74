//! Trials 1 to 3: exchanges, however many and however deep.

use anyhow::{Result, ensure};
use goldwire_tests::{
    programs::{Nginx, Peer, h2load, run},
    sheet::Line,
    watch::{Watch, count, text},
};
use serde_json::json;

use crate::{BOOK, as_book, line};

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_requests_are_counted_at_both_ends() -> Result<()> {
    let watch = Watch::start("keepalive").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let load = h2load(&watch.cgroup, 100_000, 64, 1, &[nginx.url("/")])?;
    assert_eq!(load.answered, 100_000);

    let filter = format!("destination.port = {} and url.path = \"/\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &["http.request.method", "http.response.status_code"], 200_000).await?;
    line(1, "keep-alive requests over 64 connections", 100_000, &rows).lost(watch.lost().await?).exact()?;
    assert_eq!(rows.len(), 2, "one method, one status: {rows:?}");

    // Counted once where nobody asks who reports.
    let once = watch
        .rows(json!({ "queryType": "table", "table": "requests", "filter": filter, "aggregates": ["count()"] }))
        .await?;
    Line::new(14, "the same where nobody asks who reports", 100_000).server(count(&once[0], "count()")).exact()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_connections_of_one_request_are_exact() -> Result<()> {
    const CONNECTIONS: u64 = 20_000;
    let watch = Watch::start("single").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let url = nginx.url("/?[1-2000]");
    for _ in 0..CONNECTIONS / 2_000 {
        run(&watch.cgroup, "curl", &["-s", "-H", "Connection: close", "-o", "/dev/null", &url])?;
    }
    let port = nginx.address.port();
    let filter = format!("destination.port = {port} and network.protocol = \"http\"");
    let rows = watch.requests_by(&filter, &["http.response.status_code"], 2 * CONNECTIONS).await?;
    line(2, "connections of one request: requests", CONNECTIONS, &rows).lost(watch.lost().await?).exact()?;
    ensure!(rows.iter().all(|row| row["http.response.status_code"].to_string().contains("200")), "invented: {rows:?}");

    let query = json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port} and ending != \"\""),
        "groupBy": ["reporter", "ending"], "aggregates": ["count()"],
    });
    let is_whole = |rows: &[_]| rows.iter().map(|row| count(row, "count()")).sum::<u64>() >= 2 * CONNECTIONS;
    let rows = watch.settled(query, is_whole).await?;
    let ended: Vec<_> = rows.into_iter().filter(|row| !text(row, "ending").is_empty()).collect();
    line(2, "connections of one request: connects and accepts", CONNECTIONS, &ended).exact()?;
    ensure!(ended.iter().all(|row| text(row, "ending") == "closed"), "a clean close is no failure: {ended:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_and_statuses_of_a_known_mix_are_exact() -> Result<()> {
    let watch = Watch::start("mix").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let mix = [("GET", "/", 200, 7), ("GET", "/missing", 404, 5), ("GET", "/broken", 500, 3), ("HEAD", "/", 200, 4)];
    let more = [("GET", "/empty", 204, 6), ("POST", "/moved", 301, 2), ("DELETE", "/", 200, 1)];
    for (method, path, _, times) in mix.iter().chain(&more) {
        for _ in 0..*times {
            // `-I` is curl's way to send HEAD and not wait for a body.
            let how: &[&str] = if *method == "HEAD" { &["-I"] } else { &["-X", method] };
            run(&watch.cgroup, "curl", &[&["-s", "-o", "/dev/null"], how, &[&nginx.url(path)]].concat())?;
        }
    }
    let total: u64 = mix.iter().chain(&more).map(|(.., times)| times).sum();
    let fields = ["http.request.method", "url.path", "http.response.status_code"];
    let filter = format!("destination.port = {} and network.protocol = \"http\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &fields, 2 * total).await?;
    let mut seen: Vec<_> = rows
        .iter()
        .map(|row| {
            let status = row["http.response.status_code"].to_string().trim_matches('"').to_owned();
            let [method, path] = [fields[0], fields[1]].map(|field| text(row, field).to_owned());
            (text(row, "reporter").to_owned(), method, path, status, count(row, "count()"))
        })
        .collect();
    seen.sort();
    let mut wanted = Vec::new();
    for reporter in ["client", "server"] {
        for (method, path, status, times) in mix.iter().chain(&more) {
            wanted.push((reporter.to_owned(), (*method).to_owned(), (*path).to_owned(), status.to_string(), *times));
        }
    }
    wanted.sort();
    line(3, "a known mix of methods, paths and statuses", total, &rows).exact()?;
    assert_eq!(seen, wanted);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelines_sixteen_deep_are_exact() -> Result<()> {
    let watch = Watch::start("pipeline").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let load = h2load(&watch.cgroup, 32_000, 8, 16, &[nginx.url("/"), nginx.url("/missing")])?;
    let filter = format!("destination.port = {} and url.path in (\"/\", \"/missing\")", nginx.address.port());
    let rows = watch.requests_by(&filter, &["http.response.status_code"], 64_000).await?;
    line(3, "pipelines 16 deep", 32_000, &rows).lost(watch.lost().await?).exact()?;
    for row in &rows {
        let status = row["http.response.status_code"].to_string().trim_matches('"').parse::<u16>()?;
        assert_eq!(Some(&count(row, "count()")), load.statuses.get(&status), "status {status}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_answers_in_a_pipeline_find_their_requests() -> Result<()> {
    let watch = Watch::start("slow-pipeline").await?;
    let server = Peer::start(&watch.cgroup)?;
    let book = server.talk(&watch.cgroup, &["pipelines", &server.address.to_string(), "16", "200"])?;
    let filter = format!("destination.port = {} and network.protocol = \"http\"", server.address.port());
    let rows = watch.requests_by(&filter, &BOOK, 2 * book.total()).await?;
    line(3, "pipelines 16 deep with fast and slow answers", book.total(), &rows).exact()?;
    for reporter in ["client", "server"] {
        assert_eq!(as_book(&rows, reporter), book.exchanges, "{reporter}");
        // Fast answers wait behind slow ones; no answer may have got another's time.
        let slow = rows.iter().find(|row| text(row, "reporter") == reporter && text(row, "url.path") == "/slow/3");
        let median = slow.and_then(|row| row["p50(latency)"].as_f64()).unwrap_or(0.0);
        ensure!(median >= 0.003, "{reporter}: a slow answer took {median} s");
    }
    Ok(())
}
