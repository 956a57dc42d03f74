//! The memory of queries over very many distinct values, measured by the allocator. Alone in its process, and one test
//! at a time, so that nothing else is counted.

mod ordinary;
mod peak;
#[expect(dead_code, reason = "the suite uses the rest of the world")]
#[path = "../suite/common/records.rs"]
mod records;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use goldwire_answer::{
    Body, PartialAnswer,
    groups::{Groups, StateColumn},
};
use goldwire_history::{Cancel, Execute, ExecuteError, History, Options};
use goldwire_model::{
    query::Query,
    record::{ConnectionId, Ending, FlowEvent, Protocol, Record},
    time::Timestamp,
};
use records::World;

pub(crate) const START: i64 = 1_800_000_000;
pub(crate) const SECOND: i64 = 1_000_000_000;
const SECONDS: i64 = 600;
const MIB: usize = 1 << 20;
/// What one query may take here.
const ONE: usize = 8 * MIB;
/// Paths that are asked for again and again, among very many that are asked for once.
const HOT: u64 = 10;

const BY_PATH: &str = r#"["url.path"]"#;
const BY_EIGHT: &str = r#"["url.path","source.workload","destination.workload","http.request.method","source.address","destination.address","source.pid","source.port"]"#;
const BY_THREE: &str = r#"["url.path","source.workload","destination.workload"]"#;

/// One test at a time: the allocator counts all threads.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A history of `count` requests, every second one of a hot path, the others each of a path of its own.
fn history(count: u64) -> History {
    let history = History::new(Options {
        memory: 96 * MIB,
        query_memory: ONE,
        queries_memory: 2 * ONE,
        ..Options::new("node-1", Timestamp(START * SECOND))
    });
    let mut world = World::new(5, 40);
    let step = SECONDS * SECOND / count as i64;
    for part in (0..count).collect::<Vec<_>>().chunks(4_096) {
        let records: Vec<Record> = part
            .iter()
            .flat_map(|number| [request(&mut world, *number, step), flow(&mut world, *number, step)])
            .collect();
        history.append_all(&records);
    }
    history
}

fn request(world: &mut World, number: u64, step: i64) -> Record {
    let mut request = world.request(START * SECOND + number as i64 * step);
    let path = if number.is_multiple_of(2) {
        format!("/hot/{}", number / 2 % HOT)
    } else {
        format!("/once/{number}/and-some-more")
    };
    request.connection = ConnectionId(number);
    request.ends.joined = false;
    request.protocol = Protocol::Http;
    request.detail = ordinary::http(path);
    Record::Request(request)
}

/// A connection of its own, at its start; each fourth has ended by the next report.
fn flow(world: &mut World, number: u64, step: i64) -> Record {
    let mut flow = world.flow(START * SECOND + number as i64 * step);
    let ends = number % 4 == 3;
    flow.event = if ends { FlowEvent::End } else { FlowEvent::Start };
    flow.ending = ends.then_some(Ending::Closed);
    flow.connection = ConnectionId(if ends { number - 1 } else { number });
    flow.ends.source_port = number as u16;
    flow.ends.joined = false;
    Record::Flow(flow)
}

fn query(rest: &str) -> Query {
    query_over(SECONDS, rest)
}

/// Of so many seconds from the start on.
fn query_over(seconds: i64, rest: &str) -> Query {
    let (from, to) = (START * 1_000, (START + seconds) * 1_000);
    let json = format!("{{\"partial\":true,\"from\":{from},\"to\":{to},{rest}}}");
    Query::from_json(&json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// Executes within the memory that is stated, and no single allocation takes most of it.
fn execute(history: &History, rest: &str) -> PartialAnswer {
    let query = query(rest);
    let now = Timestamp((START + SECONDS) * SECOND);
    let (executed, most, largest) =
        peak::of(|| history.execute_unless(&query, now, Execute::default(), &Cancel::default()));
    println!("{:>9} KiB at most, {:>7} KiB at once: {rest:.110}", most >> 10, largest >> 10);
    assert!(most <= ONE, "{} KiB of {} KiB: {rest}", most >> 10, ONE >> 10);
    assert!(largest <= ONE / 2, "{} KiB at once: {rest}", largest >> 10);
    executed.expect("an answer").answer
}

fn groups(answer: PartialAnswer) -> Groups {
    match answer.body {
        Body::Groups(groups) => groups,
        other => panic!("no groups: {other:?}"),
    }
}

fn counts(groups: &Groups) -> &[u64] {
    match &groups.states[0] {
        StateColumn::Count(counts) => counts,
        other => panic!("no count: {other:?}"),
    }
}

/// Totals are exact, each hot path's count is, and what is left out is said.
fn check_by_path(history: &History, group_by: &str, count: u64) {
    let rest =
        format!("\"queryType\":\"table\",\"table\":\"requests\",\"aggregates\":[\"count()\"],\"groupBy\":{group_by}");
    let answer = execute(history, &rest);
    let (folded, notes) = (answer.coverage.folded_groups, answer.coverage.notes.join("; "));
    let groups = groups(answer);
    assert_eq!(counts(&groups).iter().sum::<u64>(), count, "{group_by}: {notes}");
    if count > 20_000 {
        assert!(folded > 0 && notes.contains("counted under `other`"), "{folded}: {notes}");
    }
    match group_by {
        // So many that even those of one path are too many.
        BY_EIGHT => return,
        BY_THREE => return check_shown(history, group_by, &groups),
        _ => {}
    }
    for number in 0..HOT {
        let hot = format!("/hot/{number}");
        let of_path =
            groups.keys[0].values.iter().zip(counts(&groups)).filter(|(key, _)| key.as_deref() == Some(&*hot));
        assert_eq!(of_path.map(|(_, count)| count).sum::<u64>(), count / 2 / HOT, "{hot} {group_by}: {notes}");
    }
}

/// Each group that is shown of a hot path has what it has where it is asked for alone.
fn check_shown(history: &History, group_by: &str, shown: &Groups) {
    let rest = format!(
        "\"queryType\":\"table\",\"table\":\"requests\",\"aggregates\":[\"count()\"],\"groupBy\":{group_by},\
         \"filter\":\"url.path = \\\"/hot/0\\\"\",\"limit\":10000"
    );
    let exact = groups(execute(history, &rest));
    // Keys that serve the merge stand behind those that were asked for.
    let asked = group_by.matches(',').count() + 1;
    let by_keys = |groups: &Groups| {
        let mut counted = BTreeMap::<Vec<Option<Arc<str>>>, u64>::new();
        for (row, count) in counts(groups).iter().enumerate() {
            let keys = groups.keys[..asked].iter().map(|key| key.values[row].clone()).collect();
            *counted.entry(keys).or_default() += count;
        }
        counted
    };
    let (exact, shown) = (by_keys(&exact), by_keys(shown));
    let of_hot = shown.iter().filter(|(keys, _)| keys[0].as_deref() == Some("/hot/0"));
    for (keys, count) in of_hot {
        assert_eq!(exact.get(keys), Some(count), "{keys:?}");
    }
}

#[test]
fn groups_of_very_many_values_stay_within_memory_and_totals_stay_exact() {
    let _alone = alone();
    for count in [20_000, 40_000] {
        let history = history(count);
        for group_by in [BY_PATH, BY_THREE, BY_EIGHT] {
            check_by_path(&history, group_by, count);
        }
        for prefix in ["", "/hot", "/once/19"] {
            let rest = format!("\"queryType\":\"values\",\"field\":\"url.path\",\"prefix\":\"{prefix}\",\"limit\":20");
            let Body::Values { values, .. } = execute(&history, &rest).body else { panic!("no values") };
            assert!(values.iter().all(|(value, _)| value.starts_with(prefix)));
            if prefix != "/once/19" {
                let hot: Vec<_> = values.iter().filter(|(_, often)| *often == count / 2 / HOT).collect();
                assert_eq!(hot.len() as u64, HOT, "{values:?}");
            } else {
                assert_eq!(values.len(), 20);
            }
        }
        assert_eq!(history.query_memory().taken(), 0, "all is given back");
    }
}

#[test]
fn other_kinds_of_answers_stay_within_memory() {
    let _alone = alone();
    let count = 27_000;
    let history = history(count);
    let by_path_and_step =
        r#""queryType":"signals","signals":["request_rate"],"groupBy":["url.path"],"step":"100ms","limit":1000"#;
    let steps = groups(execute(&history, by_path_and_step));
    assert_eq!(counts(&steps).iter().sum::<u64>(), count);
    let everything = r#""queryType":"signals","signals":["request_rate","error_ratio","latency_p50","latency_avg","latency_max","request_bytes"],"groupBy":["url.path","source.address","destination.address"],"step":"1s""#;
    let steps = groups(execute(&history, everything));
    assert_eq!(counts(&steps).iter().sum::<u64>(), count);
    for rest in [
        r#""queryType":"signals","signals":["active_connections","bytes_sent"],"groupBy":["source.address","source.port"],"step":"100ms""#,
        r#""queryType":"signals","signals":["network_time_p95"],"groupBy":["url.path"],"step":"1s""#,
        r#""queryType":"signals","signals":["latency_p95"],"groupBy":["url.path"],"step":"60s""#,
        r#""queryType":"heatmap","signal":"latency","step":"100ms""#,
        r#""queryType":"serviceMap","groupBy":"address""#,
        r#""queryType":"requests","limit":10000,"orderBy":["url.path"]"#,
        r#""queryType":"flows","limit":10000"#,
        r#""queryType":"table","table":"requests","aggregates":["p99(latency)","max(latency)"],"groupBy":["url.path"],"orderBy":["-max(latency)"]"#,
    ] {
        execute(&history, rest);
    }
}

#[test]
fn values_of_a_whole_window_become_buckets_where_there_is_no_room_for_them() {
    let _alone = alone();
    let history = history(40_000);
    let rest = r#""queryType":"table","table":"requests","aggregates":["p99(latency)","p50(latency)","p90(response_bytes)","p90(request_bytes)"]"#;
    let answer = execute(&history, rest);
    assert_eq!(answer.coverage.quantiles, goldwire_answer::coverage::Exactness::Sketch);
}

#[test]
fn a_cancelled_query_ends_at_the_next_chunk_and_gives_its_memory_back() {
    let _alone = alone();
    let history = history(7_000);
    let cancel = Cancel::default();
    cancel.cancel();
    let now = Timestamp((START + SECONDS) * SECOND);
    for rest in [
        r#""queryType":"table","table":"requests","aggregates":["count()"],"groupBy":["url.path"]"#,
        r#""queryType":"requests","limit":10000"#,
        r#""queryType":"values","field":"url.path""#,
    ] {
        let ended = history.execute_unless(&query(rest), now, Execute::default(), &cancel);
        assert_eq!(ended.map(|_| ()), Err(ExecuteError::Cancelled), "{rest}");
    }
    assert_eq!(history.query_memory().taken(), 0);
}

#[test]
fn a_query_without_memory_to_begin_with_is_refused() {
    let _alone = alone();
    let history = history(1_000);
    let (now, how) = (Timestamp((START + SECONDS) * SECOND), Execute::default());
    let query = query(r#""queryType":"table","table":"requests","aggregates":["count()"]"#);
    let mut held = Vec::new();
    let refused = loop {
        match history.execute_unless(&query, now, how, &Cancel::default()) {
            Ok(executed) => held.push(executed),
            Err(error) => break error,
        }
    };
    assert_eq!(held.len(), 16, "an eighth of what one may take, of twice that");
    assert_eq!(refused, ExecuteError::NoMemory { all: 2 * ONE });
    held.pop();
    assert!(history.execute(&query, now, how).is_ok());
}
