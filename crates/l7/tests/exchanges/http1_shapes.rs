//! Messages in every shape that RFC 9112 knows, and some that it forbids.

use crate::support::{Talk, answer, get};
use goldwire_model::record::Protocol;
use insta::assert_snapshot;

#[test]
fn sixteen_deep_with_fast_and_slow_answers() {
    let mut talk = Talk::new();
    for index in 0..16 {
        talk = talk.client(get(&format!("/{index}")));
    }
    for index in 0..16 {
        talk.time += if index % 3 == 0 { 200_000_000 } else { 0 };
        let whole = answer(401 + index, "hello");
        let (head, tail) = whole.split_at(if index % 2 == 0 { 20 } else { whole.len() - 3 });
        talk = talk.server(head).server(tail);
    }
    assert_snapshot!(talk.expect_exchanges(16).close());
}

#[test]
fn lines_that_end_without_carriage_return() {
    let talk = Talk::new()
        .client("GET /bare HTTP/1.1\nHost: shop\n\n")
        .server("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
        .client("POST /mixed HTTP/1.1\r\nHost: shop\nContent-Length: 2\r\n\nab")
        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\n\n2\nok\n0\n\n")
        .client(get("/after"))
        .server(answer(204, ""));
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn folded_headers() {
    let talk = Talk::new()
        .client("GET /folded HTTP/1.1\r\nX-Long: one\r\n two\r\n\tthree\r\nHost: shop\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nX-Long: one\r\n two\r\nContent-Length: 2\r\n\r\nok")
        .client(get("/after"))
        .server(answer(204, ""));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn targets_in_absolute_form_and_none() {
    let talk = Talk::new()
        .client("GET http://User:pw@Shop.Example:8080/a/b?c=d#e HTTP/1.1\r\nHost: other\r\n\r\n")
        .server(answer(200, ""))
        .client("OPTIONS * HTTP/1.1\r\nHost: shop\r\n\r\n")
        .server(answer(204, ""))
        .client("GET http://shop.example HTTP/1.1\r\nHost: other\r\n\r\n")
        .server(answer(200, ""));
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn a_length_beyond_all_bounds() {
    let talk = Talk::new()
        .client(get("/a"))
        .server("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nsome")
        .server(answer(200, "of the body"));
    assert_snapshot!(talk.expect_exchanges(0).reset());
    let talk = Talk::new()
        .client(get("/a"))
        .server("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nsome")
        .server(answer(200, "of the body"));
    assert_snapshot!(talk.close());
}

#[test]
fn lengths_that_disagree() {
    let talk = Talk::new()
        .client("POST /both HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        .client("POST /twice HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab")
        .server(answer(200, ""))
        .client("POST /list HTTP/1.1\r\nHost: shop\r\nContent-Length: 2, 2\r\n\r\nab")
        .server(answer(200, ""))
        .client("POST /differs HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab")
        .server(answer(400, ""))
        .client(get("/after"))
        .server(answer(204, ""));
    assert_snapshot!(talk.expect_exchanges(5).close());
}

#[test]
fn an_answer_that_ends_with_its_connection() {
    let talk = Talk::new()
        .client("GET /a HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome")
        .server("HTTP/1.1 200 OK\r\n\r\nis part of the body");
    assert_snapshot!(talk.expect_exchanges(0).close());
}

#[test]
fn an_answer_that_is_compressed_and_not_chunked_ends_with_its_connection() {
    let talk =
        Talk::new().client(get("/a")).server("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nsome").server("more");
    assert_snapshot!(talk.expect_exchanges(0).close());
}

#[test]
fn uploads_that_are_given_up() {
    let chunked = "PUT /c HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n01234";
    assert_snapshot!(Talk::new().client(chunked).reset());
    let refused = Talk::new().client(chunked).server("HTTP/1.1 507 Full\r\nContent-Length: 4\r\n\r\nfull");
    assert_snapshot!(refused.expect_exchanges(1).reset());
}

#[test]
fn a_chunked_answer_that_breaks_off() {
    let talk = Talk::new()
        .client(get("/a"))
        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhe");
    assert_snapshot!(talk.close());
}

#[test]
fn an_upgrade_to_http2_in_the_clear_is_one_exchange() {
    let upgrade = "GET /a HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n";
    let talk = Talk::new()
        .client(upgrade)
        .server("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        .client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00");
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn a_refused_upgrade_goes_on() {
    let talk = Talk::new()
        .client("GET /ws HTTP/1.1\r\nHost: shop\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        .server(answer(426, "no"))
        .client(get("/after"))
        .server(answer(204, ""));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn a_websocket_is_not_followed() {
    let mut talk = Talk::new()
        .client("GET /ws HTTP/1.1\r\nHost: shop\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        .server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    for _ in 0..300 {
        talk = talk.client("\u{1}\u{5}hello").server(get("/looks-like-a-request"));
    }
    assert!(talk.connection.is_ignored());
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn tls_in_a_tunnel_is_named() {
    let hello = crate::tls::hello_record();
    let connect = "CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n";
    let talk = Talk::new()
        .client(connect)
        .server("HTTP/1.1 200 Connection established\r\n\r\n")
        .client(&hello[..9])
        .client(&hello[9..]);
    assert_eq!(talk.ran, Some(Protocol::Tls));
    assert_eq!(talk.collected.handshakes(), "shop.example h2 ? -\n");
    assert_snapshot!(talk.expect_exchanges(1).close());
    // Nobody knows of the tunnel yet when this passes. The server's hello tells all the same.
    let eager = [connect.as_bytes(), &hello].concat();
    let established = [&b"HTTP/1.1 200 Connection established\r\n\r\n"[..], &[22, 3, 3, 0, 80, 2, 0]].concat();
    assert_eq!(Talk::new().client(eager).server(established).expect_exchanges(1).ran, Some(Protocol::Tls));
}

#[test]
fn an_answer_before_the_request_ended_and_another_after_it() {
    let talk = Talk::new()
        .client("POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\n01234")
        .server(answer(200, "early"))
        .client("56789")
        .client(get("/b"))
        .server(answer(201, ""));
    assert_snapshot!(talk.expect_exchanges(2).close());
}
