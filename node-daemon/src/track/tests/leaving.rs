//! Whose fault it is that an exchange has no answer, or not all of it.

use goldwire_model::record::{ExchangeError, Reporter};

use super::scenario::{Scenario, Socket, answer, get};
use crate::decode::{Event, Reset, SocketState, TcpSegment};

fn client() -> Socket {
    Socket::client(1, 10, "10.0.0.1:40000", "10.0.0.2:80")
}

fn server() -> Socket {
    Socket::server(2, 20, "10.0.0.2:80", "10.0.0.1:40000")
}

/// The beginning of an answer.
const BEGUN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun";

impl Scenario {
    /// The client's FIN comes to the server.
    fn client_ends(&mut self, socket: &mut Socket) -> &mut Self {
        let fin = self.segment(socket, crate::decode::Direction::Ingress, b"");
        self.event(&Event::TcpSegment(TcpSegment { tcp_flags: 0x11, ..fin }))
    }

    fn error(&self) -> Option<ExchangeError> {
        let requests = self.requests();
        assert_eq!(requests.len(), 1);
        requests[0].error
    }
}

#[test]
fn an_unanswered_request_is_the_fault_of_who_left_first() {
    use ExchangeError::{ClosedByClient, NoAnswer, ResetByClient, ResetByServer};
    use Reset::{Local, Remote};
    use SocketState::{CloseWait, Closing, Established, FinWait1, FinWait2, LastAck};
    for (is_client, from, is_orphan, errno, reset, expected) in [
        // The client closed, in whatever order the acknowledgement and the server's FIN came.
        (true, FinWait2, true, None, None, ClosedByClient),
        (true, FinWait1, true, None, None, ClosedByClient),
        (false, LastAck, true, None, None, ClosedByClient),
        // What still came was answered by a reset, or the server had not read the request.
        (true, FinWait2, true, None, Some(Local), ClosedByClient),
        (true, FinWait1, true, None, Some(Remote), ClosedByClient),
        (false, CloseWait, true, Some(libc::EPIPE), Some(Remote), ClosedByClient),
        (false, LastAck, true, Some(libc::ECONNRESET), Some(Remote), ClosedByClient),
        (false, CloseWait, true, None, Some(Local), ClosedByClient),
        // It only said that it has no further request, and waited.
        (true, FinWait2, false, None, None, NoAnswer),
        (true, FinWait2, false, Some(libc::ECONNRESET), Some(Remote), ResetByServer),
        // The server closed.
        (true, LastAck, true, None, None, NoAnswer),
        (true, CloseWait, true, None, Some(Local), NoAnswer),
        (false, FinWait2, true, None, None, NoAnswer),
        (false, FinWait1, true, Some(libc::ECONNRESET), Some(Remote), NoAnswer),
        // Both did, before they heard of each other.
        (true, Closing, true, None, None, NoAnswer),
        (false, Closing, true, None, None, NoAnswer),
        // A reset without any FIN.
        (true, Established, true, None, Some(Local), ResetByClient),
        (false, Established, true, Some(libc::ECONNRESET), Some(Remote), ResetByClient),
        (true, Established, false, Some(libc::ECONNRESET), Some(Remote), ResetByServer),
        (false, Established, true, None, Some(Local), ResetByServer),
        // Nobody is there any more.
        (true, FinWait1, true, Some(libc::ETIMEDOUT), None, NoAnswer),
        (true, Established, false, Some(libc::ETIMEDOUT), None, NoAnswer),
    ] {
        let mut scenario = Scenario::new();
        let mut socket = if is_client { client() } else { server() };
        socket.is_orphan = is_orphan;
        if is_client {
            scenario.connect(&socket).sends(&mut socket, get("/a"));
        } else {
            scenario.accept(&socket).receives(&mut socket, get("/a"));
        }
        scenario.end(&socket, from, errno, reset);
        assert_eq!(scenario.error(), Some(expected), "{is_client} {from:?} {is_orphan} {errno:?} {reset:?}");
    }
}

#[test]
fn a_begun_answer_is_the_fault_of_who_left_first() {
    for (from, expected) in
        [(SocketState::FinWait2, ExchangeError::Truncated), (SocketState::LastAck, ExchangeError::ClosedByClient)]
    {
        let (mut scenario, mut socket) = (Scenario::new(), server());
        scenario.accept(&socket).receives(&mut socket, get("/a")).sends(&mut socket, BEGUN);
        assert_eq!(scenario.end(&socket, from, None, None).error(), Some(expected));
    }
}

#[test]
fn a_stream_until_the_close_is_whole_if_its_reader_stayed() {
    let stream = "HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n";
    for (from, expected) in [(SocketState::FinWait2, None), (SocketState::LastAck, Some(ExchangeError::ClosedByClient))]
    {
        let (mut scenario, mut socket) = (Scenario::new(), server());
        scenario.accept(&socket).receives(&mut socket, get("/events")).sends(&mut socket, stream);
        assert_eq!(scenario.end(&socket, from, None, None).error(), expected);
    }
}

#[test]
fn a_client_that_reads_behind_its_end_has_not_left() {
    let (mut scenario, mut socket) = (Scenario::new(), server());
    scenario.accept(&socket).receives(&mut socket, get("/a")).client_ends(&mut socket).sends(&mut socket, BEGUN);
    assert_eq!(scenario.end(&socket, SocketState::LastAck, None, None).error(), Some(ExchangeError::Truncated));
}

#[test]
fn the_client_s_own_socket_tells_its_server_whether_it_left() {
    for (is_orphan, expected) in [(true, ExchangeError::ClosedByClient), (false, ExchangeError::NoAnswer)] {
        let (mut scenario, mut near) = (Scenario::new(), client());
        let mut far = near.mirrored(2, 20);
        scenario.connect(&near).accept(&far).sends(&mut near, get("/a")).receives(&mut far, get("/a"));
        near.is_orphan = is_orphan;
        scenario.client_ends(&mut far).close(&near).end(&far, SocketState::LastAck, None, None);
        let errors: Vec<_> = scenario.requests().iter().map(|request| (request.ends.reporter, request.error)).collect();
        assert_eq!(errors, [(Reporter::Client, Some(expected)), (Reporter::Server, Some(expected))]);
    }
}

#[test]
fn a_server_that_closes_on_a_waiting_client_is_at_fault() {
    let (mut scenario, mut near) = (Scenario::new(), client());
    let mut far = near.mirrored(2, 20);
    scenario.connect(&near).accept(&far).sends(&mut near, get("/a")).receives(&mut far, get("/a"));
    scenario.client_ends(&mut far).end(&far, SocketState::LastAck, None, None);
    assert_eq!(scenario.error(), Some(ExchangeError::NoAnswer));
}

#[test]
fn an_answer_that_nobody_was_there_to_read_is_the_client_s() {
    let failed = answer(500, "");
    for (text, reset, expected) in [
        (answer(200, "ok"), Some(Reset::Remote), Some(ExchangeError::ClosedByClient)),
        (answer(200, "ok"), None, None),
        (failed, Some(Reset::Remote), Some(ExchangeError::Status)),
    ] {
        let (mut scenario, mut socket) = (Scenario::new(), server());
        scenario.accept(&socket).receives(&mut socket, get("/a")).client_ends(&mut socket).sends(&mut socket, text);
        scenario.expect_requests(0);
        assert_eq!(scenario.end(&socket, SocketState::CloseWait, None, reset).error(), expected);
    }
}

#[test]
fn a_late_answer_that_is_not_reset_was_read() {
    let (mut scenario, mut socket) = (Scenario::new(), server());
    scenario.accept(&socket).receives(&mut socket, get("/a")).client_ends(&mut socket);
    scenario.sends(&mut socket, answer(200, "ok")).wait(2_000);
    assert_eq!(scenario.error(), None);
}
