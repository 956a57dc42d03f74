//! Reports on flows count in the time that they are about, whatever is asked of it, and whatever answers.

use std::collections::BTreeMap;

use goldwire_answer::groups::StateColumn;
use goldwire_history::History;
use goldwire_model::{
    record::{FlowEvent, FlowRecord, Record},
    time::Timestamp,
};
use proptest::prelude::*;

use crate::common::{SECOND, START, execute, groups, history, query, records::World};

const ROOMY: usize = 256 << 20;

const ALL: &str = r#""queryType":"table","table":"flows","aggregates":["sum(bytes_sent)","sum(retransmits)"],"filter":"reporter = \"server\" or reporter = \"client\"""#;

fn report(world: &mut World, since: i64, time: i64, bytes: u64) -> FlowRecord {
    let mut flow = world.flow(START * SECOND + time);
    flow.since = Timestamp(START * SECOND + since);
    flow.event = FlowEvent::Update;
    flow.ending = None;
    flow.ends.joined = false;
    flow.bytes_sent = bytes;
    flow
}

/// Bytes and retransmissions of a window in milliseconds after the start.
fn sums(history: &History, from: i64, to: i64) -> (f64, f64) {
    let mut asked = query(0, 1, ALL);
    asked.window = Some(goldwire_model::query::Window { from: START * 1_000 + from, to: START * 1_000 + to });
    let groups = groups(execute(history, &asked, 1_000));
    let total = |state: usize| match &groups.states[state] {
        StateColumn::Sum(values) => values.iter().sum::<f64>(),
        other => panic!("no sums: {other:?}"),
    };
    if groups.states.is_empty() { (0.0, 0.0) } else { (total(0), total(1)) }
}

/// Bytes by second after the start.
fn by_second(history: &History, to: i64, now: i64) -> BTreeMap<i64, u64> {
    let text = r#""queryType":"signals","signals":["bytes_sent"],"step":"1s""#;
    let groups = groups(execute(history, &query(0, to, text), now));
    let StateColumn::Count(counts) = &groups.states[0] else { panic!("no counts") };
    let mut seconds = BTreeMap::new();
    for (step, count) in groups.steps.iter().zip(counts).filter(|(_, count)| **count > 0) {
        *seconds.entry(step / 1_000 - START).or_default() += *count;
    }
    seconds
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_that_adjoin_add_up_to_the_whole(seed in any::<u64>(), mut cuts in prop::collection::vec(0..400_000_i64, 0..9)) {
        let mut world = World::new(seed, 20);
        let flows: Vec<Record> = world.records(400, 240).into_iter().filter(|record| matches!(record, Record::Flow(_))).collect();
        let history = history(ROOMY, &flows);
        let (mut bytes, mut retransmits) = (0, 0);
        for record in &flows {
            let Record::Flow(flow) = record else { continue };
            (bytes, retransmits) = (bytes + flow.bytes_sent, retransmits + flow.retransmits);
        }
        cuts.sort_unstable();
        let bounds: Vec<i64> = [-200_000].into_iter().chain(cuts).chain([500_000]).collect();
        let parts = bounds.windows(2).filter(|part| part[0] < part[1]).map(|part| sums(&history, part[0], part[1]));
        let (all_bytes, all_retransmits) = parts.fold((0.0, 0.0), |all, part| (all.0 + part.0, all.1 + part.1));
        prop_assert_eq!((all_bytes, all_retransmits), (bytes as f64, retransmits as f64));
    }

    /// Reports come once in a while; what is complete is said after each, and a step before that is never different again.
    #[test]
    fn a_step_that_is_complete_never_changes(
        seed in any::<u64>(), pauses in prop::collection::vec((1..4_000_i64, 0..3_000_i64, 0..3_000_000_u64), 1..40),
    ) {
        let mut world = World::narrow(seed);
        let history = history(ROOMY, &[]);
        let (mut now, mut complete, mut total) = (1_000_i64, 0, 0);
        let (mut finished, mut before) = (0, BTreeMap::new());
        for (pause, late, bytes) in pauses {
            now += pause;
            // A report may be about a time that was said to be complete: it is late, and counts behind it.
            let since = (now - pause - late).max(0);
            history.append(&Record::Flow(report(&mut world, since * 1_000_000, now * 1_000_000, bytes)));
            total += bytes;
            complete = complete.max(now - pause / 2);
            let at = Timestamp(START * SECOND + complete * 1_000_000);
            history.complete_until(at, at);
            let seconds = by_second(&history, 200, 1_000);
            for second in 0..finished {
                prop_assert_eq!(before.get(&second), seconds.get(&second), "{}", second);
            }
            (finished, before) = (complete / 1_000, seconds);
        }
        let at = Timestamp((START + 300) * SECOND);
        history.complete_until(at, at);
        prop_assert_eq!(by_second(&history, 200, 1_000).values().sum::<u64>(), total);
    }
}

#[test]
fn a_report_of_ten_seconds_is_no_lump() {
    let mut world = World::narrow(1);
    let flow = report(&mut world, 20_500_000_000, 30_500_000_000, 1_000);
    let history = history(ROOMY, &[Record::Flow(flow)]);
    let seconds = by_second(&history, 60, 100);
    assert_eq!(seconds.values().sum::<u64>(), 1_000);
    assert_eq!(seconds.keys().copied().collect::<Vec<_>>(), (20..=30).collect::<Vec<_>>());
    assert!((21..30).all(|second| seconds[&second].abs_diff(100) <= 1), "{seconds:?}");
    assert_eq!((seconds[&20] + seconds[&30]).abs_diff(100), 0);
}

#[test]
fn nothing_is_counted_behind_what_is_complete() {
    let mut world = World::narrow(1);
    let flow = report(&mut world, 10_000_000_000, 20_000_000_000, 1_000);
    let history = history(ROOMY, &[Record::Flow(flow)]);
    let at = |millis: i64| Timestamp(START * SECOND + millis * 1_000_000);
    history.complete_until(at(15_000), at(15_000));
    assert_eq!(by_second(&history, 60, 100).keys().next_back(), Some(&14));
    assert_eq!(sums(&history, 0, 60_000).0, 1_000.0, "without steps all that came counts");
    history.complete_until(at(14_000), at(16_000));
    // Six of its ten seconds, rounded down.
    assert!((599..=600).contains(&by_second(&history, 60, 100).values().sum::<u64>()));
}
