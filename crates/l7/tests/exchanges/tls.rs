//! Handshakes in pieces, broken off, refused, lost and joined.

use crate::{
    captures::{Sent, recorded},
    support::{Collected, Talk},
};
use goldwire_l7::{Closing, Direction, Segment, StreamProtocol, TlsHandshake, tls::Connection};
use goldwire_model::record::Protocol;
use insta::assert_snapshot;
use proptest::prelude::*;

fn vector(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
}

fn extension(kind: u16, value: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector(value)].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 0][..], &vector(body)].concat()
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &vector(body)].concat()
}

/// A client's hello with `padding` bytes of keys behind the name.
fn client_hello(padding: usize) -> Vec<u8> {
    let name = extension(0, &vector(&[&[0][..], &vector(b"shop.example")].concat()));
    let alpn = extension(16, &vector(b"\x02h2\x08http/1.1"));
    let extensions = [name, extension(51, &vec![7; padding]), alpn].concat();
    let fixed = [&[3, 3][..], &[7; 32], &[0], &vector(&[0x13, 1]), &[1, 0]].concat();
    message(1, &[fixed, vector(&extensions)].concat())
}

/// A short hello in one record.
pub(crate) fn hello_record() -> Vec<u8> {
    record(22, &client_hello(0))
}

fn server_hello(version: u16) -> Vec<u8> {
    let chosen = extension(43, &version.to_be_bytes());
    message(2, &[&[3, 3][..], &[7; 32], &[0], &[0x13, 1], &[0], &vector(&chosen)].concat())
}

fn sealed(length: usize) -> Vec<u8> {
    record(23, &vec![9; length])
}

fn shown(talk: Talk) -> String {
    let handshakes = talk.collected.handshakes();
    format!("{:?} ignored {}\n{handshakes}", talk.ran, talk.connection.is_ignored())
}

/// The client's Finished, under the suite of [`server_hello`].
fn finished() -> Vec<u8> {
    [record(20, &[1]), sealed(53)].concat()
}

#[test]
fn a_hello_in_many_records_and_segments() {
    let records: Vec<u8> = client_hello(3_000).chunks(100).flat_map(|part| record(22, part)).collect();
    let mut talk = Talk::new();
    for part in records.chunks(7) {
        talk = talk.client(part);
    }
    let talk = talk.server(record(22, &server_hello(0x0304))).server(sealed(3_000)).client(finished());
    assert_snapshot!(shown(talk));
}

#[test]
fn a_hello_whose_middle_is_not_captured_keeps_its_certain_part() {
    let talk = Talk::new().capture(1_000, 64).client(record(22, &client_hello(3_000)));
    let talk = talk.server(record(22, &server_hello(0x0304))).client(finished());
    assert_snapshot!(shown(talk));
}

#[test]
fn a_certificate_whose_middle_is_not_captured_matters_to_nobody() {
    let talk = Talk::new().capture(400, 64).client(record(22, &client_hello(100)));
    let flight = [record(22, &server_hello(0x0303)), record(22, &vec![11; 9_000]), record(22, &[14, 0, 0, 0])].concat();
    let end = [record(20, &[1]), record(22, &[9; 40])].concat();
    let talk = talk.server(flight).client([record(22, &[16; 70]), end.clone()].concat()).server(end);
    assert_snapshot!(shown(talk));
}

#[test]
fn a_refusal_has_no_latency() {
    let talk = Talk::new().client(hello_record()).server(record(21, &[2, 40]));
    assert_snapshot!(shown(talk));
}

#[test]
fn a_warning_is_no_refusal() {
    let talk = Talk::new().client(hello_record()).server(record(21, &[1, 112]));
    let talk = talk.server(record(22, &server_hello(0x0304))).client(finished());
    assert_snapshot!(shown(talk));
}

#[test]
fn a_server_that_does_not_speak_tls() {
    let talk = Talk::new().client(hello_record()).server("HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_snapshot!(shown(talk));
}

#[test]
fn a_hello_without_answer() {
    let talk = Talk::new().client(hello_record());
    assert_snapshot!(shown(talk.expect_protocol(Protocol::Tls)));
}

#[test]
fn half_a_hello_tells_what_it_holds_at_the_end() {
    let hello = hello_record();
    let mut talk = Talk::new().client(&hello[..hello.len() - 3]);
    assert_eq!(talk.collected.handshakes(), "");
    talk.connection.close(talk.time, Closing::Cut { by: None }, &mut talk.collected);
    assert_snapshot!(shown(talk));
}

#[test]
fn a_version_of_the_future_is_not_named() {
    let talk = Talk::new().client(hello_record()).server(record(22, &server_hello(0x0305)));
    assert_snapshot!(shown(talk));
}

#[test]
fn an_adopted_connection_is_named_and_left_alone() {
    for direction in [Direction::Request, Direction::Response] {
        let talk = Talk::adopted().say(direction, b"\x01the rest of some record").say(direction, &sealed(400));
        assert_eq!(shown(talk), "Some(Tls) ignored true\n");
    }
}

#[test]
fn an_adopted_connection_may_be_before_its_handshake() {
    let talk = Talk::adopted().client(record(22, &client_hello(1_200))).server(record(22, &server_hello(0x0304)));
    assert_snapshot!(shown(talk.client(finished())));
    let joined_behind_the_client = Talk::adopted().server(record(22, &server_hello(0x0304))).client(finished());
    assert_eq!(shown(joined_behind_the_client), "Some(Tls) ignored true\n? ? 1.3 -\n");
}

#[test]
fn a_lost_server_hello_leaves_the_version_open() {
    let talk = Talk::new().client(hello_record()).lose_server(record(22, &server_hello(0x0304)));
    assert_snapshot!(shown(talk.server(sealed(900)).client(finished()).wait()));
}

#[test]
fn a_lost_hello_leaves_the_name_open() {
    let talk = Talk::new().lose_client(hello_record()).server(record(22, &server_hello(0x0304)));
    assert_snapshot!(shown(talk.client(finished()).wait()));
}

fn last_told(pieces: &[(Direction, u64, &[u8])]) -> TlsHandshake {
    let (mut connection, mut collected) = (Connection::from_start(), Collected::default());
    for (time, (direction, offset, bytes)) in (1..).zip(pieces) {
        connection.segment(*direction, Segment::whole(*offset, bytes, time), &mut collected);
    }
    connection.close(1_000_000, Closing::CLEAN, &mut collected);
    collected.handshakes.pop().unwrap_or_default()
}

/// Cuts what was sent into pieces, each with its offset in its stream.
fn pieces<'a>(conversation: &'a [Sent], sizes: &[usize]) -> Vec<(Direction, u64, &'a [u8])> {
    let (mut offsets, mut pieces, mut sizes) = ([0; 2], Vec::new(), sizes.iter().cycle());
    for Sent { direction, bytes, .. } in conversation {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.len().min(*sizes.next().expect("some size")));
            pieces.push((*direction, offsets[*direction as usize], piece));
            offsets[*direction as usize] += piece.len() as u64;
            rest = behind;
        }
    }
    pieces
}

fn facts(handshake: &TlsHandshake) -> [Option<&str>; 3] {
    [&handshake.server_name, &handshake.alpn, &handshake.version].map(Option::as_deref)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// However what a side sends at once is cut, shuffled and repeated.
    #[test]
    fn the_same_handshake(
        sizes in proptest::collection::vec(1..300_usize, 1..10),
        order in proptest::collection::vec(0..4_usize, 1..40),
    ) {
        for (name, conversation) in recorded("tls") {
            let whole = last_told(&pieces(&conversation, &[usize::MAX]));
            let mut cut = pieces(&conversation, &sizes);
            for (index, distance) in order.iter().enumerate() {
                let (from, to) = (index % cut.len(), (index + distance) % cut.len());
                // What one side says is caused by what it has seen of the other.
                let (low, high) = (from.min(to), from.max(to));
                let is_one_turn = cut[low..=high].iter().all(|piece| piece.0 == cut[low].0);
                match distance {
                    3 => cut.insert(from, cut[from]),
                    _ if is_one_turn => cut.swap(from, to),
                    _ => {}
                }
            }
            let seen = last_told(&cut);
            prop_assert_eq!(facts(&seen), facts(&whole), "{}", &name);
            prop_assert_eq!(seen.latency.is_some(), whole.latency.is_some(), "{}", &name);
        }
    }

    /// Whatever is lost: what is told is true.
    #[test]
    fn losses_invent_nothing(
        sizes in proptest::collection::vec(1..300_usize, 1..10),
        lost in proptest::collection::vec(any::<bool>(), 1..12),
    ) {
        for (name, conversation) in recorded("tls") {
            let whole = last_told(&pieces(&conversation, &[usize::MAX]));
            let left = pieces(&conversation, &sizes).into_iter().zip(lost.iter().cycle());
            let left: Vec<_> = left.filter(|(_, is_lost)| !**is_lost).map(|(piece, _)| piece).collect();
            let seen = last_told(&left);
            prop_assert!(seen.server_name.is_none() || seen.server_name == whole.server_name, "{}", &name);
            prop_assert!(seen.version.is_none() || seen.version == whole.version, "{}", &name);
            prop_assert!(seen.latency.is_none() || whole.latency.is_some(), "{}", &name);
        }
    }
}
