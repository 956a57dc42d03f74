//! Both ends on this node: one connection, two reports.

use goldwire_model::record::{FlowEvent, Reporter};
use insta::assert_snapshot;

use super::scenario::{Scenario, Socket, address, answer, get};
use crate::{
    decode::{
        Conversation, ConversationOpened, Cookie, Datagram, Direction, Event, Role, TcpAdopted, TcpListening,
        TcpTranslated,
    },
    track::Options,
};

fn pair() -> (Socket, Socket) {
    let client = Socket::client(1, 10, "127.0.0.1:40000", "127.0.0.1:80");
    let server = client.mirrored(2, 20);
    (client, server)
}

/// A request and its answer, seen at both ends.
fn exchange(scenario: &mut Scenario, client: &mut Socket, server: &mut Socket) {
    let (asked, answered) = (get("/a"), answer(200, "x"));
    scenario.sends(client, &asked).receives(server, &asked).sends(server, &answered).receives(client, &answered);
}

#[test]
fn whichever_end_is_established_first() {
    let mut seen = Vec::new();
    for server_first in [false, true] {
        let mut scenario = Scenario::new();
        let (mut client, mut server) = pair();
        scenario.connecting(&client);
        if server_first {
            scenario.established(&server).established(&client);
        } else {
            scenario.established(&client).established(&server);
        }
        scenario.owned(&server);
        exchange(&mut scenario, &mut client, &mut server);
        scenario.close(&client).close(&server);
        assert!(scenario.flows().iter().all(|flow| flow.ends.joined));
        assert!(scenario.requests().iter().all(|request| request.ends.joined));
        let ids: Vec<u64> = scenario.flows().iter().map(|flow| flow.connection.0).collect();
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
        seen.push(scenario.lines());
    }
    assert_snapshot!(seen[0]);
}

#[test]
fn both_ends_carry_both_names() {
    let mut scenario = Scenario::new();
    let (mut client, mut server) = pair();
    scenario.connect(&client).accept(&server);
    exchange(&mut scenario, &mut client, &mut server);
    for request in scenario.requests() {
        assert_eq!(request.ends.source.workload.as_deref(), Some("w10"));
        assert_eq!(request.ends.destination.workload.as_deref(), Some("w20"));
        assert!(request.ends.source.local && request.ends.destination.local);
    }
}

#[test]
fn a_listener_is_a_first_guess_and_the_reader_wins() {
    let mut scenario = Scenario::new();
    let (client, server) = pair();
    let local = address("0.0.0.0:80");
    let listening = TcpListening { time: scenario.now(), cookie: Cookie(9), local, owner_pid: Some(30) };
    scenario.event(&Event::TcpListening(listening)).connect(&client).established(&server).wait(100);
    assert!(scenario.flows().iter().all(|flow| flow.ends.destination.workload.as_deref() == Some("w30")));
    scenario.owned(&server).close(&client).close(&server);
    let last = scenario.flows();
    assert!(last[2..].iter().all(|flow| flow.ends.destination.workload.as_deref() == Some("w20")));
}

#[test]
fn reused_ports_do_not_mix_connections_up() {
    let mut scenario = Scenario::new();
    let (client, server) = pair();
    scenario.connect(&client).accept(&server).close(&client);
    // The server's old socket lingers while the client's port is used again.
    let (again, served) =
        (Socket { cookie: Cookie(3), pid: 11, ..client }, Socket { cookie: Cookie(4), pid: 21, ..server.clone() });
    scenario.connect(&again).accept(&served).close(&again).close(&served).close(&server);
    let of = |cookie_pid: &str| -> Vec<u64> {
        let flows = scenario.flows();
        let of_source = flows.iter().filter(|flow| flow.ends.source.workload.as_deref() == Some(cookie_pid));
        of_source.map(|flow| flow.connection.0).collect()
    };
    let (first, second) = (of("w10"), of("w11"));
    assert_eq!((first.len(), second.len()), (4, 4));
    assert!(
        first.iter().all(|id| *id == first[0]) && second.iter().all(|id| *id == second[0]) && first[0] != second[0]
    );
}

#[test]
fn a_translated_destination_is_joined_and_keeps_what_was_asked() {
    let mut scenario = Scenario::new();
    let client = Socket::client(1, 10, "10.77.0.1:40000", "10.96.0.10:80");
    let mut server = Socket::server(2, 20, "10.77.0.2:8080", "10.77.0.1:40000");
    (server.sends, server.receives) = (client.receives, client.sends);
    scenario.connecting(&client);
    let remote = address("10.77.0.2:8080");
    let translated = TcpTranslated { time: scenario.now(), cookie: client.cookie, remote };
    scenario.event(&Event::TcpTranslated(translated)).established(&client).accept(&server).wait(100);
    assert_snapshot!(scenario.lines());
}

#[test]
fn a_late_translation_joins_all_the_same() {
    let mut scenario = Scenario::new();
    let client = Socket::client(1, 10, "10.77.0.1:40000", "10.96.0.10:80");
    let server = Socket::server(2, 20, "10.77.0.2:8080", "10.77.0.1:40000");
    scenario.adopt(&client, Role::Client).adopt(&server, Role::Server);
    let remote = address("10.77.0.2:8080");
    scenario
        .event(&Event::TcpTranslated(TcpTranslated { time: scenario.now(), cookie: client.cookie, remote }))
        .wait(100);
    assert!(scenario.flows().iter().all(|flow| flow.ends.joined));
}

#[test]
fn adopted_ends_are_joined() {
    let mut scenario = Scenario::new();
    let (client, server) = pair();
    scenario.adopt(&server, Role::Unknown).adopt(&client, Role::Unknown).wait(100);
    scenario.expect_flows(&[(Reporter::Server, FlowEvent::Adopted), (Reporter::Client, FlowEvent::Adopted)]);
    assert!(scenario.flows().iter().all(|flow| flow.ends.joined));
}

#[test]
fn a_socket_that_is_adopted_twice_takes_the_better_knowledge() {
    let mut scenario = Scenario::new();
    let mut server = Socket::server(2, 20, "10.0.0.1:40000", "10.0.0.2:30000");
    server.counters.bytes_sent = 500;
    let nameless = TcpAdopted {
        time: scenario.now(),
        cookie: server.cookie,
        addresses: server.addresses,
        role: Role::Unknown,
        base: server.counters,
        owner_pid: None,
    };
    scenario.event(&Event::TcpAdopted(nameless));
    server.counters.bytes_sent = 800;
    scenario.adopt(&server, Role::Server).close(&server);
    scenario.expect_flows(&[(Reporter::Server, FlowEvent::Adopted), (Reporter::Server, FlowEvent::End)]);
    let flows = scenario.flows();
    assert_eq!((flows[1].bytes_received, flows[1].ends.destination.workload.as_deref()), (300, Some("w20")));
}

#[test]
fn a_remote_end_is_not_local() {
    let mut scenario = Scenario::with(Options { whole_node: false, ..Options::whole_node(0) });
    let (client, _) = pair();
    scenario.connect(&client).wait(100);
    let flows = scenario.flows();
    assert!(flows[0].ends.source.local && !flows[0].ends.destination.local);
    assert_eq!(flows[0].ends.source.node.as_deref(), Some("here"));
}

#[test]
fn the_name_asked_for_is_on_the_connection_that_follows() {
    let mut scenario = Scenario::new();
    let conversation = Conversation { cookie: Cookie(5), remote: address("10.0.0.53:53") };
    let local = address("10.0.0.1:50000");
    let opened =
        ConversationOpened { time: scenario.now(), conversation, first: Direction::Egress, local, owner_pid: Some(10) };
    scenario.event(&Event::ConversationOpened(opened));
    let query = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04shop\x07example\x00\x00\x01\x00\x01";
    let answer = [
        b"\x00\x01\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x04shop\x07example\x00\x00\x01\x00\x01".as_slice(),
        b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x02",
    ]
    .concat();
    for (direction, payload) in [(Direction::Egress, &query[..]), (Direction::Ingress, &answer)] {
        let length = payload.len() as u32;
        scenario.event(&Event::Datagram(Datagram {
            time: scenario.now(),
            conversation,
            local,
            direction,
            length,
            payload,
        }));
    }
    scenario.connect(&Socket::client(1, 10, "10.0.0.1:40000", "10.0.0.2:80")).wait(100);
    assert_snapshot!(scenario.lines());
}
