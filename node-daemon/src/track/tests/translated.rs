//! Addresses that are translated between two ends that are both here, and equal addresses of ends that have nothing in common.

use goldwire_model::record::{Ends, FlowEvent, Reporter};
use proptest::prelude::*;

use super::scenario::{Scenario, Socket, answer, get};
use crate::decode::{Cookie, Event, Role, SequenceNumber, TcpBeginning};

const CLIENT: &str = "10.0.1.1:40000";

/// What the client asks for, where the server is, and where the server sees the client.
const WAYS: [[&str; 3]; 5] = [
    ["10.0.2.2:80", "10.0.2.2:80", CLIENT],
    ["10.96.0.1:80", "10.0.2.2:8080", CLIENT],
    ["10.0.2.2:80", "10.0.2.2:80", "10.0.9.9:61000"],
    ["10.96.0.1:80", "10.0.2.2:8080", "10.0.9.9:61000"],
    ["10.0.2.2:80", "10.0.2.2:8080", CLIENT],
];

fn ends_of([asked, server, client]: [&str; 3]) -> (Socket, Socket) {
    let client_end = Socket::client(1, 10, CLIENT, asked);
    let mut server_end = Socket::server(2, 20, server, client);
    (server_end.sends, server_end.receives) = (client_end.receives, client_end.sends);
    (client_end, server_end)
}

fn text(ends: &Ends) -> String {
    let (source, destination) = (&ends.source, &ends.destination);
    let service = destination.service.as_deref().map(|service| format!(" as {service}")).unwrap_or_default();
    format!("{}:{} > {}:{}{service}", source.address, ends.source_port, destination.address, ends.destination_port)
}

#[test]
fn every_way_shows_both_real_ends_and_what_was_asked_for() {
    for way in WAYS {
        for is_server_first in [false, true] {
            let (mut client, mut server) = ends_of(way);
            let mut scenario = Scenario::new();
            scenario.connecting(&client);
            if is_server_first {
                scenario.accept(&server).established(&client);
            } else {
                scenario.established(&client).accept(&server);
            }
            scenario.sends(&mut client, get("/a")).receives(&mut server, get("/a"));
            scenario.sends(&mut server, answer(200, "x")).receives(&mut client, answer(200, "x"));
            let requests = scenario.requests();
            let [asked, server_at, _] = way;
            let service = if asked == server_at { String::new() } else { format!(" as {asked}") };
            let expected = format!("{CLIENT} > {server_at}{service}");
            assert_eq!(requests.len(), 2);
            for request in requests {
                assert!(request.ends.joined, "{way:?}");
                assert_eq!(text(&request.ends), expected, "{way:?}");
                assert_eq!(request.ends.source.workload.as_deref(), Some("w10"));
                assert_eq!(request.ends.destination.workload.as_deref(), Some("w20"));
                assert_eq!(request.position, Some(0));
            }
        }
    }
}

fn begins(scenario: &mut Scenario, socket: &Socket, role: Role) {
    let is_client = socket.role == Role::Client;
    let beginning = TcpBeginning {
        time: scenario.now(),
        cookie: socket.cookie,
        role,
        sent_from: SequenceNumber(socket.sends.0.wrapping_sub(u32::from(is_client))),
        first_received: socket.receives,
    };
    scenario.event(&Event::TcpBeginning(beginning));
}

#[test]
fn adopted_ends_are_joined_once_it_is_known_where_they_began() {
    for way in WAYS {
        let (client, server) = ends_of(way);
        let mut scenario = Scenario::new();
        scenario.adopt(&client, Role::Unknown).adopt(&server, Role::Unknown);
        begins(&mut scenario, &server, Role::Server);
        begins(&mut scenario, &client, Role::Client);
        scenario.wait(100);
        let flows = scenario.flows();
        assert!(flows.iter().all(|flow| flow.ends.joined), "{way:?}");
        assert!(flows.iter().all(|flow| flow.ends.destination.workload.as_deref() == Some("w20")), "{way:?}");
    }
}

#[test]
fn what_was_reported_before_it_was_joined_ends_under_its_own_id() {
    let (client, server) = ends_of(WAYS[3]);
    let mut scenario = Scenario::new();
    scenario.adopt(&client, Role::Client).adopt(&server, Role::Server).wait(1_000);
    assert!(scenario.flows().iter().all(|flow| !flow.ends.joined));
    begins(&mut scenario, &client, Role::Client);
    begins(&mut scenario, &server, Role::Server);
    scenario.close(&client).close(&server);
    for reporter in [Reporter::Client, Reporter::Server] {
        let flows = scenario.flows();
        let of_end: Vec<_> = flows.iter().filter(|flow| flow.ends.reporter == reporter).collect();
        assert_eq!(of_end.len(), 2);
        assert_eq!(of_end[0].connection, of_end[1].connection);
        assert!(of_end[1].ends.joined);
    }
}

#[test]
fn the_kernel_s_counters_tell_who_opened_a_connection() {
    let mut scenario = Scenario::new();
    // By its ports it would be the server.
    let client = Socket::client(1, 10, "10.0.1.1:80", "10.0.2.2:40000");
    scenario.adopt(&client, Role::Unknown);
    begins(&mut scenario, &client, Role::Client);
    scenario.wait(100);
    scenario.expect_flows(&[(Reporter::Client, FlowEvent::Adopted)]);
}

#[test]
fn a_position_counts_from_the_connection_s_first_byte_though_its_middle_was_joined() {
    let mut scenario = Scenario::new();
    let (mut client, mut server) = ends_of(WAYS[0]);
    for socket in [&client, &server] {
        scenario.adopt(socket, socket.role);
        begins(&mut scenario, socket, socket.role);
    }
    let (unseen, seen) = (get("/unseen"), get("/seen"));
    let before = unseen.len() as u32;
    scenario.sends_unseen(&mut client, &unseen);
    server.receives = server.receives.plus(before);
    scenario.sends(&mut client, &seen).receives(&mut server, &seen);
    scenario.sends(&mut server, answer(200, "x")).receives(&mut client, answer(200, "x"));
    let positions: Vec<_> = scenario.requests().iter().map(|request| request.position).collect();
    assert_eq!(positions, [Some(before); 2]);
}

proptest! {
    /// Two pairs of ends with equal addresses at once, in any order of events.
    #[test]
    fn equal_addresses_never_cross(order in Just([0_usize, 1, 2, 3]).prop_shuffle(), is_adopted in any::<bool>()) {
        let sockets: Vec<Socket> = [0_u64, 1].into_iter().flat_map(|pair| {
            let (mut client, mut server) = ends_of(WAYS[0]);
            (client.cookie, server.cookie) = (Cookie(10 * pair + 1), Cookie(10 * pair + 2));
            (client.pid, server.pid) = (100 * pair as u32 + 10, 100 * pair as u32 + 20);
            client.sends = SequenceNumber(7_000 * (pair as u32 + 1));
            client.receives = SequenceNumber(9_000 * (pair as u32 + 1));
            (server.sends, server.receives) = (client.receives, client.sends);
            [client, server]
        }).collect();
        let mut scenario = Scenario::new();
        if is_adopted {
            order.iter().for_each(|at| { scenario.adopt(&sockets[*at], sockets[*at].role); });
            order.iter().rev().for_each(|at| begins(&mut scenario, &sockets[*at], sockets[*at].role));
        } else {
            order.iter().for_each(|at| { scenario.established(&sockets[*at]); });
            order.iter().for_each(|at| { scenario.owned(&sockets[*at]); });
        }
        scenario.wait(100);
        let flows = scenario.flows();
        prop_assert_eq!(flows.len(), 4);
        for flow in flows {
            prop_assert!(flow.ends.joined);
            let names = (flow.ends.source.workload.as_deref(), flow.ends.destination.workload.as_deref());
            prop_assert!(matches!(names, (Some("w10"), Some("w20")) | (Some("w110"), Some("w120"))), "{:?}", names);
        }
    }
}
