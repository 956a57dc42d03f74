//! Which end of a connection an adopted socket is.

use goldwire_model::record::{FlowEvent, Reporter};

use super::scenario::{Scenario, Socket};
use crate::decode::Role;

/// By its ports a client.
fn socket() -> Socket {
    Socket::client(1, 10, "10.0.0.1:40000", "10.0.0.2:80")
}

/// Who reported what, and whether that was a guess.
fn reports(scenario: &Scenario) -> Vec<(Reporter, FlowEvent, bool)> {
    let flows = scenario.flows().into_iter();
    flows.map(|flow| (flow.ends.reporter, flow.event, flow.ends.role_is_guess)).collect()
}

#[test]
fn a_wrong_guess_goes_on_the_other_way_round_as_the_same_connection() {
    let (mut scenario, mut socket) = (Scenario::new(), socket());
    scenario.adopt(&socket, Role::Unknown).wait(100).adopt(&socket, Role::Server).wait(100);
    scenario.receives(&mut socket, "question").counted(&socket);
    assert_eq!(
        reports(&scenario),
        [
            (Reporter::Client, FlowEvent::Adopted, true),
            (Reporter::Client, FlowEvent::End, true),
            (Reporter::Server, FlowEvent::Adopted, false),
            (Reporter::Server, FlowEvent::Update, false),
        ]
    );
    let flows = scenario.flows();
    assert!(flows.iter().all(|flow| flow.connection == flows[0].connection));
    assert_eq!(
        flows.iter().map(|flow| (flow.bytes_sent, flow.bytes_received)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)),
        (8, 0)
    );
}

#[test]
fn a_right_guess_is_one_no_more() {
    let (mut scenario, mut socket) = (Scenario::new(), socket());
    scenario.adopt(&socket, Role::Unknown).wait(100).adopt(&socket, Role::Client);
    scenario.sends(&mut socket, "question").counted(&socket);
    let expected = [(Reporter::Client, FlowEvent::Adopted, true), (Reporter::Client, FlowEvent::Update, false)];
    assert_eq!(reports(&scenario), expected);
}

#[test]
fn both_ends_of_one_connection_guess_alike() {
    let (mut scenario, near) = (Scenario::new(), socket());
    let far = near.mirrored(2, 20);
    scenario.adopt(&near, Role::Unknown).adopt(&far, Role::Unknown).wait(100);
    let expected = [(Reporter::Client, FlowEvent::Adopted, true), (Reporter::Server, FlowEvent::Adopted, true)];
    assert_eq!(reports(&scenario), expected);
    assert_eq!(scenario.flows()[0].connection, scenario.flows()[1].connection);
}
