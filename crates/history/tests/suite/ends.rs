//! Two reports, one connection; and ends that other nodes know better.

use std::sync::Arc;

use crate::common::{
    SECOND, START, execute, groups, history, query,
    records::{World, endpoint},
};
use goldwire_answer::groups::{Groups, Pair, StateColumn};
use goldwire_model::record::{Endpoint, Record, Reporter, RequestRecord, Transport};

fn request(source: u64, destination: u64, reporter: Reporter, joined: bool) -> RequestRecord {
    let mut record = World::new(1, 3).request((START + 1) * SECOND);
    record.ends.source = Arc::new(endpoint(source));
    record.ends.destination = Arc::new(endpoint(destination));
    record.ends.destination_port = 80;
    record.ends.transport = Transport::Tcp;
    record.ends.reporter = reporter;
    record.ends.joined = joined;
    record
}

fn ask(records: &[RequestRecord], rest: &str) -> Groups {
    let records: Vec<Record> = records.iter().cloned().map(Record::Request).collect();
    let text = format!(r#""queryType":"table","table":"requests","aggregates":["count()"],{rest}"#);
    groups(execute(&history(8 << 20, &records), &query(0, 60, &text), 60))
}

fn counts(groups: &Groups) -> Vec<u64> {
    match &groups.states[0] {
        StateColumn::Count(counts) => counts.clone(),
        other => panic!("no count: {other:?}"),
    }
}

fn key(groups: &Groups, place: usize, row: usize) -> Option<&str> {
    groups.keys[place].values[row].as_deref()
}

#[test]
fn a_joined_connection_counts_once_unless_the_reporter_is_mentioned() {
    let both = [request(0, 1, Reporter::Client, true), request(0, 1, Reporter::Server, true)];
    assert_eq!(counts(&ask(&both, r#""groupBy":["source.workload"]"#)), [1]);
    assert_eq!(counts(&ask(&both, r#""groupBy":["reporter"]"#)), [1, 1]);
    assert_eq!(counts(&ask(&both, r#""groupBy":["source.workload"],"filter":"reporter = client""#)), [1]);
    let alone = [request(0, 1, Reporter::Client, false)];
    assert_eq!(counts(&ask(&alone, r#""groupBy":["source.workload"]"#)), [1]);
}

#[test]
fn each_end_of_a_joined_connection_adds_the_segments_that_it_sent_again() {
    let flow = |reporter, retransmits| {
        let mut flow = World::new(1, 3).flow((START + 1) * SECOND);
        flow.ends = request(0, 1, reporter, true).ends;
        (flow.retransmits, flow.bytes_sent) = (retransmits, 100);
        Record::Flow(flow)
    };
    let both = [flow(Reporter::Client, 2), flow(Reporter::Server, 3)];
    let text = r#""queryType":"table","table":"flows","groupBy":["source.workload"],"aggregates":["sum(retransmits)","sum(bytes_sent)"]"#;
    let groups = groups(execute(&history(8 << 20, &both), &query(0, 60, text), 60));
    let sums: Vec<f64> = groups.states.iter().map(sum).collect();
    assert_eq!(sums, [5.0, 100.0]);
}

fn sum(column: &StateColumn) -> f64 {
    match column {
        StateColumn::Sum(sums) => sums.iter().sum(),
        other => panic!("no sum: {other:?}"),
    }
}

#[test]
fn records_whose_other_end_is_elsewhere_carry_their_pair() {
    // Endpoint 2 is not on this node.
    let records = [
        request(0, 2, Reporter::Client, false),
        request(2, 1, Reporter::Server, false),
        request(0, 1, Reporter::Server, true),
    ];
    let groups = ask(&records, r#""groupBy":["destination.namespace"]"#);
    let pair = |by_client, source: &str, destination: &str| {
        let (source, destination, transport) = (source.into(), destination.into(), "tcp".into());
        Some(Arc::new(Pair { by_client, source, destination, transport }))
    };
    assert!(groups.pairs.contains(&pair(true, "10.0.0.0", "10.0.0.2:80")));
    assert!(groups.pairs.contains(&pair(false, "10.0.0.2", "10.0.0.1:80")));
    assert_eq!(groups.pairs.iter().filter(|pair| pair.is_none()).count(), 1);
    let mentioned = ask(&records, r#""groupBy":["reporter"]"#);
    assert_eq!(mentioned.pairs, []);
}

#[test]
fn an_address_of_six_stands_in_brackets() {
    let mut record = request(0, 2, Reporter::Client, false);
    record.ends.destination = Arc::new(Endpoint { address: "fd00::7".parse().unwrap(), ..endpoint(2) });
    let groups = ask(&[record], r#""groupBy":["source.workload"]"#);
    assert_eq!(groups.pairs[0].as_ref().map(|pair| &*pair.destination), Some("[fd00::7]:80"));
}

#[test]
fn what_cannot_be_decided_here_is_kept_with_what_decides_it() {
    let records = [
        request(0, 1, Reporter::Server, true),
        request(0, 2, Reporter::Client, false),
        request(0, 3, Reporter::Server, true),
    ];
    let groups = ask(&records, r#""groupBy":["destination.port"],"filter":"destination.workload = \"workload-1\"""#);
    let fields: Vec<_> = groups.keys.iter().map(|column| column.field.name()).collect();
    // The DNS name stands for a workload that nobody knows, and a filter finds it by that.
    assert_eq!(fields, ["destination.port", "destination.dns", "destination.workload"]);
    let mut workloads: Vec<_> = (0..2).map(|row| key(&groups, 2, row)).collect();
    workloads.sort_unstable();
    assert_eq!(workloads, [None, Some("workload-1")], "the unknown one stays, workload-3 goes");
    assert_eq!(counts(&groups).iter().sum::<u64>(), 2);
}

#[test]
fn what_is_known_not_to_be_is_told_apart_from_the_unknown() {
    // Endpoint 1 is here and has no namespace; endpoint 2 is elsewhere.
    let records = [request(0, 1, Reporter::Server, true), request(0, 2, Reporter::Client, false)];
    let groups = ask(&records, r#""groupBy":["destination.namespace"]"#);
    let mut namespaces: Vec<_> = (0..2).map(|row| key(&groups, 0, row)).collect();
    namespaces.sort_unstable();
    assert_eq!(namespaces, [None, Some("")]);
}
