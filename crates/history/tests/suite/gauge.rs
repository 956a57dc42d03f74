//! Active connections.

use std::collections::BTreeMap;

use crate::common::{SECOND, START, execute, groups, history, query, records::World};
use goldwire_answer::{coverage::Tier, groups::StateColumn};
use goldwire_history::History;
use goldwire_model::{
    record::{ConnectionId, Ending, FlowEvent, FlowRecord, Record, Reporter},
    time::Timestamp,
};

/// A report of connection `id`, all between the same two local ends.
fn report(id: u64, event: FlowEvent, start: i64, time: i64) -> FlowRecord {
    let mut world = World::new(1, 1);
    let mut record = world.flow((START + time) * SECOND);
    record.start = Timestamp((START + start) * SECOND);
    record.since = record.time;
    record.connection = ConnectionId(id);
    record.event = event;
    record.ending = (event == FlowEvent::End).then_some(Ending::Closed);
    record.ends.reporter = Reporter::Server;
    record.ends.joined = false;
    record
}

/// Value at the end of each step, by its seconds after the start.
fn gauge(history: &History, from: i64, to: i64, now: i64, filter: &str) -> (BTreeMap<i64, u64>, Tier) {
    let text = format!(
        r#""queryType":"signals","signals":["active_connections"],"groupBy":["destination.port"],"step":"10s","filter":"{filter}""#
    );
    let answer = execute(history, &query(from, to, &text), now);
    let tier = answer.coverage.tier;
    let groups = groups(answer);
    let StateColumn::Count(counts) = &groups.states[0] else { panic!("no count") };
    let values = groups.steps.iter().zip(counts).map(|(step, count)| (step / 1_000 - START, *count)).collect();
    (values, tier)
}

fn steps(range: std::ops::Range<i64>, value: u64) -> impl Iterator<Item = (i64, u64)> {
    range.step_by(10).map(move |step| (step, value))
}

#[test]
fn a_connection_counts_from_its_start_to_its_end_through_quiet_steps() {
    let records = [
        Record::Flow(report(1, FlowEvent::Start, 5, 5)),
        Record::Flow(report(2, FlowEvent::Adopted, 12, 12)),
        Record::Flow(report(1, FlowEvent::End, 5, 505)),
        Record::Flow(report(3, FlowEvent::Start, 7, 7)),
        Record::Flow(report(3, FlowEvent::End, 7, 9)),
    ];
    let history = history(8 << 20, &records);
    let (values, tier) = gauge(&history, 0, 600, 600, "");
    let expected: BTreeMap<i64, u64> = steps(0..10, 1).chain(steps(10..500, 2)).chain(steps(500..600, 1)).collect();
    assert_eq!((values, tier), (expected.clone(), Tier::Raw));
    // A window amid the quiet time knows what was opened before and ended after it.
    assert_eq!(gauge(&history, 200, 260, 600, "").0, steps(200..260, 2).collect());
    // Nothing is said of steps that have not begun.
    assert_eq!(gauge(&history, 590, 900, 612, "").0, steps(590..620, 1).collect());
}

#[test]
fn the_filter_and_the_latest_names_apply_to_open_connections() {
    let mut start = report(1, FlowEvent::Start, 5, 5);
    start.ends.reporter = Reporter::Client;
    let mut update = report(1, FlowEvent::Update, 5, 15);
    update.ends.reporter = Reporter::Client;
    update.ends.joined = true;
    let other_end = report(1, FlowEvent::Start, 5, 6);
    let history = history(8 << 20, &[Record::Flow(start), Record::Flow(other_end), Record::Flow(update)]);
    assert_eq!(gauge(&history, 0, 20, 20, "").0, steps(0..20, 1).collect(), "both ends are one connection");
    assert_eq!(gauge(&history, 0, 20, 20, r#"source.workload = \"nobody\""#).0, BTreeMap::new());
}

#[test]
fn failed_connects_and_unknown_ends_do_not_count() {
    let mut refused = report(8, FlowEvent::End, 3, 3);
    refused.ending = Some(Ending::Refused);
    let history = history(8 << 20, &[Record::Flow(refused), Record::Flow(report(9, FlowEvent::End, 1, 4))]);
    let (values, _) = gauge(&history, 0, 20, 20, "");
    assert!(values.values().all(|open| *open == 0), "{values:?}");
}

#[test]
fn rollups_tell_the_same_after_the_raw_records_have_gone() {
    let connections: Vec<(u64, i64, i64)> = (0..200).map(|id| (id, id as i64 * 2, id as i64 * 2 + 300)).collect();
    let mut records: Vec<(i64, Record)> = Vec::new();
    for (id, start, end) in &connections {
        records.push((*start, Record::Flow(report(*id, FlowEvent::Start, *start, *start))));
        records.push((*end, Record::Flow(report(*id, FlowEvent::End, *start, *end))));
    }
    // One that stays busy, and so pushes the others' raw records out.
    records.push((0, Record::Flow(report(1_000, FlowEvent::Start, 0, 0))));
    for time in 0..900 {
        for _ in 0..60 {
            records.push((time, Record::Flow(report(1_000, FlowEvent::Update, 0, time))));
        }
    }
    records.sort_by_key(|(time, _)| *time);
    let records: Vec<Record> = records.into_iter().map(|(_, record)| record).collect();
    let (values, tier) = gauge(&history(3 << 20, &records), 300, 900, 900, "");
    assert_ne!(tier, Tier::Raw);
    for (step, value) in values {
        let open = connections.iter().filter(|(_, start, end)| *start < step + 10 && *end >= step + 10).count();
        assert_eq!(value, open as u64 + 1, "at {step}");
    }
}
