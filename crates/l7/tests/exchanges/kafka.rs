//! Conversations with Kafka, made up and recorded.

use crate::{
    captures::{played, played_in_bytes},
    support::Talk,
};
use goldwire_l7::Direction;
use goldwire_model::record::Protocol;
use insta::assert_snapshot;

const PRODUCE: i16 = 0;
const FETCH: i16 = 1;
const METADATA: i16 = 3;
const HEARTBEAT: i16 = 12;

fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32).to_be_bytes()[..], &body].concat()
}

/// A request of a version that is not flexible.
pub(crate) fn request(key: i16, version: i16, id: i32, body: &[u8]) -> Vec<u8> {
    framed(&[&key.to_be_bytes(), &version.to_be_bytes(), &id.to_be_bytes(), b"\0\x02me", body])
}

fn flexible(key: i16, version: i16, id: i32, body: &[u8]) -> Vec<u8> {
    framed(&[&key.to_be_bytes(), &version.to_be_bytes(), &id.to_be_bytes(), b"\0\x02me\0", body])
}

pub(crate) fn answer(id: i32, body: &[u8]) -> Vec<u8> {
    framed(&[&id.to_be_bytes(), body])
}

fn text(name: &str) -> Vec<u8> {
    [&(name.len() as u16).to_be_bytes()[..], name.as_bytes()].concat()
}

fn compact(name: &str) -> Vec<u8> {
    [&[name.len() as u8 + 1], name.as_bytes()].concat()
}

fn produce(id: i32, acks: i16, topic: &str, records: usize) -> Vec<u8> {
    let body = [&b"\xff\xff"[..], &acks.to_be_bytes(), &[0; 4], b"\0\0\0\x01", &text(topic), &vec![7; records]];
    request(PRODUCE, 7, id, &body.concat())
}

fn produced(id: i32, topic: &str, code: i16) -> Vec<u8> {
    let body = [&b"\0\0\0\x01"[..], &text(topic), b"\0\0\0\x01\0\0\0\0", &code.to_be_bytes(), &[0; 24]];
    answer(id, &body.concat())
}

fn fetch(id: i32, epoch: i32, topics: &[u8]) -> Vec<u8> {
    let head = [&[0; 17][..], &[0, 0, 0, 9], &epoch.to_be_bytes()].concat();
    flexible(FETCH, 13, id, &[&head, topics].concat())
}

pub(crate) fn heartbeat(id: i32) -> Vec<u8> {
    request(HEARTBEAT, 0, id, &[&text("readers")[..], &[0; 4], &text("me")].concat())
}

#[test]
fn produce_is_shown_with_topic_and_code() {
    let talk = Talk::new()
        .client(produce(1, 1, "orders", 10))
        .client(produce(2, -1, "mails", 10))
        .server(produced(1, "orders", 0))
        .server(produced(2, "mails", 6))
        .client(produce(3, 1, "not a topic!", 0))
        .server(produced(3, "not a topic!", 17));
    assert_snapshot!(talk.expect_protocol(Protocol::Kafka).expect_exchanges(3).close());
}

#[test]
fn what_nobody_answers_is_no_error() {
    let talk = Talk::new().client(produce(1, 0, "orders", 10)).client(heartbeat(2)).server(answer(2, b"\0\x1b"));
    assert_snapshot!(talk.close());
}

#[test]
fn ids_of_topics_have_names_once_metadata_told_them() {
    let id = [9; 16];
    let by_id = [&b"\x02"[..], &id, b"\x01\0"].concat();
    let topic = [&b"\0\0"[..], &compact("orders"), &id, b"\0\x01\0\0\0\0\0"].concat();
    let brokers = [&b"\x02\0\0\0\x01"[..], &compact("broker"), b"\0\0\x23\x84\0\0"].concat();
    let told = [&b"\0\0\0\0\0"[..], &brokers, &compact("cluster"), b"\0\0\0\x01\x02", &topic, b"\0"].concat();
    let fetched = |code: u8, partition: u8| {
        let partitions = [&b"\x02"[..], &id, b"\x02\0\0\0\0\0", &[partition], &[0; 20]].concat();
        [&b"\0\0\0\0\0\0"[..], &[code], b"\0\0\0\x09", &partitions].concat()
    };
    let talk = Talk::new()
        .client(fetch(1, 0, &by_id))
        .server(answer(1, &fetched(0, 0)))
        .client(flexible(METADATA, 12, 2, b"\0\0\0\0"))
        .server(answer(2, &told))
        .client(fetch(3, 0, &by_id))
        .server(answer(3, &fetched(0, 0)))
        .client(fetch(4, 1, b"\x01\x01"))
        .server(answer(4, &fetched(0, 1)))
        .client(fetch(5, 2, b"\x01\x01"))
        .server(answer(5, &fetched(70, 0)));
    assert_snapshot!(talk.close());
}

#[test]
fn a_large_fetch_is_timed_to_its_end() {
    const LENGTH: u64 = 50_000_000;
    let talk = Talk::new().client(request(FETCH, 4, 1, &[&[0; 17][..], b"\0\0\0\x01", &text("orders")].concat()));
    let head = [&(4 + LENGTH as u32).to_be_bytes()[..], b"\0\0\0\x01\0\0\0\0", &[0; 1_000]].concat();
    let talk = talk.server(&head);
    assert_eq!(talk.connection.body_until(Direction::Response), 8 + LENGTH - 1);
    let rest = LENGTH + 8 - head.len() as u64;
    let talk = talk.lose(Direction::Response, rest - 10).expect_exchanges(0).server([0; 10]);
    assert_snapshot!(talk.expect_exchanges(1).close(), @"Fetch orders 45/50000008B first 1ms last 3ms");
}

#[test]
fn what_is_cut_off_is_told() {
    let talk = Talk::new().client(heartbeat(1)).client(heartbeat(2)).server(&answer(1, &[0; 40])[..20]);
    assert_snapshot!(talk.reset());
}

#[test]
fn a_lost_request_costs_itself() {
    let talk = Talk::new()
        .client(heartbeat(1))
        .server(answer(1, b"\0\0"))
        .lose_client(heartbeat(2))
        .server(answer(2, b"\0\0"))
        .client(heartbeat(3))
        .wait()
        .server(answer(3, b"\0\0"));
    assert_snapshot!(talk.close());
}

#[test]
fn a_lost_answer_costs_itself() {
    let talk = Talk::new()
        .client(heartbeat(1))
        .lose_server(answer(1, b"\0\0"))
        .client(heartbeat(2))
        .server(answer(2, b"\0\0"))
        .wait()
        .client(heartbeat(3))
        .lose_server(answer(3, b"\0\0"));
    assert_snapshot!(talk.counted().close());
}

#[test]
fn an_answer_that_is_read_before_its_request_meets_it() {
    let answers = [1, 2, 3].map(|id| answer(id, b"\0\0")).concat();
    let talk = Talk::new().client(heartbeat(1)).lose_client(heartbeat(2)).client(heartbeat(3)).server(answers);
    assert_snapshot!(talk.expect_exchanges(1).wait().close());
}

#[test]
fn what_is_not_captured_is_followed_by_its_size() {
    let talk = Talk::new()
        .capture(64, 64)
        .client([produce(1, 1, "orders", 5_000), heartbeat(2)].concat())
        .server([produced(1, "orders", 0), answer(2, &[0; 500])].concat())
        .client(heartbeat(3))
        .server(answer(3, b"\0\0"));
    assert_snapshot!(talk.close());
}

#[test]
fn adopted_connections_are_followed_from_the_next_request_on() {
    let talk = Talk::adopted()
        .server(b"the end of something")
        .server(answer(6, b"\0\0"))
        .client(heartbeat(7))
        .server(answer(6, b"\0\0"))
        .server(answer(7, b"\0\0"))
        .client(heartbeat(8))
        .server(answer(8, b"\0\0"));
    assert_snapshot!(talk.expect_protocol(Protocol::Kafka).close());
    assert_snapshot!(Talk::adopted().client(heartbeat(7)).close(), @"");
}

#[test]
fn tokens_of_old_clients_are_passed_over() {
    let talk = Talk::new()
        .client(request(17, 0, 1, &text("PLAIN")))
        .server(answer(1, b"\0\0\0\0\0\x01\0\x05PLAIN"))
        .client(framed(&[b"\0me\0secret"]))
        .server(framed(&[b"\0\0\0\0"]))
        .client(heartbeat(2))
        .server(answer(2, b"\0\0"));
    assert_snapshot!(talk.close());
}

#[test]
fn recorded_clients() {
    let old = ["produce", "no-answer", "consume", "group-0", "group-1", "list", "query"];
    let new = ["flexible-0", "flexible-1", "flexible-2", "flexible-3", "flexible-4"];
    for name in old.iter().chain(&new) {
        let name = format!("kafka/{name}");
        let lines = played(&name);
        assert_eq!(played_in_bytes(&name), lines, "{name}");
        assert_snapshot!(name.replace('/', "-"), lines);
    }
}
