//! What is wrong is said in words that help, and harms nobody.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    ops::Range,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use goldwire_tests::system::{System, checked, now_millis, numbers, shown};
use goldwire_workbench::{frame::Frame, plugin_host::DataSource};
use serde_json::{Value, json};

crate::tests![
    queries_that_are_wrong_are_told_what_is_wrong,
    a_range_upside_down_is_refused,
    a_range_without_history_says_so,
    a_thousand_groups_are_cut_and_totals_stay_true,
    nodes_that_are_none_are_named_with_the_reason,
    settings_that_do_not_fit_say_which,
    garbage_does_not_harm_a_daemon,
];

fn queries_that_are_wrong_are_told_what_is_wrong(system: &mut System) -> Result<()> {
    let signals = |more: Value| merged(json!({ "queryType": "signals", "signals": ["request_rate"] }), more);
    let table =
        |more: Value| merged(json!({ "queryType": "table", "table": "requests", "aggregates": ["count()"] }), more);
    let cases = [
        // Filters.
        (json!({ "queryType": "flows", "filter": "destination.port = = 1" }), vec!["destination.port = = 1", "^"]),
        (json!({ "queryType": "flows", "filter": "destination.port = 1 and" }), vec!["`filter`", "^"]),
        (json!({ "queryType": "flows", "filter": "(destination.port = 1" }), vec!["`filter`", "^"]),
        (json!({ "queryType": "flows", "filter": "url.path =~ \"[\"" }), vec!["`filter`", "^"]),
        (json!({ "queryType": "flows", "filter": "source.address in (10.0.0.0/99)" }), vec!["`filter`", "10.0.0.0/99"]),
        (json!({ "queryType": "flows", "filter": "latency > 5 parsecs" }), vec!["`filter`", "parsecs"]),
        (json!({ "queryType": "flows", "filter": 5 }), vec!["`filter` must be a text"]),
        // Fields.
        (json!({ "queryType": "flows", "filter": "destination.wrkload = \"x\"" }), vec!["destination.workload"]),
        (
            signals(json!({ "groupBy": ["destination.workloda"] })),
            vec!["`groupBy`", "did you mean `destination.workload`?"],
        ),
        (signals(json!({ "groupBy": ["latency"] })), vec!["`groupBy`", "`latency` is a number or a time"]),
        (
            signals(json!({ "groupBy": ["drop.reason"] })),
            vec!["`groupBy`", "table requests has no field `drop.reason`", "request_rate"],
        ),
        (
            json!({ "queryType": "flows", "columns": ["url.path"] }),
            vec!["`columns`", "table flows has no field `url.path`; it is in requests"],
        ),
        (
            json!({ "queryType": "serviceMap", "groupBy": "http.route" }),
            vec!["a service map groups by a property of an end"],
        ),
        // Signals.
        (json!({ "queryType": "signals", "signals": ["request_rat"] }), vec!["did you mean `request_rate`?"]),
        (json!({ "queryType": "signals", "signals": [] }), vec!["`signals` is empty"]),
        (json!({ "queryType": "signals" }), vec!["query has no `signals`"]),
        (json!({ "queryType": "heatmap", "signal": "request_rate" }), vec!["a heatmap shows latencies and sizes"]),
        // Keys and types.
        (json!({ "queryType": "flows", "fliter": "" }), vec!["no key `fliter`", "did you mean `filter`?"]),
        (json!({ "queryType": "signal" }), vec!["there is no query type `signal`", "did you mean `signals`?"]),
        (json!({ "queryType": 7 }), vec!["`queryType` must be a text"]),
        (json!({}), vec!["query has no `queryType`"]),
        (json!({ "queryType": "flows", "as": "traces" }), vec!["flows cannot be shown as traces"]),
        (json!({ "queryType": "requests", "as": "songs" }), vec!["`as` must be table, logs or traces"]),
        // Numbers.
        (signals(json!({ "limit": 0 })), vec!["`limit` must be from 1 to 1000"]),
        (signals(json!({ "limit": -5 })), vec!["`limit` must be from 1 to 1000"]),
        (json!({ "queryType": "flows", "limit": 1_000_000 }), vec!["`limit` must be from 1 to 10000"]),
        (signals(json!({ "step": "1 fortnight" })), vec!["`step`"]),
        (signals(json!({ "step": "1s", "from": 0, "to": now_millis() })), vec!["`step`: the range would have"]),
        // Aggregates.
        (table(json!({ "aggregates": ["p99(latency"] })), vec!["`aggregates`: `p99(latency`"]),
        (table(json!({ "aggregates": ["median(latency)"] })), vec!["there is no function `median`"]),
        (table(json!({ "aggregates": ["p101(latency)"] })), vec!["no number from 0 to 100"]),
        (table(json!({ "aggregates": ["sum(bytes_sent)"] })), vec!["table requests has no field `bytes_sent`"]),
        (table(json!({ "orderBy": ["latency"] })), vec!["`orderBy`: `latency` is neither"]),
        (table(json!({ "table": "tables" })), vec!["`table` must be flows, requests, drops or processes"]),
    ];
    for (query, fragments) in cases {
        let answer = system.ask(&query)?;
        let said = answer.error.clone().with_context(|| format!("{query} was answered"))?;
        ensure!(answer.status == 400, "{query}: status {}: {said}", answer.status);
        for fragment in fragments {
            ensure!(said.contains(fragment), "{query}: {fragment:?} is not in {said:?}");
        }
    }
    answers_still(system)
}

fn merged(mut query: Value, more: Value) -> Value {
    if let (Some(keys), Value::Object(more)) = (query.as_object_mut(), more) {
        keys.extend(more);
    }
    query
}

/// The next question is answered as if nothing had been.
fn answers_still(system: &System) -> Result<()> {
    let query = json!({ "queryType": "table", "table": "requests", "aggregates": ["count()"] });
    let frame = system.frame(query)?;
    ensure!(numbers(&frame, "count()")?[0] > 0.0 && frame.coverage()["nodesAnswered"] == 3, "{}", shown(&frame));
    Ok(())
}

fn kinds() -> [Value; 7] {
    [
        json!({ "queryType": "signals", "signals": ["request_rate", "latency_p95"], "groupBy": ["destination.workload"] }),
        json!({ "queryType": "heatmap", "signal": "latency" }),
        json!({ "queryType": "serviceMap" }),
        json!({ "queryType": "flows" }),
        json!({ "queryType": "requests", "as": "logs" }),
        json!({ "queryType": "table", "table": "requests", "groupBy": ["url.path"], "aggregates": ["p99(latency)"] }),
        json!({ "queryType": "values", "field": "destination.workload" }),
    ]
}

fn a_range_upside_down_is_refused(system: &mut System) -> Result<()> {
    let now = now_millis();
    for query in kinds() {
        for (from, to) in [(now, now - 60_000), (now, now)] {
            let answer = system.ask_of(&system.source, &query, (from, to))?;
            let said = answer.error.with_context(|| format!("{query} was answered"))?;
            ensure!(answer.status == 400 && said.contains("must be before `to`"), "{query}: {}, {said}", answer.status);
        }
    }
    answers_still(system)
}

fn a_range_without_history_says_so(system: &mut System) -> Result<()> {
    let hour = 3_600_000;
    let now = now_millis();
    for (window, notice) in
        [((now + hour, now + 2 * hour), "future"), ((now - 9 * hour, now - 8 * hour), "history begins at")]
    {
        for query in kinds() {
            let frames = system.frames_within(query.clone(), window)?;
            let notices = frames[0].notices().join("\n");
            ensure!(notices.contains(notice), "{query} over {window:?} says {notices:?}");
            ensure!(frames.iter().all(all_nothing), "{query} over {window:?}: {}", shown(&frames[0]));
        }
    }
    Ok(())
}

/// No rows, or none that counts anything.
fn all_nothing(frame: &Frame) -> bool {
    let numbers = frame.fields.iter().filter(|field| field.is_number());
    frame.row_count() == 0 || numbers.flat_map(|field| field.numbers()).flatten().all(|number| number == 0.0)
}

/// Requests from outside of all nodes over one connection, each for a path of its own.
fn ask_for_paths(numbers: Range<usize>) -> Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::new(10, 77, 0, 1), 80))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    for number in numbers {
        stream.write_all(format!("HEAD /no-such-path/{number} HTTP/1.1\r\nHost: gateway.demo\r\n\r\n").as_bytes())?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut part = [0; 4096];
            let length = stream.read(&mut part)?;
            ensure!(length > 0, "the gateway closed the connection at {number}");
            answer.extend_from_slice(&part[..length]);
        }
    }
    Ok(())
}

fn a_thousand_groups_are_cut_and_totals_stay_true(system: &mut System) -> Result<()> {
    const PATHS: usize = 1_200;
    let filter = "url.path = \"/no-such-path/*\" and source.address = 10.77.0.254";
    // nginx closes a connection after a thousand requests.
    ask_for_paths(0..PATHS / 2)?;
    ask_for_paths(PATHS / 2..PATHS)?;
    let count = json!({ "queryType": "table", "table": "requests", "aggregates": ["count()"], "filter": filter });
    let of_all = |frame: &Frame| numbers(frame, "count()").is_ok_and(|counts| counts == [PATHS as f64]);
    system.frame_when(count, of_all)?;
    // A step that is not over is no whole second.
    let window = system.settled(60);

    let series = json!({ "queryType": "signals", "signals": ["request_rate"], "step": "1s", "filter": filter,
        "groupBy": ["url.path", "source.port"] });
    let frames = system.frames_within(series, window)?;
    ensure!(frames.len() == 21, "twenty series and the rest, not {}", frames.len());
    let sum: f64 =
        frames.iter().map(|frame| numbers(frame, "request_rate")).collect::<Result<Vec<_>>>()?.concat().iter().sum();
    ensure!((sum - PATHS as f64).abs() < 1e-6, "{sum} requests in the series of {PATHS}");

    let rows = json!({ "queryType": "table", "table": "requests", "groupBy": ["url.path"], "aggregates": ["count()"],
        "filter": filter });
    let frame = system.frame(merged(rows.clone(), json!({ "limit": 10 })))?;
    ensure!(frame.row_count() == 10 || frame.row_count() == 11, "{}", shown(&frame));
    let notices = frame.notices().join("\n");
    ensure!(notices.contains("limit"), "the cut is not told: {notices:?}");
    let whole = system.frame(merged(rows, json!({ "limit": 10_000 })))?;
    ensure!(whole.row_count() == PATHS, "{} groups of {PATHS}", whole.row_count());
    Ok(())
}

/// Accepts connections, says this to each, and lets them hang.
fn listener(words: &'static [u8]) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(words);
            open.push(stream);
        }
    });
    Ok(address)
}

fn nodes_that_are_none_are_named_with_the_reason(system: &mut System) -> Result<()> {
    let silent = listener(b"")?.to_string();
    let garbage = listener(b"\xff\x00\xffthis is no node\r\n\r\n\x16\x03\x01")?.to_string();
    let web = listener(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")?.to_string();
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string();
    let reasons = [
        (&silent, "no answer in time"),
        (&garbage, "does not speak TLS"),
        (&web, "does not speak TLS"),
        (&closed, "connection refused"),
    ];
    let nodes = [system.nodes(), reasons.iter().map(|(node, _)| (*node).clone()).collect()].concat();
    let source = system.source_with(&[("nodes", json!(nodes)), ("timeoutSeconds", json!(2))]);
    for query in kinds() {
        let frames = checked(&query, system.ask_of(&source, &query, system.all_time())?)?;
        let notices = frames[0].notices().join("\n");
        ensure!(notices.contains("3 of 7 nodes answered"), "{query}: {notices}");
        for (node, reason) in reasons {
            let told = notices.split(node.as_str()).nth(1).with_context(|| format!("{node} is not in {notices}"))?;
            ensure!(
                told.starts_with(" (") && told.split(')').next().is_some_and(|why| why.contains(reason)),
                "{node}: {told}"
            );
        }
        ensure!(!frames[0].fields.is_empty() && frames[0].row_count() > 0, "{query}: three nodes have answers");
    }
    // Without TLS the garbage reaches the protocol itself.
    let plain = system.source_with(&[
        ("nodes", json!([garbage, web])),
        ("tlsAuthWithCACert", json!(false)),
        ("timeoutSeconds", json!(2)),
    ]);
    let answer = system.ask_of(&plain, &kinds()[0], system.all_time())?;
    let said = answer.error.context("garbage was answered")?;
    ensure!(answer.status == 502 && said.starts_with("no node answered: "), "{}: {said}", answer.status);
    for node in [&garbage, &web] {
        ensure!(said.contains(node.as_str()), "{node} is not named: {said}");
    }
    answers_still(system)
}

fn settings_that_do_not_fit_say_which(system: &mut System) -> Result<()> {
    let with = |settings: &[(&str, Value)]| system.source_with(settings);
    let secret = |key: &str, value: &str| {
        let mut source = with(&[]).with_secret(key, value);
        source.uid = format!("secret-{key}");
        source
    };
    let authority = goldwire_demo::credentials::Authority::create()?;
    let cases: Vec<(DataSource, u16, &str)> = vec![
        (secret("token", "not the token"), 502, "token is not accepted"),
        (secret("tlsCACert", authority.certificate()), 502, "it was issued by no authority that is trusted here"),
        (with(&[("tlsAuthWithCACert", json!(false))]), 502, "the token is not sent without TLS"),
        (with(&[("serverName", json!("elsewhere.example"))]), 502, "it is for another name"),
        (with(&[("nodes", json!([])), ("nodesDns", json!("nodes.invalid"))]), 502, "nodes.invalid"),
        (with(&[("nodes", json!([]))]), 400, "no nodes are configured"),
        (with(&[("nodes", json!(["a b"]))]), 400, "nodes: `a b`"),
        (with(&[("enforcedFilter", json!("destination.por = 1"))]), 400, "enforcedFilter: "),
        (with(&[("timeoutSeconds", json!(-1))]), 400, "invalid timeoutSeconds -1: expected seconds"),
    ];
    for (source, status, fragment) in cases {
        let answer = system.ask_of(&source, &kinds()[0], system.all_time())?;
        let said = answer.error.with_context(|| format!("{} was answered", source.json_data))?;
        ensure!(answer.status == status && said.contains(fragment), "{}: {}: {said}", source.json_data, answer.status);
        // "Save & test" must not say that all is well.
        let (ok, message) = system.health(&source)?;
        ensure!(!ok && message.contains(fragment), "{}: {message}", source.json_data);
    }
    Ok(())
}

fn garbage_does_not_harm_a_daemon(system: &mut System) -> Result<()> {
    let before: BTreeSet<String> = recording_since(system)?;
    for node in system.nodes() {
        let address: SocketAddr = node.parse()?;
        for words in
            [&b""[..], b"GET / HTTP/1.1\r\n\r\n", &[0xff; 4096], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"]
        {
            let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
            stream.set_read_timeout(Some(Duration::from_millis(200)))?;
            // The daemon may hang up before all is said.
            let _ = stream.write_all(words).and_then(|()| stream.read(&mut [0; 64]));
        }
    }
    answers_still(system)?;
    let after = recording_since(system)?;
    if before != after {
        bail!("a daemon began anew: {before:?}, {after:?}");
    }
    Ok(())
}

/// When each node began to record.
fn recording_since(system: &System) -> Result<BTreeSet<String>> {
    let nodes = system.get("nodes")?.json()?;
    Ok(nodes
        .as_array()
        .into_iter()
        .flatten()
        .map(|node| format!("{} {}", node["name"], node["recordingSince"]))
        .collect())
}
