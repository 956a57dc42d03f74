//! What people look at every day is whole with the memory of the defaults.

use std::sync::Arc;

use goldwire_answer::{Body, groups::StateColumn};
use goldwire_history::{Cancel, Execute, History, Options};
use goldwire_model::{
    record::{ConnectionId, Detail, Endpoint, Ends, Protocol, Record, Reporter, RequestRecord, Transport},
    time::Timestamp,
};

use super::{MIB, SECOND, START, alone, peak, query_over, records};

const SECONDS: i64 = 1_200;

/// A history of so many requests, evenly over the time, in what a node with the default memory gives to queries.
fn history(count: u64, request: impl Fn(u64) -> (Detail, Ends)) -> History {
    let defaults = Options::new("node-1", Timestamp(START * SECOND));
    // All of it is to be there: how much is kept is not what is tested.
    let history = History::new(Options { memory: 1_024 * MIB, ..defaults });
    for part in (0..count).collect::<Vec<_>>().chunks(4_096) {
        let records: Vec<Record> = part.iter().map(|number| record(*number, count, request(*number))).collect();
        history.append_all(&records);
    }
    history
}

fn record(number: u64, count: u64, (detail, ends): (Detail, Ends)) -> Record {
    let time = Timestamp(START * SECOND + number as i64 * (SECONDS * SECOND / count as i64));
    let latency = std::time::Duration::from_micros(200 + number * 7_919 % 90_000);
    Record::Request(RequestRecord {
        time,
        start: time,
        connection: ConnectionId(number % 5_000),
        ends,
        position: None,
        protocol: Protocol::Http,
        latency: Some(latency),
        latency_first_byte: None,
        request_bytes: 100,
        response_bytes: 1_000,
        error: None,
        trace_id: None,
        span_id: None,
        detail,
    })
}

pub(crate) fn http(path: String) -> Detail {
    Detail::Http {
        method: Some("GET".into()),
        path: Some(path.into()),
        route: None,
        host: None,
        status: Some(200),
        user_agent: None,
        error_code: None,
    }
}

fn ends(source: &Arc<Endpoint>, destination: &Arc<Endpoint>, port: u16) -> Ends {
    Ends {
        source: Arc::clone(source),
        source_port: 40_000,
        destination: Arc::clone(destination),
        destination_port: port,
        transport: Transport::Tcp,
        reporter: Reporter::Client,
        role_is_guess: false,
        joined: false,
        pairing: None,
    }
}

/// Asks it as a panel does: nothing is folded, and the memory that is stated holds. Gives the count of all.
fn whole(history: &History, rest: &str) -> u64 {
    let (now, one) = (Timestamp((START + SECONDS) * SECOND), history.query_memory().one());
    let query = query_over(SECONDS, rest);
    let (executed, most, _) = peak::of(|| history.execute_unless(&query, now, Execute::default(), &Cancel::default()));
    let executed = executed.expect("an answer");
    let taken = executed.allowance.taken();
    println!("{:>7} KiB at most, {:>7} KiB taken of {}: {rest:.100}", most >> 10, taken >> 10, one >> 10);
    let coverage = executed.answer.coverage;
    assert_eq!((coverage.folded_groups, coverage.notes), (0, Vec::new()), "{rest}");
    assert!(most <= one, "{} KiB of {} KiB: {rest}", most >> 10, one >> 10);
    match executed.answer.body {
        Body::Groups(groups) => match &groups.states[0] {
            StateColumn::Count(counts) => counts.iter().sum(),
            _ => 0,
        },
        Body::Values { values, .. } => values.iter().map(|(_, count)| *count).sum(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn panels_of_many_series_and_steps_are_whole_at_the_defaults() {
    let _alone = alone();
    let count = 1_000_000;
    let here: Vec<Arc<Endpoint>> = (0..2).map(|number| Arc::new(records::endpoint(number))).collect();
    let history = history(count, |number| {
        (http(format!("/{}", number % 1_000)), ends(&here[0], &here[1], (number % 200) as u16))
    });
    for partial in
        [r#""groupBy":["url.path"],"step":"1s""#, r#""groupBy":["url.path","destination.workload"],"step":"1s""#]
    {
        let rate = format!(r#""queryType":"signals","signals":["request_rate"],"limit":1000,{partial}"#);
        assert_eq!(whole(&history, &rate), count);
    }
    for rest in [r#""groupBy":["url.path"],"step":"10s""#, r#""groupBy":["destination.port"],"step":"2s""#] {
        whole(&history, &format!(r#""queryType":"signals","signals":["latency_p95"],"limit":1000,{rest}"#));
    }
}

#[test]
fn maps_of_many_edges_and_many_values_are_whole_at_the_defaults() {
    let _alone = alone();
    let count = 100_000;
    let end = |number: u64, local: bool| {
        let name = format!("workload-{number}");
        let address = std::net::IpAddr::from([10, 1, (number / 250) as u8, (number % 250) as u8]);
        Arc::new(Endpoint { workload: local.then(|| name.into()), local, address, ..records::endpoint(0) })
    };
    let sources: Vec<_> = (0..100).map(|number| end(number, true)).collect();
    // Half of the edges leave the node.
    let destinations: Vec<_> = (100..150).map(|number| end(number, number % 2 == 0)).collect();
    let history = history(count, |number| {
        let (source, destination) = (&sources[(number % 100) as usize], &destinations[(number / 100 % 50) as usize]);
        (http(format!("/once/{number}")), ends(source, destination, 80))
    });
    whole(&history, r#""queryType":"serviceMap""#);
    assert_eq!(whole(&history, r#""queryType":"values","field":"url.path","limit":10000"#), 10_000);
}
