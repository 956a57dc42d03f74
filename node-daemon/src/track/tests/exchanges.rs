//! Payload to exchanges: order, detection, what the kernel is told, what is missing.

use insta::assert_snapshot;

use super::scenario::{MILLISECOND, Scenario, Socket, answer, get};
use crate::{
    decode::{Event, Reset, Role, SocketState},
    track::Options,
};

fn client() -> Socket {
    Socket::client(1, 10, "10.0.0.1:40000", "10.0.0.2:80")
}

fn server() -> Socket {
    Socket::server(2, 20, "10.0.0.2:80", "10.0.0.1:40000")
}

#[test]
fn a_client_alone() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    scenario
        .connect(&socket)
        .sends(&mut socket, get("/a?x=1"))
        .receives(&mut socket, answer(200, "hello"))
        .close(&socket);
    assert_snapshot!(scenario.lines());
    assert_eq!(scenario.findings.wishes, ["1: follow EndsOfOne/Whole"]);
}

#[test]
fn a_server_alone() {
    let (mut scenario, mut socket) = (Scenario::new(), server());
    scenario.accept(&socket).receives(&mut socket, get("/a")).sends(&mut socket, answer(503, "")).close(&socket);
    assert_snapshot!(scenario.lines());
    assert_eq!(scenario.findings.wishes, ["2: follow Whole/EndsOfOne"]);
}

#[test]
fn payload_may_come_before_its_connection() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    let (asked, announced) = (get("/early"), socket.clone());
    let early = scenario.segment(&mut socket, crate::decode::Direction::Egress, asked.as_bytes());
    scenario.event(&Event::TcpSegment(early)).connect(&announced).receives(&mut socket, answer(200, ""));
    scenario.expect_requests(1).expect_lost(0);
}

#[test]
fn payload_that_is_never_announced_is_told() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    scenario.sends(&mut socket, get("/a")).receives(&mut socket, answer(200, "")).wait(6_000).expect_lost(2);
    for _ in 0..5_000 {
        scenario.sends(&mut socket, "x");
    }
    scenario.expect_lost(2 + 5_000 - 4_096);
}

#[test]
fn payload_at_a_listener_is_given_to_the_connection() {
    let (mut scenario, mut socket) = (Scenario::new(), server());
    let (asked, announced) = (get("/deferred"), socket.clone());
    let mut early = scenario.segment(&mut socket, crate::decode::Direction::Ingress, asked.as_bytes());
    early.cookie = crate::decode::Cookie(99);
    early.at_listener = Some(socket.addresses);
    scenario.event(&Event::TcpSegment(early)).accept(&announced).sends(&mut socket, answer(200, ""));
    scenario.expect_requests(1).expect_lost(0);
}

#[test]
fn payload_at_a_listener_may_come_late() {
    let (mut scenario, mut socket) = (Scenario::new(), server());
    let (asked, announced) = (get("/deferred"), socket.clone());
    let mut late = scenario.segment(&mut socket, crate::decode::Direction::Ingress, asked.as_bytes());
    late.at_listener = Some(socket.addresses);
    scenario.accept(&announced).event(&Event::TcpSegment(late)).sends(&mut socket, answer(200, "")).expect_requests(1);
}

#[test]
fn sequence_numbers_wrap_within_a_connection() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    scenario.connect(&socket);
    for _ in 0..20 {
        scenario.sends(&mut socket, get("/again")).receives(&mut socket, answer(200, "x"));
    }
    scenario.expect_requests(20).expect_lost(0);
}

#[test]
fn a_long_body_is_skipped_by_the_kernel() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 183000000\r\n\r\n";
    scenario.connect(&socket).sends(&mut socket, get("/iso")).receives(&mut socket, head);
    let until = socket.receives.plus(183_000_000 - 1);
    assert_eq!(scenario.findings.wishes.last(), Some(&format!("1: skip Ingress until {}", until.0)));
    socket.receives = socket.receives.plus(183_000_000 - 1_000);
    socket.counters.bytes_received += 183_000_000 - 1_000;
    let mut last = scenario.segment(&mut socket, crate::decode::Direction::Ingress, &[0; 1_000]);
    (last.skipped, last.prefix) = (999, &[0]);
    scenario.expect_requests(0).event(&Event::TcpSegment(last)).expect_requests(1).close(&socket).expect_lost(0);
    assert_eq!(scenario.requests()[0].response_bytes, 183_000_000 + head.len() as u64);
}

#[test]
fn pipelining_asks_for_whole_buffers() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    let asked: String = (0..16).map(|index| get(&format!("/{index}"))).collect();
    scenario.connect(&socket);
    let mut segment = scenario.segment(&mut socket, crate::decode::Direction::Egress, asked.as_bytes());
    segment.prefix = &asked.as_bytes()[..100];
    scenario.event(&Event::TcpSegment(segment));
    assert_eq!(scenario.findings.wishes, ["1: follow Whole/Whole"], "the answers may be in one buffer, too");
}

#[test]
fn other_protocols_are_let_go() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    scenario.connect(&socket).sends(&mut socket, "get key\r\n").receives(&mut socket, "END\r\n");
    assert_eq!(scenario.findings.wishes, ["1: ignore"]);
    scenario.expect_requests(0).expect_lost(0);
}

#[test]
fn wishes_are_repeated_now_and_then() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    scenario.connect(&socket);
    for _ in 0..100 {
        scenario.sends(&mut socket, get("/a")).receives(&mut socket, answer(200, ""));
    }
    assert!((2..=20).contains(&scenario.findings.wishes.len()));
    assert!(scenario.findings.wishes.iter().all(|wish| wish == "1: follow EndsOfOne/Whole"));
}

#[test]
fn dns_over_tcp_is_wanted_whole() {
    let (mut scenario, mut socket) = (Scenario::new(), Socket::client(1, 10, "10.0.0.1:40000", "10.0.0.2:53"));
    let message = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02no\x07example\x00\x00\x01\x00\x01";
    let asked = [&[0, message.len() as u8], &message[..]].concat();
    let mut answered = asked.clone();
    (answered[4], answered[5]) = (0x81, 0x83);
    scenario.connect(&socket).sends(&mut socket, asked).receives(&mut socket, answered).expect_requests(1);
    assert_eq!(scenario.findings.wishes, ["1: follow Whole/Whole"]);
}

#[test]
fn no_answer_is_an_error_without_status() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    scenario.connect(&socket).sends(&mut socket, get("/a"));
    scenario.end(&socket, SocketState::Established, Some(libc::ECONNRESET), Some(Reset::Remote));
    assert_snapshot!(scenario.lines());
}

#[test]
fn a_lost_event_is_no_truncated_answer() {
    let (mut scenario, mut socket) = (Scenario::new(), server());
    scenario
        .accept(&socket)
        .receives(&mut socket, get("/a"))
        .sends(&mut socket, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    scenario.sends_unseen(&mut socket, "body").close(&socket).expect_requests(1);
    assert_eq!((scenario.requests()[0].error, scenario.requests()[0].latency), (None, None));
}

#[test]
fn a_lost_exchange_is_told() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    scenario.connect(&socket).sends_unseen(&mut socket, get("/lost"));
    let lost = answer(200, "");
    scenario.segment(&mut socket, crate::decode::Direction::Ingress, lost.as_bytes());
    scenario.sends(&mut socket, get("/a")).receives(&mut socket, answer(200, "")).wait(4_000);
    scenario.close(&socket).expect_requests(1).expect_lost(1);
}

#[test]
fn adopted_sockets_begin_with_the_next_request() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    socket.counters.bytes_sent = 1_000_000;
    scenario.adopt(&socket, Role::Unknown).receives(&mut socket, "the rest of a body");
    scenario.sends(&mut socket, get("/a")).receives(&mut socket, answer(200, "")).close(&socket);
    assert_snapshot!(scenario.lines());
}

#[test]
fn tls_is_named_and_left_alone() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    let mut hello = vec![22, 3, 1, 0, 64, 1, 0, 0, 60, 3, 3];
    hello.extend([0; 32]);
    hello.extend([0, 0, 2, 0x13, 1, 1, 0, 0, 17, 0, 0, 0, 13, 0, 11, 0, 0, 8]);
    hello.extend(b"shop.example".iter().take(8));
    // The server refuses: a fatal alert, handshake_failure.
    scenario.connect(&socket).sends(&mut socket, &hello).receives(&mut socket, [21, 3, 3, 0, 2, 2, 40]).wait(100);
    assert_eq!(scenario.findings.wishes, ["process 10: speaks TLS", "1: follow Ends/Ends", "1: ignore"]);
    assert_eq!(scenario.flows()[0].tls_sni.as_deref(), Some("shop.exa"));
}

#[test]
fn the_table_is_bounded_and_says_what_it_forgot() {
    let mut scenario = Scenario::with(Options { flows: 100, ..Options::whole_node(0) });
    for index in 0..1_000 {
        scenario.connect(&Socket::client(index, 10, &format!("10.0.0.1:{}", 1_000 + index), "10.0.0.2:80"));
    }
    assert_eq!(scenario.tracker.open_flows(), 100);
    scenario.expect_lost(900);
}

#[test]
fn the_first_report_waits_for_the_serving_process() {
    let (mut scenario, socket) = (Scenario::new(), server());
    scenario.established(&socket).wait(10);
    assert!(scenario.flows().is_empty());
    scenario.owned(&socket).wait(100);
    assert_eq!(scenario.flows()[0].ends.destination.workload.as_deref(), Some("w20"));
    assert_eq!(scenario.flows()[0].time.0, MILLISECOND as i64);
}

#[test]
fn requests_behind_a_preamble_have_the_address_it_tells() {
    let (mut scenario, mut socket) = (Scenario::new(), server());
    let asked = format!("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n{}", get("/a"));
    scenario.accept(&socket).receives(&mut socket, asked).sends(&mut socket, answer(200, "")).close(&socket);
    scenario.expect_requests(1);
    let ends = [&scenario.requests()[0].ends, &scenario.flows().last().expect("a flow").ends];
    for ends in ends {
        let of =
            |endpoint: &goldwire_model::record::Endpoint| endpoint.proxied_address.map(|address| address.to_string());
        assert_eq!(of(&ends.source).as_deref(), Some("192.0.2.7"));
        assert_eq!(of(&ends.destination).as_deref(), Some("198.51.100.1"));
    }
}

#[test]
fn request_in_the_syn_waits_for_its_connection() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    let opened = socket.clone();
    scenario.connecting(&socket).sends(&mut socket, get("/a")).expect_requests(0);
    scenario.established(&opened).receives(&mut socket, answer(200, "")).close(&socket).expect_requests(1);
    assert_eq!(scenario.requests()[0].error, None);
    assert!(scenario.requests()[0].latency.is_some() && scenario.lines().contains("/a"));
}
