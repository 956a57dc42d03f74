//! What passes TLS libraries: which flow it belongs to, and what becomes of it.

use goldwire_model::record::Protocol;

use super::scenario::{Scenario, Socket, answer, get};
use crate::decode::{
    Cookie, Direction, Event, KernelTime, Plaintext, PlaintextEnded, PlaintextSession, Role, SessionNumber,
};

const RANDOM: [u8; 32] = *b"a random that came with a hello.";

fn client() -> Socket {
    Socket::client(1, 10, "10.0.0.1:40000", "10.0.0.2:443")
}

fn hello(random: [u8; 32]) -> Vec<u8> {
    let mut bytes = vec![22, 3, 1, 0, 60, 1, 0, 0, 56, 3, 3];
    bytes.extend(random);
    bytes.extend([0, 0, 2, 0x13, 1, 1, 0, 0, 0]);
    bytes
}

/// A session of a library.
#[derive(Clone)]
struct Session {
    number: SessionNumber,
    pid: u32,
    /// What the library keeps.
    memory: Vec<u8>,
    cookie: Option<Cookie>,
    received_from: Option<Cookie>,
    watched_since: KernelTime,
    names_socket: bool,
    awaits: Option<KernelTime>,
    passed: [u64; 2],
}

impl Session {
    fn new(number: u64, pid: u32) -> Self {
        let mut memory = vec![0; 1024];
        memory[352..384].copy_from_slice(&RANDOM);
        Self {
            number: SessionNumber(number),
            pid,
            memory,
            cookie: None,
            received_from: None,
            watched_since: KernelTime(0),
            names_socket: false,
            awaits: None,
            passed: [0; 2],
        }
    }

    /// One whose library keeps nothing that is known, and that used a socket.
    fn of_socket(number: u64, pid: u32, cookie: u64) -> Self {
        Self { memory: vec![0; 1024], cookie: Some(Cookie(cookie)), ..Self::new(number, pid) }
    }
}

impl Scenario {
    fn session(&mut self, session: &Session) -> &mut Self {
        self.event(&Event::PlaintextSession(PlaintextSession {
            time: self.now(),
            session: session.number,
            pid: session.pid,
            object: 0x5500_0000_1000,
            watched_since: session.watched_since,
            memory: [&session.memory, &[]],
            names_socket: session.names_socket,
        }))
    }

    fn passes(&mut self, session: &mut Session, direction: Direction, bytes: impl AsRef<[u8]>) -> &mut Self {
        let bytes = bytes.as_ref();
        let offset = session.passed[direction as usize];
        session.passed[direction as usize] += bytes.len() as u64;
        self.event(&Event::Plaintext(Plaintext {
            time: self.now(),
            began: self.now(),
            session: session.number,
            pid: session.pid,
            cookie: session.cookie,
            received_from: session.received_from,
            direction,
            offset,
            awaits: session.awaits,
            length: bytes.len() as u32,
            prefix: bytes,
            tail: &[],
        }))
    }

    fn writes(&mut self, session: &mut Session, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.passes(session, Direction::Egress, bytes)
    }

    fn reads(&mut self, session: &mut Session, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.passes(session, Direction::Ingress, bytes)
    }

    fn session_ends(&mut self, session: &Session) -> &mut Self {
        let [received, sent] = session.passed;
        self.event(&Event::PlaintextEnded(PlaintextEnded { time: self.now(), session: session.number, received, sent }))
    }

    fn protocol(&self) -> Option<Protocol> {
        self.flows().last().and_then(|flow| flow.protocol)
    }
}

#[test]
fn the_random_of_the_hello_leads_to_the_flow() {
    let (mut scenario, mut socket, mut session) = (Scenario::new(), client(), Session::new(7, 10));
    scenario
        .connect(&socket)
        .sends(&mut socket, hello(RANDOM))
        .session(&session)
        .writes(&mut session, get("/a"))
        .reads(&mut session, answer(200, "hello"))
        .session_ends(&session)
        .close(&socket)
        .expect_requests(1)
        .expect_lost(0);
    assert_eq!(scenario.requests()[0].error, None);
    assert_eq!(scenario.protocol(), Some(Protocol::Http));
    assert_eq!(scenario.findings.wishes, ["process 10: speaks TLS", "1: follow Ends/Ends"]);
}

#[test]
fn of_two_ends_here_each_gets_its_own() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    let mut other = socket.mirrored(2, 20);
    let (mut asking, mut answering) = (Session::new(7, 10), Session::new(8, 20));
    scenario
        .connect(&socket)
        .accept(&other)
        .sends(&mut socket, hello(RANDOM))
        .receives(&mut other, hello(RANDOM))
        .session(&asking)
        .writes(&mut asking, get("/a"))
        .session(&answering)
        .reads(&mut answering, get("/a"))
        .writes(&mut answering, answer(200, ""))
        .reads(&mut asking, answer(200, ""))
        .expect_requests(2)
        .expect_lost(0);
}

#[test]
fn of_two_ends_in_one_process_the_socket_that_was_read_tells() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    let mut other = socket.mirrored(2, 10);
    let mut asking = Session { received_from: Some(Cookie(1)), ..Session::new(7, 10) };
    let mut answering = Session { received_from: Some(Cookie(2)), ..Session::new(8, 10) };
    scenario
        .connect(&socket)
        .accept(&other)
        .sends(&mut socket, hello(RANDOM))
        .receives(&mut other, hello(RANDOM))
        .session(&asking)
        .writes(&mut asking, get("/a"))
        .session(&answering)
        .reads(&mut answering, get("/a"))
        .writes(&mut answering, answer(200, ""))
        .reads(&mut asking, answer(200, ""))
        .expect_requests(2)
        .expect_lost(0);
}

#[test]
fn a_random_that_is_chosen_to_mislead_leads_nowhere() {
    let (mut scenario, mut socket, mut session) = (Scenario::new(), client(), Session::new(7, 10));
    let mut other = Socket::client(2, 10, "10.0.0.1:40001", "10.0.0.2:443");
    scenario
        .connect(&socket)
        .connect(&other)
        .sends(&mut other, hello([0; 32]))
        .sends(&mut socket, hello(RANDOM))
        .session(&session)
        .writes(&mut session, get("/a"))
        .expect_requests(0);
    session.received_from = Some(Cookie(1));
    scenario.reads(&mut session, answer(200, "hello")).expect_requests(1);
    assert_eq!(scenario.requests()[0].ends.source_port, 40_000);
}

#[test]
fn calls_wait_for_their_flow() {
    let (mut scenario, mut socket, mut session) = (Scenario::new(), client(), Session::new(7, 10));
    scenario
        .session(&session)
        .writes(&mut session, get("/a"))
        .expect_requests(0)
        .connect(&socket)
        .sends(&mut socket, hello(RANDOM))
        .reads(&mut session, answer(200, "hello"))
        .expect_requests(1)
        .expect_lost(0);
}

#[test]
fn what_belongs_to_no_flow_counts_for_nothing() {
    let (mut scenario, mut socket, mut session) = (Scenario::new(), client(), Session::new(7, 10));
    scenario
        .connect(&socket)
        .sends(&mut socket, hello([1; 32]))
        .session(&session)
        .writes(&mut session, get("/a"))
        .reads(&mut session, answer(200, "hello"))
        .wait(6_000)
        .writes(&mut session, get("/b"))
        .close(&socket)
        .expect_requests(0)
        .expect_lost(0);
    assert_eq!(scenario.protocol(), Some(Protocol::Tls));
    assert_eq!(scenario.findings.wishes.last().map(String::as_str), Some("session 7: ignore"));
}

#[test]
fn a_connection_from_before_is_tied_by_the_socket_of_a_call() {
    let (mut scenario, socket, mut session) = (Scenario::new(), client(), Session::of_socket(7, 10, 1));
    scenario
        .adopt(&socket, Role::Client)
        .session(&session)
        .writes(&mut session, get("/a"))
        .reads(&mut session, answer(200, "hello"))
        .expect_requests(1);
}

#[test]
fn a_socket_on_which_something_else_runs_is_not_the_sessions() {
    let (mut scenario, mut socket, mut session) = (Scenario::new(), client(), Session::of_socket(7, 10, 1));
    scenario
        .connect(&socket)
        .sends(&mut socket, get("/in the clear"))
        .receives(&mut socket, answer(200, ""))
        .session(&session)
        .writes(&mut session, get("/a"))
        .reads(&mut session, answer(200, ""))
        .expect_requests(1);
}

#[test]
fn tls_inside_of_tls_is_not_the_flows() {
    let (mut scenario, mut socket, mut outer) = (Scenario::new(), client(), Session::new(7, 10));
    let mut inner = Session { memory: vec![0; 1024], ..Session::new(8, 10) };
    scenario
        .connect(&socket)
        .sends(&mut socket, hello(RANDOM))
        .session(&outer)
        .writes(&mut outer, "CONNECT far:443 HTTP/1.1\r\nHost: far\r\n\r\n")
        .reads(&mut outer, "HTTP/1.1 200 OK\r\n\r\n")
        .writes(&mut outer, hello([3; 32]))
        .session(&inner)
        .writes(&mut inner, get("/far"))
        .wait(6_000)
        .expect_requests(1)
        .expect_lost(0);
}

#[test]
fn a_library_that_was_found_late_is_read_from_its_next_message() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    let mut session = Session { watched_since: KernelTime(u64::MAX), ..Session::new(7, 10) };
    scenario
        .connect(&socket)
        .sends(&mut socket, hello(RANDOM))
        .session(&session)
        .reads(&mut session, "the end of a body")
        .writes(&mut session, get("/a"))
        .reads(&mut session, answer(200, "hello"))
        .session_ends(&session)
        .close(&socket)
        .expect_requests(1)
        .expect_lost(0);
}

#[test]
fn what_is_read_after_the_socket_closed_still_counts() {
    for ends_late in [false, true] {
        let (mut scenario, mut socket, mut session) = (Scenario::new(), client(), Session::new(7, 10));
        scenario
            .connect(&socket)
            .sends(&mut socket, hello(RANDOM))
            .session(&session)
            .writes(&mut session, get("/a"))
            .close(&socket)
            .reads(&mut session, answer(200, "hello"))
            .reads(&mut session, answer(200, "no question was asked"));
        if ends_late {
            scenario.session_ends(&session);
        }
        scenario.wait(2_000);
        assert_eq!(scenario.requests()[0].error, None, "{}", scenario.lines());
        assert!(scenario.requests()[0].latency.is_some());
    }
}

#[test]
fn an_answer_that_does_not_come_is_told_at_the_end() {
    let (mut scenario, mut socket, mut session) = (Scenario::new(), client(), Session::new(7, 10));
    scenario
        .connect(&socket)
        .sends(&mut socket, hello(RANDOM))
        .session(&session)
        .writes(&mut session, get("/a"))
        .session_ends(&session)
        .expect_requests(0)
        .close(&socket)
        .expect_requests(1);
    assert!(scenario.requests()[0].error.is_some() && scenario.requests()[0].latency.is_none());
}

#[test]
fn a_session_that_the_probes_forgot_goes_on() {
    let (mut scenario, mut socket, mut session) = (Scenario::new(), client(), Session::new(7, 10));
    let mut again = Session::new(9, 10);
    scenario
        .connect(&socket)
        .sends(&mut socket, hello(RANDOM))
        .session(&session)
        .writes(&mut session, get("/a"))
        .session(&again)
        .reads(&mut again, answer(200, "hello"))
        .writes(&mut again, get("/b"))
        .reads(&mut again, answer(200, "hello"))
        .expect_requests(2)
        .expect_lost(0);
}

#[test]
fn long_bodies_are_skipped() {
    let (mut scenario, mut socket, mut session) = (Scenario::new(), client(), Session::new(7, 10));
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
    scenario
        .connect(&socket)
        .sends(&mut socket, hello(RANDOM))
        .session(&session)
        .writes(&mut session, get("/a"))
        .reads(&mut session, head);
    let last = head.len() + 1_000_000 - 1;
    assert_eq!(
        scenario.findings.wishes.last().map(String::as_str),
        Some(format!("session 7: skip Ingress until {last}").as_str())
    );
    session.passed[0] = last as u64;
    scenario.reads(&mut session, "x").writes(&mut session, get("/b")).reads(&mut session, answer(200, ""));
    scenario.expect_requests(2).expect_lost(0);
    assert_eq!(scenario.requests()[0].response_bytes, last as u64 + 1);
}

#[test]
fn a_session_that_nobody_knows_is_given_up() {
    let (mut scenario, mut session) = (Scenario::new(), Session::new(7, 10));
    scenario.session(&session);
    for _ in 0..3_000 {
        scenario.writes(&mut session, "x");
    }
    scenario.expect_lost(0);
    assert_eq!(scenario.findings.wishes, ["session 7: ignore"]);
}

#[test]
fn what_cannot_be_held_is_counted() {
    let mut scenario = Scenario::new();
    for number in 0..5 {
        let mut session = Session::new(number, 10);
        scenario.session(&session);
        (0..60).for_each(|_| _ = scenario.writes(&mut session, [0; 16_384]));
    }
    scenario.expect_lost(1);
    scenario.writes(&mut Session::new(8, 10), "unannounced").expect_lost(2);
}

#[test]
fn an_answer_waits_for_the_question_whose_call_returns_later() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    let mut session = Session { names_socket: true, ..Session::of_socket(7, 10, 1) };
    scenario.connect(&socket).sends(&mut socket, hello(RANDOM)).session(&session);
    session.awaits = Some(scenario.now());
    scenario
        .reads(&mut session, answer(200, "hello"))
        .expect_requests(0)
        .writes(&mut session, get("/a"))
        .expect_requests(1)
        .expect_lost(0);
    assert_eq!(scenario.requests()[0].error, None);
}

#[test]
fn a_call_that_wrote_nothing_lets_what_waits_for_it_pass() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    let mut session = Session { names_socket: true, ..Session::of_socket(7, 10, 1) };
    scenario
        .connect(&socket)
        .sends(&mut socket, hello(RANDOM))
        .session(&session)
        .writes(&mut session, get("/a"))
        .wait(1);
    session.awaits = Some(scenario.now());
    scenario.reads(&mut session, answer(200, "hello")).expect_requests(0).writes(&mut session, "").expect_requests(1);
}

#[test]
fn a_session_that_names_its_socket_need_not_be_known_as_tls() {
    let (mut scenario, mut socket) = (Scenario::new(), client());
    let mut session = Session { names_socket: true, ..Session::of_socket(7, 10, 1) };
    scenario
        .connect(&socket)
        .sends(&mut socket, "CONNECT there:443 HTTP/1.1\r\n\r\n")
        .session(&session)
        .writes(&mut session, get("/a"))
        .expect_requests(0)
        .sends(&mut socket, hello(RANDOM))
        .reads(&mut session, answer(200, "hello"))
        .expect_requests(1);
}
