//! What is kept, what goes, and that answers say so.

use std::sync::Arc;

use crate::common::{
    SECOND, START, after, execute, groups, history, query,
    records::{World, endpoint as world_endpoint},
};
use goldwire_answer::{
    coverage::{Loss, LossStage, Tier},
    groups::{Groups, StateColumn},
};
use goldwire_model::record::{Endpoint, Record, Reporter};

fn total(groups: &Groups) -> u64 {
    match &groups.states[0] {
        StateColumn::Count(counts) => counts.iter().sum(),
        other => panic!("no count: {other:?}"),
    }
}

fn requests(records: &[Record]) -> u64 {
    records.iter().filter(|record| matches!(record, Record::Request(_))).count() as u64
}

const BOTH_REPORTS: &str = r#""queryType":"signals","signals":["request_rate"],"groupBy":["reporter"],"step":"60s""#;

#[test]
fn what_goes_moves_the_oldest_and_nothing_that_is_held_is_missing() {
    let records = World::new(11, 30).records(120_000, 1_200);
    let history = history(6 << 20, &records);
    let raw = query(
        1_150,
        1_200,
        r#""queryType":"signals","signals":["request_rate"],"groupBy":["reporter","source.pid"],"step":"10s""#,
    );
    let answer = execute(&history, &raw, 1_200);
    assert_eq!(answer.coverage.tier, Tier::Raw);
    let oldest = answer.coverage.oldest.unwrap();
    assert!(oldest > START * 1_000, "something went");
    let whole = query(
        0,
        1_200,
        r#""queryType":"signals","signals":["request_rate"],"groupBy":["reporter","source.pid"],"step":"10s""#,
    );
    let answer = execute(&history, &whole, 1_200);
    assert!(
        answer.coverage.notes.iter().any(|note| note.contains("groups are by source.pid, which only raw records have"))
    );
    assert_eq!(answer.coverage.oldest, Some(oldest));
    let held = records
        .iter()
        .filter(|record| matches!(record, Record::Request(request) if request.time.as_millis() >= oldest));
    assert!(total(&groups(answer)) >= held.count() as u64);
}

#[test]
fn a_table_that_lost_everything_says_since_when() {
    let mut records = World::narrow(7).records(60_000, 600);
    records.sort_by_key(|record| !matches!(record, Record::Saturation(_)));
    let history = history(1 << 20, &records);
    let counters = r#""queryType":"signals","signals":["zero_window_rate"],"step":"10s""#;
    let answer = execute(&history, &query(0, 600, counters), 600);
    let oldest = answer.coverage.oldest.expect("a beginning");
    assert_eq!(total(&groups(answer)), 0, "all were freed");
    assert!(oldest > (START + 500) * 1_000, "{oldest}");
}

#[test]
fn late_records_reach_the_step_that_they_belong_to() {
    let mut world = World::narrow(3);
    let mut records: Vec<Record> =
        (0..100_000).map(|number| Record::Request(world.request(START * SECOND + number * 6_000_000))).collect();
    for late in 0..500 {
        records.push(Record::Request(world.request((START + 90) * SECOND + late)));
    }
    let history = history(4 << 20, &records);
    let query = query(60, 120, BOTH_REPORTS);
    let answer = execute(&history, &query, 700);
    assert_ne!(answer.coverage.tier, Tier::Raw, "the raw records are gone");
    assert!(answer.coverage.oldest.unwrap() <= (START + 60) * 1_000);
    assert_eq!(total(&groups(answer)), 10_000 + 500);
}

#[test]
fn too_many_series_are_counted_together_and_totals_stay() {
    let mut world = World::new(5, 4_000);
    let records: Vec<Record> =
        (0..80_000).map(|number| Record::Request(world.request(START * SECOND + number * 7_000_000))).collect();
    let history = history(8 << 20, &records);
    let answer = execute(&history, &query(360, 540, BOTH_REPORTS), 600);
    assert_ne!(answer.coverage.tier, Tier::Raw);
    eprintln!(
        "DBG {:?} {:?} {:?}",
        answer.coverage.tier,
        answer.coverage.oldest.map(|o| o - START * 1000),
        answer.coverage.covered
    );
    assert!(answer.coverage.folded_groups > 0);
    assert!(answer.coverage.notes.iter().any(|note| note.contains("`other`")), "{:?}", answer.coverage.notes);
    let in_window = |record: &&Record| {
        matches!(record, Record::Request(request)
            if (START + 360..START + 540).contains(&request.time.0.div_euclid(SECOND)))
    };
    assert_eq!(total(&groups(answer)), records.iter().filter(in_window).count() as u64);
}

#[test]
fn too_many_groups_are_folded_and_totals_stay() {
    let mut world = World::new(9, 20_000);
    let records: Vec<Record> =
        (0..30_000).map(|number| Record::Request(world.request(START * SECOND + number))).collect();
    let history = history(256 << 20, &records);
    let text =
        r#""queryType":"table","table":"requests","groupBy":["source.address","reporter"],"aggregates":["count()"]"#;
    let answer = execute(&history, &query(0, 60, text), 60);
    assert!(answer.coverage.folded_groups > 0);
    let groups = groups(answer);
    assert!(groups.keys[0].values.len() <= 10_002, "{}", groups.keys[0].values.len());
    assert!(groups.keys[0].values.iter().flatten().any(|value| &**value == "other"));
    assert_eq!(total(&groups), requests(&records));
}

#[test]
fn losses_are_told_within_their_window() {
    let history = history(8 << 20, &[]);
    history.record_loss(LossStage::KernelRing, after(30), 12);
    history.record_loss(LossStage::Queue, after(500), 1);
    let answer = execute(&history, &query(0, 60, BOTH_REPORTS), 600);
    assert_eq!(answer.coverage.lost, [Loss { stage: LossStage::KernelRing, events: 12, bytes: 0 }]);
    assert_eq!(answer.coverage.oldest, None, "nothing is held");
    assert_eq!(answer.coverage.recording_since, START * 1_000);
}

#[test]
fn the_future_is_empty_and_said_to_be() {
    let history = history(8 << 20, &World::new(1, 9).records(100, 60));
    let answer = execute(&history, &query(5_000, 6_000, BOTH_REPORTS), 60);
    assert_eq!(answer.coverage.notes, ["the window begins in the future"]);
    assert_eq!(total(&groups(answer)), 0);
}

#[test]
fn the_report_tells_how_far_each_tier_reaches() {
    let history = history(4 << 20, &World::narrow(2).records(60_000, 600));
    let report = history.report(after(600));
    let requests: Vec<_> = report.tiers.iter().filter(|tier| tier.table == "requests").collect();
    assert_eq!(
        requests.iter().map(|tier| tier.tier).collect::<Vec<_>>(),
        [Tier::Raw, Tier::OneSecond, Tier::TenSeconds, Tier::Minute]
    );
    assert!(requests.iter().all(|tier| tier.rows > 0 && tier.projected_reach_seconds.is_some()));
    assert!(requests[0].oldest > requests[3].oldest, "raw records reach less far than minutes");
    assert!(report.tiers.iter().map(|tier| tier.bytes).sum::<usize>() + report.open_bytes <= report.bytes);
}

/// A client of its own workload, and clients of so many addresses at another server.
fn noise_and_a_bystander(noise: usize) -> Vec<Record> {
    let mut world = World::new(5, 1);
    let endpoint = |address: u32, workload: Option<&str>, local: bool| {
        let mut endpoint = world_endpoint(0);
        endpoint.address = std::net::IpAddr::from((0x0a00_0000 + address).to_be_bytes());
        endpoint.workload = workload.map(Into::into);
        (endpoint.namespace, endpoint.process, endpoint.dns) = (None, None, None);
        endpoint.local = local;
        Arc::new(endpoint)
    };
    let (server, calm) = (endpoint(1, Some("noisy"), true), endpoint(2, Some("calm"), true));
    let bystander = endpoint(3, Some("bystander"), true);
    let mut request = |time: i64, source: &Arc<Endpoint>, destination: &Arc<Endpoint>, port: u16| {
        let mut request = world.request(START * SECOND + time);
        request.ends.source = source.clone();
        request.ends.destination = destination.clone();
        request.ends.source_port = port;
        request.ends.destination_port = 80;
        request.ends.reporter = Reporter::Server;
        request.ends.joined = false;
        Record::Request(request)
    };
    let mut records = Vec::new();
    for number in 0..noise {
        let time = number as i64 * 100 * SECOND / noise as i64;
        records.push(request(time, &endpoint(1_000 + number as u32 % 40_000, None, false), &server, number as u16));
        if number % (noise / 400) == 0 {
            records.push(request(time, &bystander, &calm, 4_000));
        }
    }
    records
}

#[test]
fn noisy_neighbour_of_40_000_addresses_leaves_a_bystander_its_count() {
    let records = noise_and_a_bystander(400_000);
    let history = history(8 << 20, &records);
    let text = r#""queryType":"table","table":"requests","groupBy":["source.workload","destination.workload"],"aggregates":["count()"]"#;
    let answer = execute(&history, &query(0, 120, text), 600);
    assert_ne!(answer.coverage.tier, Tier::Raw, "the raw records are gone");
    let groups = groups(answer);
    let StateColumn::Count(counts) = &groups.states[0] else { panic!("no counts") };
    let count = |workload: &str| -> u64 {
        let of = groups.keys[1].values.iter().zip(counts).filter(|(name, _)| name.as_deref() == Some(workload));
        of.map(|(_, count)| *count).sum()
    };
    assert_eq!((count("calm"), count("noisy"), count("other")), (400, 400_000, 0));
}
