//! Conversations that trip observers up, and what is made of them.

use crate::support::{Talk, answer, get};
use goldwire_l7::Direction;
use goldwire_model::record::Protocol;
use insta::assert_snapshot;

#[test]
fn keep_alive() {
    let talk =
        Talk::new().client(get("/a?secret=1")).server(answer(200, "hello")).client(get("/b")).server(answer(404, ""));
    assert_snapshot!(talk.expect_protocol(Protocol::Http).expect_exchanges(2).close());
}

#[test]
fn pipelining_in_one_segment() {
    let asked: String = (0..16).map(|index| get(&format!("/{index}"))).collect();
    let answered: String = (0..16).map(|index| answer(401 + index, "xy")).collect();
    assert_snapshot!(Talk::new().client(asked).server(answered).expect_exchanges(16).close());
}

#[test]
fn pipelining_with_answers_one_by_one() {
    let mut talk = Talk::new();
    for index in 0..4 {
        talk = talk.client(get(&format!("/{index}")));
    }
    for index in 0..4 {
        talk = talk.server(answer(200 + index, ""));
    }
    assert_snapshot!(talk.close());
}

#[test]
fn continue_is_not_an_answer() {
    let talk = Talk::new()
        .client("POST /up HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        .server("HTTP/1.1 100 Continue\r\n\r\n")
        .client("body")
        .server("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        .server(answer(201, ""));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn answers_without_bodies() {
    let talk = Talk::new()
        .client("HEAD /h HTTP/1.1\r\nHost: shop\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        .client(get("/n"))
        .server("HTTP/1.1 204 No Content\r\n\r\n")
        .client(get("/m"))
        .server("HTTP/1.1 304 Not Modified\r\nContent-Length: 55\r\n\r\n")
        .client(get("/o"))
        .server(answer(200, "o"));
    assert_snapshot!(talk.expect_exchanges(4).close());
}

#[test]
fn chunked_with_trailers_both_ways() {
    let talk = Talk::new()
        .client("POST /c HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        .client("0\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n5\r\nhel")
        .server("lo\r\n0\r\nSum: 1\r\n")
        .server("\r\n")
        .client(get("/next"))
        .server(answer(200, ""));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn chunked_whose_middle_is_not_captured() {
    let chunk = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
    let talk = Talk::new()
        .capture(128, 64)
        .client(get("/big"))
        .server(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}"))
        .server(format!("{chunk}{chunk}"))
        .server(format!("{chunk}0\r\n\r\n"))
        .expect_exchanges(1)
        .client(get("/next"))
        .server(answer(200, "ok"));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn chunked_whose_end_is_not_captured_ends_with_the_next_request() {
    let chunk = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
    let talk = Talk::new()
        .capture(128, 0)
        .client(get("/big"))
        .server(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}"))
        .server(format!("{chunk}0\r\n\r\n"))
        .expect_exchanges(0)
        .client(get("/next"))
        .expect_exchanges(1)
        .server(answer(200, "ok"));
    assert_snapshot!(talk.close());
}

#[test]
fn a_body_until_close() {
    let talk = Talk::new().client("GET / HTTP/1.0\r\n\r\n").server("HTTP/1.0 200 OK\r\n\r\nsome").server(" more");
    assert_snapshot!(talk.expect_exchanges(0).close());
}

#[test]
fn a_body_until_reset_is_truncated() {
    let talk = Talk::new().client("GET / HTTP/1.0\r\n\r\n").server("HTTP/1.0 200 OK\r\n\r\nsome");
    assert_snapshot!(talk.reset());
}

#[test]
fn an_upgrade_is_one_exchange() {
    let talk = Talk::new()
        .client("GET /ws HTTP/1.1\r\nHost: shop\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        .server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x02\x05hello")
        .client("\x02\x05hello");
    let talk = talk.expect_protocol(None);
    assert_snapshot!(talk.client(get("/not-http-any-more")).expect_exchanges(1).close());
}

#[test]
fn a_tunnel_is_one_exchange() {
    let talk = Talk::new()
        .client("CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n")
        .server("HTTP/1.1 200 Connection established\r\n\r\n")
        .client("\x16\x03\x01")
        .server("\x16\x03\x03");
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn a_refused_tunnel_goes_on() {
    let talk = Talk::new()
        .client("CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n")
        .server(answer(407, "no"))
        .client(get("/x"))
        .server(answer(200, ""));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn no_answer_has_no_status() {
    assert_snapshot!(Talk::new().client(get("/a")).close(), @"GET /a shop -> ? 31/0B first - last - NoAnswer");
    assert_snapshot!(Talk::new().client(get("/a")).reset(), @"GET /a shop -> ? 31/0B first - last - NoAnswer");
}

#[test]
fn an_aborted_upload_is_one_request() {
    let head = "PUT /f HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\n\r\n";
    assert_snapshot!(Talk::new().client(head).client("0123456789").reset());
}

#[test]
fn an_aborted_answer_keeps_its_status() {
    let talk = Talk::new().client(get("/a")).server("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart");
    assert_snapshot!(talk.reset());
}

#[test]
fn who_reset_a_connection_is_told() {
    let begun = || Talk::new().client(get("/a")).server("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart");
    let (client, server) = (begun().reset_by(Direction::Request), begun().reset_by(Direction::Response));
    assert_snapshot!(client, @"GET /a shop -> 200 31/45B first 1ms last - ResetByClient");
    assert_snapshot!(server, @"GET /a shop -> 200 31/45B first 1ms last - ResetByServer");
    let waiting = Talk::new().client(get("/a")).reset_by(Direction::Request);
    assert_snapshot!(waiting, @"GET /a shop -> ? 31/0B first - last - ResetByClient");
}

#[test]
fn an_early_answer_ends_the_exchange() {
    let talk = Talk::new()
        .client("POST /up HTTP/1.1\r\nHost: shop\r\nContent-Length: 100000\r\n\r\n")
        .client("x".repeat(1_000))
        .server(answer(413, "too large"));
    assert_snapshot!(talk.expect_exchanges(1).reset());
}

#[test]
fn a_request_that_never_ended_may_be_answered() {
    assert_snapshot!(Talk::new().client("GET /slow HTTP/1.1\r\nHos").server(answer(408, "")).close());
}

#[test]
fn headers_over_many_segments_and_single_bytes() {
    let mut talk = Talk::new();
    let asked = format!("GET /a HTTP/1.1\r\nX-Long: {}\r\nHost: shop\r\n\r\n", "y".repeat(8_192));
    for byte in asked.as_bytes() {
        talk = talk.client([*byte]);
    }
    for byte in answer(200, "hello").as_bytes() {
        talk = talk.server([*byte]);
    }
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn headers_whose_middle_is_not_captured() {
    let asked = format!("GET /a HTTP/1.1\r\nHost: shop\r\nX-Long: {}\r\n\r\n", "y".repeat(8_192));
    let talk = Talk::new().capture(512, 64).client(asked).server(answer(200, "hello"));
    assert_snapshot!(talk.client(get("/b")).server(answer(404, "")).expect_exchanges(2).close());
}

#[test]
fn a_large_download_is_timed_to_its_end() {
    const LENGTH: u64 = 183_000_000;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
    let talk = Talk::new().client(get("/iso")).server(&head);
    let until = talk.connection.body_until(Direction::Response);
    assert_eq!(until, head.len() as u64 + LENGTH - 1);
    let talk = talk.lose(Direction::Response, LENGTH - 100).expect_exchanges(0);
    assert_snapshot!(
        talk.server("z".repeat(100)).expect_exchanges(1).client(get("/b")).server(answer(200, "")).close()
    );
}

#[test]
fn adopted_in_the_middle_of_a_body() {
    let talk = Talk::adopted()
        .server("the rest of some body\r\nHTTP is mentioned here: HTTP/1.1 200 OK\r\n\r\n")
        .client(get("/a"))
        .server(answer(200, "x"));
    assert_snapshot!(talk.expect_protocol(Protocol::Http).expect_exchanges(1).close());
}

#[test]
fn adopted_between_request_and_answer() {
    let talk = Talk::adopted().server(answer(200, "x")).client(get("/a")).server(answer(404, ""));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

/// As Go's servers read: one byte by the goroutine that waits for the client's end, the rest by the one that serves.
#[test]
fn adopted_before_a_request_whose_first_bytes_come_alone() {
    let talk = Talk::adopted()
        .server(answer(200, "x"))
        .client("G")
        .client("ET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        .server(answer(404, ""))
        .client("G")
        .client("ET /b HTTP/1.1\r\nHost: a\r\n\r\n")
        .server(answer(405, ""));
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn adopted_before_bytes_that_may_begin_a_request_and_do_not() {
    let talk = Talk::adopted()
        .server(answer(200, "x"))
        .client("P")
        .client("G")
        .client("E")
        .client("T /a HTTP/1.1\r\nHost: a\r\n\r\n")
        .server(answer(404, ""));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn adopted_before_the_answer_to_a_head() {
    let talk = Talk::adopted()
        .server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        .client(get("/a"))
        .server(answer(404, "0123456789012345"));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn a_lost_request_leaves_the_others_paired() {
    let talk = Talk::new()
        .client(get("/a"))
        .server(answer(200, ""))
        .lose_client(get("/b"))
        .server(answer(201, ""))
        .client(get("/c"))
        .server(answer(202, ""));
    assert_snapshot!(talk.close());
}

#[test]
fn a_lost_answer_leaves_the_others_paired() {
    let talk = Talk::new()
        .client(get("/a"))
        .server(answer(200, ""))
        .client(get("/b"))
        .lose_server(answer(201, ""))
        .client(get("/c"))
        .server(answer(202, ""))
        .wait();
    assert_snapshot!(talk.counted().close());
}

#[test]
fn a_wholly_lost_exchange_is_told() {
    let talk = Talk::new()
        .client(get("/a"))
        .server(answer(200, ""))
        .lose_client(get("/b"))
        .lose_server(answer(201, ""))
        .client(get("/c"))
        .server(answer(202, ""))
        .wait();
    assert_snapshot!(talk.counted().close());
}

/// The answer to a HEAD that was not seen says a length: what is lost behind it is not its body.
#[test]
fn a_lost_answer_in_the_place_of_a_body_is_missed() {
    let talk = Talk::new()
        .client(get("/a"))
        .server(answer(200, ""))
        .lose_client("HEAD /b HTTP/1.1\r\nHost: shop\r\n\r\n")
        .server("HTTP/1.1 201 X\r\nContent-Length: 60\r\n\r\n")
        .client(get("/c"))
        .lose_server(answer(202, ""))
        .lose_client(get("/d"))
        .server(answer(203, "").repeat(2))
        .wait();
    assert_snapshot!(talk.counted().close());
}

#[test]
fn an_answer_behind_a_gap_waits_for_the_next_request_to_be_paired() {
    let lost =
        |next: Talk| next.client(get("/a")).server(answer(200, "")).client(get("/lost")).lose_server(answer(201, ""));
    let talk = lost(Talk::new()).client(get("/b")).server(answer(202, "")).wait().expect_exchanges(1);
    assert_snapshot!(talk.client(get("/c")).expect_exchanges(2).server(answer(203, "")).close());
    let talk = lost(Talk::new()).client(get("/b")).lose_server(answer(202, ""));
    let talk = talk.lose_client(get("/unseen")).server(answer(203, "")).wait().client(get("/c")).wait();
    assert_snapshot!(talk.server(answer(204, "")).close());
}

#[test]
fn the_end_of_a_method_is_no_request() {
    let talk = Talk::new().client(get("/a")).server(answer(200, "")).lose_client("DEL");
    let talk = talk.client("ETE /b HTTP/1.1\r\nHost: shop\r\n\r\n").server(answer(201, "")).wait();
    assert_snapshot!(talk.client(get("/c")).server(answer(202, "")).close());
}

#[test]
fn an_answer_whose_end_was_lost_is_not_called_truncated() {
    let talk = Talk::new().client(get("/a")).server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n").lose_server("body");
    assert_snapshot!(talk.counted().close());
}

#[test]
fn a_gap_in_pipelined_requests_never_mispairs() {
    let mut talk = Talk::new().client(get("/0")).client(get("/1")).server(answer(200, ""));
    talk = talk.lose_client(get("/2")).client(get("/3")).client(get("/4")).wait();
    for status in 201..=204 {
        talk = talk.server(answer(status, ""));
    }
    assert_snapshot!(talk.client(get("/5")).server(answer(205, "")).close());
}

#[test]
fn pipelining_beyond_the_captured_prefix_keeps_the_count() {
    let asked: String = (0..16).map(|index| get(&format!("/{index}"))).collect();
    let answered: String = (0..16).map(|index| answer(401 + index, "xy")).collect();
    let talk = Talk::new().capture(100, 0).client(asked).capture(100_000, 0).server(answered);
    assert_snapshot!(talk.client(get("/after")).server(answer(200, "")).close());
}

#[test]
fn other_protocols_are_told_apart() {
    for (client, server) in [("get a\r\n", "END\r\n"), ("\x16\x03\x01\x02", ""), ("", "220 mail\r\n")] {
        let talk = Talk::new().client(client).server(server).expect_protocol(None);
        assert_eq!(talk.close(), "");
    }
    let talk = Talk::new().client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect_protocol(Protocol::Http2);
    assert_eq!(talk.close(), "");
    let talk = Talk::new().client("G").expect_protocol(None).client("ET /x HTTP/1.1\r\n");
    assert_eq!(talk.expect_protocol(Protocol::Http).close(), "");
}

#[test]
fn an_unknown_adopted_protocol_is_given_up() {
    let mut talk = Talk::adopted();
    for _ in 0..20 {
        talk = talk.client("\x00\x01\x02 binary").server("\x00\x01\x02 binary");
    }
    assert_eq!(talk.expect_protocol(None).close(), "");
}

#[test]
fn wrong_headers_are_a_request_all_the_same() {
    let talk = Talk::new().client("GET /a HTTP/1.1\r\nHost: shop\r\nbad header\x01\r\n\r\n").server(answer(400, "no"));
    assert_snapshot!(talk.close());
}

#[test]
fn a_head_without_end_is_bounded() {
    let mut talk = Talk::new().client("GET /a HTTP/1.1\r\nHost: shop\r\n");
    for _ in 0..200 {
        talk = talk.client(format!("X: {}\r\n", "y".repeat(1_000)));
    }
    assert_snapshot!(talk.server(answer(431, "")).close());
}
