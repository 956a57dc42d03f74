//! How connections end.

use goldwire_model::record::{Ending, FlowEvent, Reporter, Verdict};

use super::scenario::{Scenario, Socket};
use crate::decode::{Event, Reset, Role, SocketState, TcpOpen};

fn client() -> Socket {
    Socket::client(1, 10, "10.0.0.1:40000", "10.0.0.2:80")
}

fn server() -> Socket {
    Socket::server(2, 20, "10.0.0.2:80", "10.0.0.1:40000")
}

#[test]
fn attempts_that_fail() {
    for (errno, reset, ending, verdict) in [
        (Some(libc::ECONNREFUSED), None, Ending::Refused, Verdict::Refused),
        (None, Some(Reset::Remote), Ending::Refused, Verdict::Refused),
        (Some(libc::ETIMEDOUT), None, Ending::TimedOut, Verdict::Error),
        (Some(libc::EHOSTUNREACH), None, Ending::Unreachable, Verdict::Error),
        (Some(libc::ENETUNREACH), None, Ending::Unreachable, Verdict::Error),
        (None, None, Ending::Aborted, Verdict::Error),
    ] {
        let mut scenario = Scenario::new();
        scenario.connecting(&client()).end(&client(), SocketState::SynSent, errno, reset);
        scenario.expect_flows(&[(Reporter::Client, FlowEvent::End)]).expect_ending(ending);
        assert_eq!(scenario.flows()[0].verdict, verdict);
        assert_eq!(scenario.flows()[0].connect_latency, None);
    }
}

#[test]
fn an_attempt_that_was_not_announced_is_told() {
    let mut scenario = Scenario::new();
    scenario.end(&client(), SocketState::SynSent, Some(libc::ECONNREFUSED), None).expect_ending(Ending::Refused);
    assert_eq!(scenario.flows()[0].ends.source.workload.as_deref(), Some("w10"));
}

#[test]
fn the_port_of_an_attempt_is_filled_in() {
    let mut scenario = Scenario::new();
    let mut early = client();
    early.addresses.local.set_port(0);
    scenario.connecting(&early).end(&client(), SocketState::SynSent, Some(libc::ECONNREFUSED), None);
    assert_eq!(scenario.flows()[0].ends.source_port, 40_000);
}

#[test]
fn resets_name_who_reset() {
    for (socket, reset, ending) in [
        (client(), Reset::Local, Ending::ResetBySource),
        (client(), Reset::Remote, Ending::ResetByDestination),
        (server(), Reset::Local, Ending::ResetByDestination),
        (server(), Reset::Remote, Ending::ResetBySource),
    ] {
        let mut scenario = Scenario::new();
        scenario.established(&socket).end(&socket, SocketState::Established, None, Some(reset)).expect_ending(ending);
        assert_eq!(scenario.flows().iter().map(|flow| flow.resets).sum::<u32>(), 1);
    }
}

#[test]
fn errors_of_established_connections() {
    for (errno, ending) in [
        (Some(libc::ETIMEDOUT), Ending::TimedOut),
        (Some(libc::EHOSTUNREACH), Ending::Unreachable),
        (Some(libc::ECONNRESET), Ending::ResetByDestination),
        (None, Ending::Closed),
    ] {
        let mut scenario = Scenario::new();
        scenario.connect(&client()).end(&client(), SocketState::Established, errno, None).expect_ending(ending);
    }
}

#[test]
fn a_handshake_that_was_never_finished_is_no_connection() {
    let mut scenario = Scenario::new();
    scenario.end(&server(), SocketState::SynRecv, None, Some(Reset::Remote)).expect_flows(&[]);
}

#[test]
fn the_end_of_an_unknown_connection_is_told_only_if_its_counters_are() {
    let mut scenario = Scenario::new();
    scenario.close(&server());
    scenario.expect_flows(&[(Reporter::Server, FlowEvent::Start), (Reporter::Server, FlowEvent::End)]);
    let mut scenario = Scenario::new();
    scenario.close(&Socket { role: Role::Unknown, ..server() }).expect_flows(&[]);
}

#[test]
fn connect_latency_is_on_the_first_report_only() {
    let mut scenario = Scenario::new();
    let mut socket = client();
    scenario.connect(&socket).wait(100).sends(&mut socket, "x").counted(&socket).close(&socket);
    let latencies: Vec<bool> = scenario.flows().iter().map(|flow| flow.connect_latency.is_some()).collect();
    assert_eq!(latencies, [true, false, false]);
}

#[test]
fn a_connection_whose_end_was_lost_is_ended_when_the_kernel_has_not_had_it_for_two_lists() {
    let mut scenario = Scenario::new();
    let others = [7_u64, 9];
    let list = |scenario: &mut Scenario, cookies: &[u64]| {
        scenario.wait(10_000);
        let time = scenario.now();
        scenario.event(&Event::TcpOpen(TcpOpen { time, cookies }));
    };
    scenario.established(&client()).wait(100);
    list(&mut scenario, &[1, 7]);
    list(&mut scenario, &others);
    list(&mut scenario, &[1]);
    list(&mut scenario, &others);
    scenario.expect_flows(&[(Reporter::Client, FlowEvent::Start)]);
    list(&mut scenario, &others);
    scenario.expect_flows(&[(Reporter::Client, FlowEvent::Start), (Reporter::Client, FlowEvent::End)]);
    assert_eq!(scenario.flows()[1].ending, None);
}

#[test]
fn a_connection_that_is_younger_than_the_list_stays() {
    let mut scenario = Scenario::new();
    let time = scenario.now();
    scenario.wait(10).established(&client()).wait(100);
    for _ in 0..3 {
        scenario.event(&Event::TcpOpen(TcpOpen { time, cookies: &[] }));
    }
    scenario.expect_flows(&[(Reporter::Client, FlowEvent::Start)]);
}
