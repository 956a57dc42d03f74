//! Goldwire's counts against the programs' own, on the real kernel.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use goldwire_tests::{
    programs::{Dnsmasq, Nginx, free_port, h2load, run, undisturbed_h2load},
    watch::{Row, Watch, count, text},
};
use serde_json::{Value, json};

/// Each reporter's count of requests.
fn by_reporter(rows: &[Row]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(text(row, "reporter").to_owned()).or_default() += count(row, "count()");
    }
    counts
}

fn both(count: u64) -> BTreeMap<String, u64> {
    [("client".to_owned(), count), ("server".to_owned(), count)].into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_requests_are_counted_at_both_ends() -> Result<()> {
    let watch = Watch::start("keepalive").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let load = h2load(&watch.cgroup, 100_000, 64, 1, &[nginx.url("/")])?;
    assert_eq!(load.answered, 100_000);

    let filter = format!("destination.port = {} and url.path = \"/\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &["http.request.method", "http.response.status_code"], 200_000).await?;
    assert_eq!(by_reporter(&rows), both(100_000), "lost: {}", watch.lost().await?);
    assert_eq!(rows.len(), 2, "one method, one status: {rows:?}");

    // Counted once where nobody asks who reports.
    let once = watch
        .rows(json!({ "queryType": "table", "table": "requests", "filter": filter, "aggregates": ["count()"] }))
        .await?;
    assert_eq!(count(&once[0], "count()"), 100_000);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn latency_is_what_the_client_measures() -> Result<()> {
    let watch = Watch::start("latency").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let load = undisturbed_h2load(&watch.cgroup, 5_000, &nginx.url("/"))?;
    let filter = format!("destination.port = {} and url.path = \"/\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &[], 10_000).await?;
    let client = rows.iter().find(|row| text(row, "reporter") == "client").context("the client's row")?;
    for (column, quantile) in [("p50(latency)", 0.5), ("p99(latency)", 0.99)] {
        let ours = client.get(column).and_then(Value::as_f64).context("a latency")?;
        let theirs = load.quantile(quantile);
        let tolerance = (0.02 * theirs).max(200e-6);
        assert!((ours - theirs).abs() <= tolerance, "{column}: {ours} s here, {theirs} s by h2load");
    }
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
    assert_eq!(by_reporter(&rows), both(32_000));
    for row in &rows {
        let status = row["http.response.status_code"].to_string().trim_matches('"').parse::<u16>()?;
        assert_eq!(Some(&count(row, "count()")), load.statuses.get(&status), "status {status}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_counted_as_ss_counts_it() -> Result<()> {
    const GIGABYTE: u64 = 1 << 30;
    let watch = Watch::start("gigabyte").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    nginx.write_file("big", GIGABYTE)?;

    // A client of our own, so that the connection is still open when `ss` looks at it.
    let port = nginx.address.port();
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET /files/big HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3; \
         head -c {GIGABYTE} <&3 >/dev/null; ss -tieHn 'sport = :{port} and dst = 127.0.0.1'"
    );
    let printed = run(&watch.cgroup, "bash", &["-c", &script])?;
    let by_ss = field_of_ss(&printed, "bytes_sent:")? - field_of_ss(&printed, "bytes_retrans:").unwrap_or(0);

    let query = json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port} and bytes_received > 0 and reporter = \"server\""),
        "aggregates": ["sum(bytes_received)"],
    });
    let rows =
        watch.settled(query, |rows| rows.iter().any(|row| count(row, "sum(bytes_received)") >= GIGABYTE)).await?;
    assert_eq!(count(&rows[0], "sum(bytes_received)"), by_ss);
    Ok(())
}

fn field_of_ss(printed: &str, name: &str) -> Result<u64> {
    let start = printed.find(name).with_context(|| format!("ss has no {name}: {printed}"))? + name.len();
    let digits: String = printed[start..].chars().take_while(char::is_ascii_digit).collect();
    Ok(digits.parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_refused_connections_are_a_thousand_refused() -> Result<()> {
    let watch = Watch::start("refused").await?;
    let port = free_port()?;
    let script = format!("for i in $(seq 1000); do (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; done; true");
    run(&watch.cgroup, "bash", &["-c", &script])?;
    let query = json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port}"),
        "groupBy": ["ending", "verdict"], "aggregates": ["count()"],
    });
    let rows = watch.settled(query, |rows| rows.iter().map(|row| count(row, "count()")).sum::<u64>() >= 1000).await?;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((text(&rows[0], "ending"), text(&rows[0], "verdict")), ("refused", "refused"));
    assert_eq!(count(&rows[0], "count()"), 1000);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_do_not_exist_are_counted_exactly() -> Result<()> {
    let watch = Watch::start("dns").await?;
    let dnsmasq = Dnsmasq::start(&watch.cgroup, &[("here.test", Ipv4Addr::new(127, 0, 0, 9))])?;
    let port = format!("-p{}", dnsmasq.address.port());
    for number in 0..50 {
        for name in [format!("gone-{number}.test"), "here.test".to_owned()] {
            run(&watch.cgroup, "dig", &["@127.0.0.1", &port, "+tries=1", "+noedns", &name])?;
        }
    }
    let rows = watch.requests_by("network.protocol = \"dns\"", &["dns.response_code"], 200).await?;
    let mut seen: Vec<_> = rows
        .iter()
        .map(|row| (text(row, "reporter").to_owned(), text(row, "dns.response_code").to_owned(), count(row, "count()")))
        .collect();
    seen.sort();
    let of = |reporter: &str, code: &str| (reporter.to_owned(), code.to_owned(), 50);
    assert_eq!(
        seen,
        [of("client", "NOERROR"), of("client", "NXDOMAIN"), of("server", "NOERROR"), of("server", "NXDOMAIN")]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_clean_connections_have_no_drop() -> Result<()> {
    let mut watch = Watch::start("clean").await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    // Waiting for nginx knocked on a closed port, which is a drop.
    watch.begin_now();
    let url = nginx.url("/?[1-2000]");
    for _ in 0..5 {
        run(&watch.cgroup, "curl", &["-s", "-H", "Connection: close", "-o", "/dev/null", &url])?;
    }
    let filter = format!("destination.port = {} and url.path = \"/\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &["http.response.status_code"], 20_000).await?;
    assert_eq!(by_reporter(&rows), both(10_000));
    let port = nginx.address.port();
    let drops = json!({
        "queryType": "table", "table": "drops", "filter": format!("either.port = {port}"),
        "groupBy": ["drop.reason"], "aggregates": ["sum(count)"],
    });
    assert_eq!(watch.rows(drops).await?, Vec::<Row>::new());
    let endings = json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port} and ending != \"\" and reporter = \"client\""),
        "groupBy": ["ending"], "aggregates": ["count()"],
    });
    let endings = watch.rows(endings).await?;
    // A report that ends nothing has no ending.
    let ends: Vec<_> = endings.iter().filter(|row| !text(row, "ending").is_empty()).collect();
    assert!(
        ends.len() == 1 && text(ends[0], "ending") == "closed" && count(ends[0], "count()") == 10_000,
        "{endings:?}"
    );
    Ok(())
}

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
    assert_eq!(rows.iter().map(|row| count(row, "count()")).sum::<u64>(), 5, "{rows:?}");
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

/// The probes are attached one after the other: a connection of which the requests were seen and the answers were not yet
/// would be taken for a pipeline, and its answers would never find their requests.
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
async fn what_a_full_ring_loses_is_reported() -> Result<()> {
    // A ring far too small for the load.
    let watch = Watch::with_options("overload", &["--ring", "64KiB"]).await?;
    let nginx = Nginx::start(&watch.cgroup)?;
    let load = h2load(&watch.cgroup, 60_000, 64, 1, &[nginx.url("/")])?;
    let filter = format!("destination.port = {} and network.protocol = \"http\"", nginx.address.port());
    let rows = watch.requests_by(&filter, &[], 2 * load.answered).await?;
    let seen: u64 = by_reporter(&rows).values().sum();
    let lost = watch.lost().await?;
    assert!(seen <= 2 * load.answered, "{seen} seen of {}", 2 * load.answered);
    // An exchange has two events at each end; one lost event can cost one exchange, so the loss is never understated.
    assert!(seen + lost >= 2 * load.answered, "{seen} seen and {lost} events reported lost, of {}", 2 * load.answered);
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
    assert_eq!((text(&rows[0], "reporter"), text(&rows[0], "error.type")), ("client", "no_answer"));
    Ok(())
}
