//! What a proxy says first (PROXY protocol), and what runs behind it.

use goldwire_model::record::Protocol;

use crate::{
    mysql::{greeting, login},
    support::{Talk, answer, get},
};

const TEXT: &[u8] = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";

fn binary() -> Vec<u8> {
    let addresses = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 4, 1, 0xbb];
    let more = [0x20, 0, 3, 1, 2, 3];
    [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x12", &addresses[..], &more].concat()
}

fn expect_client(talk: Talk) -> Talk {
    let told: Vec<_> = talk.collected.proxied.iter().map(|proxied| proxied.source.to_string()).collect();
    assert_eq!(told, ["192.0.2.7"]);
    talk
}

const EXCHANGE: &str = "GET /a shop -> 200 31/38B first 1ms last 1ms\n";

#[test]
fn preamble_before_http_is_passed() {
    for preamble in [TEXT, &binary()] {
        let apart = Talk::new().client(preamble).client(get("/a")).server(answer(200, "b"));
        assert_eq!(expect_client(apart).close(), EXCHANGE);
        let together = Talk::new().client([preamble, get("/a").as_bytes()].concat()).server(answer(200, "b"));
        assert_eq!(expect_client(together.expect_protocol(Protocol::Http)).close(), EXCHANGE);
    }
}

#[test]
fn preamble_in_bytes_is_passed() {
    for preamble in [TEXT, &binary()] {
        let talk = preamble.iter().fold(Talk::new(), |talk, byte| talk.client([*byte]));
        assert_eq!(expect_client(talk.client(get("/a")).server(answer(200, "b"))).close(), EXCHANGE);
    }
}

#[test]
fn preamble_without_addresses_is_passed() {
    for preamble in [&b"PROXY UNKNOWN\r\n"[..], b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"] {
        let talk = Talk::new().client(preamble).client(get("/a")).server(answer(200, "b"));
        assert!(talk.collected.proxied.is_empty());
        assert_eq!(talk.close(), EXCHANGE);
    }
}

#[test]
fn preamble_before_tls_leaves_the_handshake_readable() {
    let recorded = crate::captures::conversation("tls/tls13-curl-nginx");
    let plain = Talk::new().replay(&recorded);
    let behind = expect_client(Talk::new().client(binary()).replay(&recorded));
    assert_eq!(behind.collected.handshakes.last(), plain.collected.handshakes.last());
    assert!(plain.collected.handshakes.last().is_some_and(|handshake| handshake.server_name.is_some()));
}

#[test]
fn preamble_before_a_server_that_greets_is_passed() {
    let talk = Talk::new().client(TEXT).server(greeting()).client(login(0));
    expect_client(talk.expect_protocol(Protocol::Mysql));
}

#[test]
fn preamble_before_the_unknown_is_told_all_the_same() {
    let talk = expect_client(Talk::new().client([TEXT, b"SSH-2.0-x\r\n"].concat()));
    assert!(talk.connection.is_ignored());
}
