//! Dropped packets find their flow.

use goldwire_model::record::{FlowEvent, Reporter, Verdict};
use insta::assert_snapshot;

use super::scenario::{Scenario, Socket, address};
use crate::decode::{Cookie, Event, PacketsDropped, SocketState, TcpListening};

fn dropped(scenario: &Scenario, source: &str, destination: &str, protocol: u8) -> PacketsDropped<'static> {
    PacketsDropped {
        time: scenario.now(),
        source: address(source),
        destination: address(destination),
        protocol,
        reason: "NETFILTER_DROP",
        place: "nf_hook_slow",
        network_namespace: 0,
        count: 3,
        bytes: 180,
    }
}

#[test]
fn ends_come_from_the_flow_the_attempt_or_the_listener() {
    let mut scenario = Scenario::new();
    let client = Socket::client(1, 10, "10.0.0.1:40000", "10.0.0.2:80");
    scenario.connect(&client).wait(100);
    let mut attempt = Socket::client(2, 11, "10.0.0.1:0", "10.0.0.9:81");
    attempt.addresses.local.set_port(0);
    scenario.connecting(&attempt);
    let listening =
        TcpListening { time: scenario.now(), cookie: Cookie(9), local: address("0.0.0.0:90"), owner_pid: Some(30) };
    scenario.event(&Event::TcpListening(listening));
    for (source, destination, protocol) in [
        ("10.0.0.1:40000", "10.0.0.2:80", 6),
        ("10.0.0.2:80", "10.0.0.1:40000", 6),
        ("10.0.0.1:40001", "10.0.0.9:81", 6),
        ("10.0.0.7:1234", "10.0.0.1:90", 6),
        ("10.0.0.1:90", "10.0.0.7:1234", 6),
        ("10.0.0.7:1234", "10.0.0.1:91", 17),
        ("10.0.0.7:0", "10.0.0.1:0", 1),
    ] {
        let event = dropped(&scenario, source, destination, protocol);
        scenario.event(&Event::PacketsDropped(event));
    }
    assert_snapshot!(scenario.lines());
}

#[test]
fn a_drop_is_the_verdict_of_the_next_report_at_both_ends() {
    let mut scenario = Scenario::new();
    let mut near = Socket::client(1, 10, "10.0.0.1:40000", "10.0.0.2:80");
    let far = near.mirrored(2, 20);
    scenario.connect(&near).accept(&far).wait(100).sends(&mut near, "x");
    let event = dropped(&scenario, "10.0.0.1:40000", "10.0.0.2:80", 6);
    scenario.event(&Event::PacketsDropped(event)).counted(&near).sends(&mut near, "y").close(&near).close(&far);
    let verdicts: Vec<_> = scenario.flows().iter().map(|flow| (flow.ends.reporter, flow.event, flow.verdict)).collect();
    assert_eq!(
        verdicts,
        [
            (Reporter::Client, FlowEvent::Start, Verdict::Forwarded),
            (Reporter::Server, FlowEvent::Start, Verdict::Forwarded),
            (Reporter::Client, FlowEvent::Update, Verdict::Dropped),
            (Reporter::Client, FlowEvent::End, Verdict::Forwarded),
            (Reporter::Server, FlowEvent::End, Verdict::Dropped),
        ]
    );
}

/// Many at once to one address, whose own ports are not known before they end.
#[test]
fn attempts_into_a_firewall_are_dropped_and_others_are_not() {
    let mut scenario = Scenario::new();
    let attempts: Vec<Socket> = (0..3)
        .map(|number| Socket::client(number, 10, &format!("10.0.0.1:{}", 40_000 + number), "10.0.0.9:81"))
        .collect();
    for attempt in &attempts {
        let mut early = attempt.clone();
        early.addresses.local.set_port(0);
        scenario.connecting(&early);
    }
    for source in ["10.0.0.1:40000", "10.0.0.1:40001"] {
        let event = dropped(&scenario, source, "10.0.0.9:81", 6);
        scenario.event(&Event::PacketsDropped(event));
    }
    for (attempt, errno) in attempts.iter().zip([None, Some(libc::ECONNREFUSED), Some(libc::ETIMEDOUT)]) {
        scenario.end(attempt, SocketState::SynSent, errno, None);
    }
    let verdicts: Vec<_> = scenario.flows().iter().map(|flow| flow.verdict).collect();
    assert_eq!(verdicts, [Verdict::Dropped, Verdict::Refused, Verdict::Error]);
}

#[test]
fn a_drop_before_an_attempt_is_not_its_own() {
    let mut scenario = Scenario::new();
    let attempt = Socket::client(1, 10, "10.0.0.1:40000", "10.0.0.9:81");
    let event = dropped(&scenario, "10.0.0.1:40000", "10.0.0.9:81", 6);
    scenario.event(&Event::PacketsDropped(event)).connecting(&attempt);
    scenario.end(&attempt, SocketState::SynSent, None, None);
    assert_eq!(scenario.flows()[0].verdict, Verdict::Error);
}

#[test]
fn an_address_that_nobody_has_is_an_error_and_no_drop() {
    let mut scenario = Scenario::new();
    let attempt = Socket::client(1, 10, "10.0.0.1:40000", "10.0.0.9:81");
    scenario.connecting(&attempt).wait(100);
    let event = PacketsDropped { reason: "NEIGH_FAILED", ..dropped(&scenario, "10.0.0.1:40000", "10.0.0.9:81", 6) };
    scenario.event(&Event::PacketsDropped(event));
    scenario.end(&attempt, SocketState::SynSent, Some(libc::EHOSTUNREACH), None);
    assert_eq!(scenario.flows()[0].verdict, Verdict::Error);
}
