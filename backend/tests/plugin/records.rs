//! A small world: `web` on one node calls `api` on another; `api` calls `db` on its own node.

use std::{net::IpAddr, sync::Arc, time::Duration};

use goldwire_model::{
    record::{
        ConnectionId, Detail, DropRecord, Endpoint, Ends, ExchangeError, FlowEvent, FlowRecord, Protocol, Record,
        Reporter, RequestRecord, TcpState, Transport, Verdict,
    },
    time::Timestamp,
};

/// The range of all queries, in milliseconds since the epoch.
pub(crate) const FROM: i64 = 1_700_000_000_000;
/// A minute later.
pub(crate) const TO: i64 = FROM + 60_000;

/// Exchanges from `web` to `api`, each a second apart; every fifth fails.
pub(crate) const EXCHANGES: u64 = 50;

/// The trace that all of them bear.
pub(crate) const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

fn endpoint(address: [u8; 4], workload: Option<&str>, node: &str) -> Arc<Endpoint> {
    let known = workload.is_some();
    Arc::new(Endpoint {
        address: IpAddr::from(address),
        local: known,
        workload: workload.map(Into::into),
        namespace: None,
        pod: None,
        service: None,
        container: None,
        image: None,
        process: workload.map(Into::into),
        executable: None,
        pid: known.then_some(7),
        ancestry: None,
        node: known.then(|| node.into()),
        dns: None,
        reverse_dns: None,
        proxied_address: None,
        labels: if known { [("app".into(), "shop".into()), ("odd key".into(), "*".into())].into() } else { [].into() },
    })
}

fn at(second: u64, millisecond: u64) -> Timestamp {
    Timestamp::from_millis(FROM + (second * 1_000 + millisecond) as i64)
}

fn exchange(second: u64, ends: Ends, connection: u64, started: u64, took: u64) -> Record {
    exchange_of("/items/1", second, ends, connection, started, took)
}

fn exchange_of(path: &str, second: u64, ends: Ends, connection: u64, started: u64, took: u64) -> Record {
    let failed = second.is_multiple_of(5);
    Record::Request(RequestRecord {
        time: at(second, started + took),
        start: at(second, started),
        connection: ConnectionId(connection),
        ends,
        position: None,
        protocol: Protocol::Http,
        latency: Some(Duration::from_millis(took)),
        latency_first_byte: Some(Duration::from_millis(took)),
        request_bytes: 100,
        response_bytes: 1_000,
        error: failed.then_some(ExchangeError::Status),
        trace_id: Some([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
        span_id: Some([9; 8]),
        detail: Detail::Http {
            method: Some("GET".into()),
            path: Some(path.into()),
            route: Some("/items/{id}".into()),
            host: None,
            status: Some(if failed { 500 } else { 200 }),
            user_agent: None,
            error_code: None,
        },
    })
}

fn flow(second: u64, ends: Ends, connection: u64) -> Record {
    Record::Flow(FlowRecord {
        time: at(second, 0),
        since: at(second, 0),
        start: at(second, 0),
        connection: ConnectionId(connection),
        ends,
        event: FlowEvent::Start,
        state: Some(TcpState::Established),
        ending: None,
        verdict: Verdict::Forwarded,
        tcp_flags: 2,
        bytes_sent: 5_000,
        bytes_received: 50_000,
        packets_sent: 50,
        packets_received: 60,
        retransmits: 1,
        resets: 0,
        rtt: Some(Duration::from_micros(200)),
        rtt_min: Some(Duration::from_micros(100)),
        connect_latency: None,
        tls_sni: None,
        tls_alpn: None,
        tls_version: None,
        tls_handshake_latency: None,
        protocol: Some(Protocol::Http),
    })
}

fn dropped(ends: Ends) -> Record {
    Record::Drop(DropRecord { time: at(0, 0), ends, reason: "NETFILTER_DROP".into(), place: None, count: 1, bytes: 60 })
}

fn ends(source: Arc<Endpoint>, destination: Arc<Endpoint>, port: u16, reporter: Reporter, joined: bool) -> Ends {
    Ends {
        source,
        source_port: 40_000,
        destination,
        destination_port: port,
        transport: Transport::Tcp,
        reporter,
        role_is_guess: false,
        joined,
        pairing: None,
    }
}

/// What the node of `web` sees: its own end only.
pub(crate) fn of_web() -> Vec<Record> {
    let (web, api) = (endpoint([10, 0, 0, 1], Some("web"), "node-web"), endpoint([10, 0, 0, 2], None, ""));
    let ends = || ends(Arc::clone(&web), Arc::clone(&api), 8080, Reporter::Client, false);
    let mut records = vec![flow(0, ends(), 1)];
    records.extend((0..EXCHANGES).map(|second| exchange(second, ends(), 1, 0, 20)));
    records
}

/// What the node of `api` and `db` sees: its end of the calls from `web`, and both ends of the calls to `db`.
pub(crate) fn of_api() -> Vec<Record> {
    let web = endpoint([10, 0, 0, 1], None, "");
    let api = endpoint([10, 0, 0, 2], Some("api"), "node-api");
    let db = endpoint([10, 0, 0, 2], Some("db"), "node-api");
    let from_web = || ends(Arc::clone(&web), Arc::clone(&api), 8080, Reporter::Server, false);
    let to_db = |reporter| ends(Arc::clone(&api), Arc::clone(&db), 5432, reporter, true);
    let mut records = vec![flow(0, from_web(), 1), flow(0, to_db(Reporter::Server), 2)];
    for second in 0..EXCHANGES {
        records.push(exchange(second, to_db(Reporter::Client), 2, 5, 6));
        records.push(exchange(second, to_db(Reporter::Server), 2, 6, 4));
        records.push(exchange(second, from_web(), 1, 2, 16));
    }
    records
}

/// Names and paths as nobody expects them: those of the model's table that a record can have.
pub(crate) fn odd_names() -> Vec<String> {
    let table = include_str!("../../../crates/model/tests/odd_values.json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(table).unwrap();
    let texts = rows.iter().filter(|row| row["field"] == "url.path").filter_map(|row| row["value"].as_str());
    // `other` stands for what is not shown, and is told apart by nobody.
    texts.filter(|text| !text.is_empty() && *text != "other").map(str::to_owned).collect()
}

/// Who calls whom in the odd world: each name calls the name behind it, on the path of its own name, a few times. The last
/// ones call addresses that no node knows, one of them by its DNS name.
pub(crate) const ODD_CALLS: u64 = 3;

/// What the nodes of the callers and of the called see of it.
pub(crate) fn odd() -> [Vec<Record>; 2] {
    let names = odd_names();
    let mut seen = [Vec::new(), Vec::new()];
    for (number, name) in names.iter().enumerate() {
        let callee = names.get(number + 1).map(String::as_str);
        let low = u8::try_from(number).unwrap();
        let address = |net: u8| [10, net, 0, low];
        let calls = |seen: &mut Vec<Record>, ends: &dyn Fn() -> Ends| {
            seen.push(flow(0, ends(), number as u64));
            seen.extend((0..ODD_CALLS).map(|second| exchange_of(name, second, ends(), number as u64, 0, 20)));
        };
        let caller = endpoint(address(1), Some(name), "node-a");
        let unknown = endpoint(address(2), None, "");
        calls(&mut seen[0], &|| ends(Arc::clone(&caller), Arc::clone(&unknown), 8080, Reporter::Client, false));
        // A drop is seen by one node, which does not know the other end.
        seen[0].push(dropped(ends(Arc::clone(&caller), Arc::clone(&unknown), 8080, Reporter::Client, false)));
        if let Some(callee) = callee {
            let called = endpoint(address(2), Some(callee), "node-b");
            let unknown = endpoint(address(1), None, "");
            calls(&mut seen[1], &|| ends(Arc::clone(&unknown), Arc::clone(&called), 8080, Reporter::Server, false));
        }
    }
    let caller = endpoint([10, 3, 0, 1], Some("caller \"of\" others*"), "node-a");
    let by_name = Endpoint { dns: Some("api.example.com".into()), ..(*endpoint([203, 0, 113, 9], None, "")).clone() };
    for (number, server) in [endpoint([203, 0, 113, 8], None, ""), Arc::new(by_name)].iter().enumerate() {
        let ends = || ends(Arc::clone(&caller), Arc::clone(server), 443, Reporter::Client, false);
        let connection = 1_000 + number as u64;
        seen[0].push(flow(0, ends(), connection));
        seen[0].extend((0..ODD_CALLS).map(|second| exchange_of("/out", second, ends(), connection, 0, 20)));
    }
    seen
}
