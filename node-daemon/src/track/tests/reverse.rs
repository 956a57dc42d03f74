//! Names of addresses that nobody asked for by name.

use goldwire_model::record::{Endpoint, FlowEvent, Record};

use super::{
    conversations::conversation,
    scenario::{Scenario, Socket, address, answer, get},
};
use crate::{
    decode::{Direction, Event, KernelTime, PacketsDropped},
    identity::{Questions, ReverseNames},
};

const CLIENT: &str = "10.0.0.1:40000";
const SERVER: &str = "192.0.2.7:80";
const RESOLVER: &str = "10.0.0.53:53";
const QUERY: &[u8] = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04shop\x04test\x00\x00\x01\x00\x01";
const ANSWER: &[u8] = b"\x00\x01\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x04shop\x04test\x00\x00\x01\x00\x01\
    \xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07";

fn scenario() -> (Scenario, Questions) {
    let mut scenario = Scenario::new();
    let (names, questions) = ReverseNames::with_questions(KernelTime(0));
    scenario.tracker.set_reverse_names(names);
    (scenario, questions)
}

/// Answers this many questions; which addresses they were about.
fn answer_all(questions: &Questions, count: usize) -> Vec<String> {
    let mut asked = Vec::new();
    for _ in 0..count {
        questions.answer_next(|address| {
            asked.push(address.to_string());
            Some(format!("host-{address}.example"))
        });
    }
    asked.sort_unstable();
    asked
}

fn names(endpoint: &Endpoint) -> (Option<&str>, Option<&str>) {
    (endpoint.dns.as_deref(), endpoint.reverse_dns.as_deref())
}

const BOTH: [(Option<&str>, Option<&str>); 2] =
    [(None, Some("host-10.0.0.1.example")), (None, Some("host-192.0.2.7.example"))];

#[test]
fn later_reports_and_requests_of_an_open_connection_have_the_names() {
    let (mut scenario, questions) = scenario();
    let mut client = Socket::client(1, 10, CLIENT, SERVER);
    scenario.connect(&client).wait(100);
    assert_eq!(answer_all(&questions, 2), ["10.0.0.1", "192.0.2.7"]);
    scenario.wait(100).sends(&mut client, get("/a")).receives(&mut client, answer(200, "x")).counted(&client);
    scenario.sends(&mut client, get("/b")).receives(&mut client, answer(200, "x"));
    scenario.close(&client);
    let flows = scenario.flows();
    let seen: Vec<_> = flows.iter().map(|flow| (flow.event, [&flow.ends.source, &flow.ends.destination])).collect();
    let seen: Vec<_> = seen.into_iter().map(|(event, ends)| (event, ends.map(|end| names(end)))).collect();
    let none = [(None, None); 2];
    assert_eq!(seen, [(FlowEvent::Start, none), (FlowEvent::Update, BOTH), (FlowEvent::End, BOTH)]);
    let requests = scenario.requests();
    let last = &requests.last().expect("two requests").ends;
    assert_eq!([&last.source, &last.destination].map(|end| names(end)), BOTH);
}

#[test]
fn an_answer_that_comes_before_the_first_report_or_the_end_is_in_it() {
    for waits in [true, false] {
        let (mut scenario, questions) = scenario();
        let client = Socket::client(1, 10, CLIENT, SERVER);
        scenario.connect(&client);
        answer_all(&questions, 2);
        scenario.wait(10);
        if waits {
            scenario.wait(100);
        } else {
            scenario.close(&client);
        }
        for flow in scenario.flows() {
            assert_eq!([&flow.ends.source, &flow.ends.destination].map(|end| names(end)), BOTH);
        }
        assert!(!scenario.flows().is_empty());
    }
}

#[test]
fn what_the_client_asked_for_is_neither_looked_up_nor_named_twice() {
    let (mut scenario, questions) = scenario();
    let resolver = conversation(7, RESOLVER);
    scenario.opens(resolver, "10.0.0.1:5000", Direction::Egress, 10);
    scenario.says(resolver, "10.0.0.1:5000", Direction::Egress, QUERY);
    scenario.says(resolver, "10.0.0.1:5000", Direction::Ingress, ANSWER);
    let client = Socket::client(1, 10, CLIENT, SERVER);
    scenario.connect(&client).wait(100);
    assert_eq!(answer_all(&questions, 2), ["10.0.0.1", "10.0.0.53"]);
    scenario.wait(100).close(&client);
    // Another asks for the address itself, so that its name is known too.
    let other = Socket::server(2, 20, "10.0.0.9:80", "192.0.2.7:50000");
    scenario.accept(&other);
    assert_eq!(answer_all(&questions, 2), ["10.0.0.9", "192.0.2.7"]);
    scenario.wait(100);
    let again = Socket::client(3, 10, "10.0.0.1:40001", SERVER);
    scenario.connect(&again).wait(100).counted(&again).close(&again);
    let to_server = scenario.flows().into_iter().filter(|flow| flow.ends.destination_port == 80);
    let asked: Vec<_> = to_server.filter(|flow| flow.ends.source.address == address(CLIENT).ip()).collect();
    assert_eq!(asked.len(), 4, "{}", scenario.lines());
    for flow in asked {
        assert_eq!(names(&flow.ends.destination), (Some("shop.test"), None));
    }
    let last = scenario.flows().into_iter().rfind(|flow| flow.ends.source.address == address(SERVER).ip());
    assert_eq!(last.map(|flow| names(&flow.ends.source)), Some((None, Some("host-192.0.2.7.example"))));
}

#[test]
fn dropped_packets_of_no_connection_have_the_names() {
    let (mut scenario, questions) = scenario();
    let packet = |time| {
        let (source, destination) = (address(CLIENT), address(SERVER));
        let (protocol, reason, place, network_namespace) = (17, "NO_SOCKET", "", 0);
        let (count, bytes) = (1, 64);
        let dropped =
            PacketsDropped { time, source, destination, protocol, reason, place, network_namespace, count, bytes };
        Event::PacketsDropped(dropped)
    };
    scenario.event(&packet(KernelTime(1)));
    assert_eq!(answer_all(&questions, 2), ["10.0.0.1", "192.0.2.7"]);
    scenario.wait(1).event(&packet(KernelTime(2)));
    let drops = scenario.findings.records.iter().filter_map(|record| match record {
        Record::Drop(dropped) => Some([&dropped.ends.source, &dropped.ends.destination].map(|end| names(end))),
        _ => None,
    });
    assert_eq!(drops.collect::<Vec<_>>(), [[(None, None); 2], BOTH]);
}
