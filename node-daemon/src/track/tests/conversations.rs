//! UDP.

use std::net::SocketAddr;

use goldwire_model::record::{FlowEvent, Protocol, Reporter};
use insta::assert_snapshot;

use super::scenario::{Scenario, address};
use crate::decode::{
    Conversation, ConversationOpened, ConversationReport, ConversationTranslated, Cookie, Datagram, Direction, Event,
    KernelTime,
};

const QUERY: &[u8] = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02no\x07example\x00\x00\x01\x00\x01";
const NXDOMAIN: &[u8] = b"\x00\x01\x81\x83\x00\x01\x00\x00\x00\x00\x00\x00\x02no\x07example\x00\x00\x01\x00\x01";

pub(super) fn conversation(cookie: u64, remote: &str) -> Conversation {
    Conversation { cookie: Cookie(cookie), remote: address(remote) }
}

impl Scenario {
    pub(super) fn opens(&mut self, conversation: Conversation, local: &str, first: Direction, pid: u32) -> &mut Self {
        let (time, local) = (self.now(), address(local));
        let opened = ConversationOpened { time, conversation, first, local, owner_pid: Some(pid) };
        self.event(&Event::ConversationOpened(opened))
    }

    pub(super) fn says(
        &mut self,
        conversation: Conversation,
        local: &str,
        direction: Direction,
        payload: &[u8],
    ) -> &mut Self {
        let (time, local, length) = (self.now(), address(local), payload.len() as u32);
        self.event(&Event::Datagram(Datagram { time, conversation, local, direction, length, payload }))
    }

    fn report(&self, conversation: Conversation, sent: u64, received: u64) -> ConversationReport {
        ConversationReport {
            time: self.now(),
            since: KernelTime(0),
            conversation,
            datagrams_sent: sent,
            datagrams_received: received,
            bytes_sent: sent * 100,
            bytes_received: received * 100,
            last: self.now(),
        }
    }
}

#[test]
fn a_port_that_is_taken_again_is_joined_again() {
    let mut scenario = Scenario::new();
    let server = conversation(100, "10.0.0.1:5000");
    for cookie in [1, 2] {
        let client = conversation(cookie, "10.0.0.2:53");
        scenario.opens(client, "10.0.0.1:5000", Direction::Egress, 10);
        scenario.says(client, "10.0.0.1:5000", Direction::Egress, QUERY);
        // The server's conversation goes on: the second client comes from the same address.
        scenario.opens(server, "10.0.0.2:53", Direction::Ingress, 20);
        scenario.says(server, "10.0.0.2:53", Direction::Ingress, QUERY);
        scenario.says(server, "10.0.0.2:53", Direction::Egress, NXDOMAIN);
        scenario.says(client, "10.0.0.1:5000", Direction::Ingress, NXDOMAIN);
        let report = scenario.report(client, 1, 1);
        scenario.event(&Event::ConversationClosed(report));
    }
    assert_eq!(scenario.requests().len(), 4);
    assert!(scenario.requests().iter().all(|request| request.ends.joined), "else it would be counted twice");
}

#[test]
fn a_query_at_both_ends() {
    let mut scenario = Scenario::new();
    let (client, server) = (conversation(1, "10.0.0.2:53"), conversation(2, "10.0.0.1:5000"));
    scenario.opens(client, "10.0.0.1:5000", Direction::Egress, 10).says(
        client,
        "10.0.0.1:5000",
        Direction::Egress,
        QUERY,
    );
    scenario.opens(server, "10.0.0.2:53", Direction::Ingress, 20).says(
        server,
        "10.0.0.2:53",
        Direction::Ingress,
        QUERY,
    );
    scenario.says(server, "10.0.0.2:53", Direction::Egress, NXDOMAIN);
    scenario.says(client, "10.0.0.1:5000", Direction::Ingress, NXDOMAIN).wait(100);
    let report = scenario.report(client, 1, 1);
    scenario.event(&Event::ConversationClosed(report));
    assert_snapshot!(scenario.lines());
    assert!(scenario.flows().iter().all(|flow| flow.protocol == Some(Protocol::Dns) && flow.ends.joined));
}

#[test]
fn counters_become_differences() {
    let mut scenario = Scenario::new();
    let client = conversation(1, "10.0.0.2:4000");
    scenario.opens(client, "10.0.0.1:5000", Direction::Egress, 10);
    for (sent, received) in [(5, 3), (5, 3), (4, 3), (9, 8)] {
        let report = scenario.report(client, sent, received);
        scenario.event(&Event::ConversationCounters(report));
    }
    let report = scenario.report(client, 10, 8);
    scenario.event(&Event::ConversationClosed(report));
    let sums =
        scenario.flows().iter().map(|flow| (flow.event, flow.packets_sent, flow.packets_received)).collect::<Vec<_>>();
    let expected =
        [(FlowEvent::Start, 0, 0), (FlowEvent::Update, 5, 3), (FlowEvent::Update, 4, 5), (FlowEvent::End, 1, 0)];
    assert_eq!(sums, expected);
}

#[test]
fn a_query_without_answer_ends_by_time_or_with_its_socket() {
    let mut scenario = Scenario::new();
    let first = conversation(1, "10.0.0.2:53");
    scenario.says(first, "10.0.0.1:5000", Direction::Egress, QUERY).wait(4_000).expect_requests(0);
    scenario.wait(2_000).expect_requests(1);
    let second = conversation(2, "10.0.0.2:53");
    scenario.says(second, "10.0.0.1:5001", Direction::Egress, QUERY);
    let report = scenario.report(second, 1, 0);
    scenario.event(&Event::ConversationClosed(report)).expect_requests(2);
    assert!(scenario.requests().iter().all(|request| request.error.is_some()));
}

#[test]
fn dns_is_found_on_any_port_and_nothing_else_is() {
    let mut scenario = Scenario::new();
    let (odd, other) = (conversation(1, "10.0.0.2:5353"), conversation(2, "10.0.0.2:9999"));
    scenario.says(odd, "10.0.0.1:5000", Direction::Egress, QUERY);
    scenario.says(odd, "10.0.0.1:5000", Direction::Ingress, NXDOMAIN).expect_requests(1);
    scenario.says(other, "10.0.0.1:5000", Direction::Egress, b"\x01\x02\x03\x04hello");
    scenario.wait(10_000).expect_requests(1);
    scenario.expect_flows(&[(Reporter::Client, FlowEvent::Start), (Reporter::Client, FlowEvent::Start)]);
}

#[test]
fn a_service_address_leads_to_the_backend_that_answered() {
    let mut scenario = Scenario::new();
    let (client, server) = (conversation(1, "10.96.0.10:53"), conversation(2, "10.0.0.1:5000"));
    scenario.opens(client, "10.0.0.1:5000", Direction::Egress, 10);
    let translated = ConversationTranslated {
        time: scenario.now(),
        conversation: client,
        remote: address("10.0.0.2:5353"),
        local: None,
    };
    scenario.event(&Event::ConversationTranslated(translated));
    scenario.says(client, "10.0.0.1:5000", Direction::Egress, QUERY);
    scenario.opens(server, "10.0.0.2:5353", Direction::Ingress, 20);
    scenario.says(server, "10.0.0.2:5353", Direction::Ingress, QUERY);
    scenario.says(server, "10.0.0.2:5353", Direction::Egress, NXDOMAIN);
    // The answer comes from the service's address again.
    scenario.says(client, "10.0.0.1:5000", Direction::Ingress, NXDOMAIN);
    for (conversation, sent, received) in [(client, 1, 1), (server, 1, 1)] {
        let report = scenario.report(conversation, sent, received);
        scenario.event(&Event::ConversationClosed(report));
    }
    let requests = scenario.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        let destination = &request.ends.destination;
        assert!(request.ends.joined, "else it would be counted twice");
        assert_eq!((destination.address.to_string(), request.ends.destination_port), ("10.0.0.2".to_owned(), 5353));
        assert_eq!(destination.service.as_deref(), Some("10.96.0.10:53"));
    }
}

#[test]
fn connection_tracking_tells_what_the_other_end_sees() {
    let client_at = "10.0.0.1:5000";
    // What the client asks for, and what the server sees of both.
    for (asked, server, seen) in [
        ("10.96.0.10:514", "10.0.0.2:1514", client_at),
        ("10.0.0.2:1514", "10.0.0.2:1514", "10.9.9.9:61000"),
        ("10.96.0.10:514", "10.0.0.2:1514", "10.9.9.9:61000"),
    ] {
        for is_server_first in [false, true] {
            let mut scenario = Scenario::new();
            let (near, far) = (conversation(1, asked), conversation(2, seen));
            let (remote, local) = (address(server), Some(address(seen)));
            scenario.opens(near, client_at, Direction::Egress, 10);
            let translated = ConversationTranslated { time: scenario.now(), conversation: near, remote, local };
            if is_server_first {
                scenario.opens(far, server, Direction::Ingress, 20);
            }
            scenario.event(&Event::ConversationTranslated(translated));
            if !is_server_first {
                scenario.opens(far, server, Direction::Ingress, 20);
            }
            scenario.wait(1_000);
            for (conversation, sent, received) in [(near, 3, 0), (far, 0, 3)] {
                let report = scenario.report(conversation, sent, received);
                scenario.event(&Event::ConversationClosed(report));
            }
            for flow in scenario.flows() {
                assert!(flow.ends.joined, "{asked} {flow:?}");
                let (source, destination) = (&flow.ends.source, &flow.ends.destination);
                assert_eq!(SocketAddr::new(source.address, flow.ends.source_port), address(client_at));
                assert_eq!(SocketAddr::new(destination.address, flow.ends.destination_port), address(server));
                assert_eq!(destination.service.as_deref(), (asked != server).then_some(asked));
            }
        }
    }
}
