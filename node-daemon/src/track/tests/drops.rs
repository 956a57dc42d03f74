//! Dropped packets find their flow.

use insta::assert_snapshot;

use super::scenario::{Scenario, Socket, address};
use crate::decode::{Cookie, Event, PacketsDropped, TcpListening};

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
