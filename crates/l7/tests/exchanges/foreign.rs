//! Protocols that are not read: nothing is recorded of them, whatever they look like.

use goldwire_l7::{Connection, Direction};
use goldwire_model::record::Protocol;
use proptest::prelude::*;

use crate::{
    captures::{Sent, recorded},
    kafka,
    support::Talk,
};

fn expect_nothing(talk: Talk, name: &str) {
    assert_eq!(talk.connection.protocol(), None, "{name}");
    assert_eq!(talk.close(), "", "{name}");
}

/// All that the recorded programs said, whole, in bytes, and joined at each message.
#[test]
fn recorded_programs_give_no_exchange() {
    for (name, conversation) in recorded("foreign") {
        // They turn into TLS.
        if name.ends_with("starttls") {
            continue;
        }
        expect_nothing(Talk::new().replay(&conversation), &name);
        let bytes = conversation.iter().flat_map(|Sent { direction, time, bytes }| {
            bytes.iter().map(|byte| Sent { direction: *direction, time: *time, bytes: vec![*byte] })
        });
        expect_nothing(Talk::new().replay(&bytes.collect::<Vec<_>>()), &name);
        for from in 0..conversation.len() {
            expect_nothing(Talk::adopted().replay(&conversation[from..]), &name);
            expect_nothing(Talk::new().replay(&conversation[from..]), &name);
        }
    }
}

#[test]
fn starttls_leads_to_the_name_of_the_server() {
    for (name, conversation) in recorded("foreign") {
        if !name.ends_with("starttls") {
            continue;
        }
        let talk = Talk::new().replay(&conversation);
        assert_eq!(talk.ran, Some(Protocol::Tls), "{name}");
        let handshake = talk.collected.handshakes.last().unwrap_or_else(|| panic!("{name} has a handshake"));
        assert_eq!(handshake.version.as_deref(), Some("1.3"), "{name}");
        assert!(handshake.latency.is_some(), "{name}");
        if name.starts_with("smtp") {
            assert_eq!(handshake.server_name.as_deref(), Some("mail.example"));
        }
        assert_eq!(talk.close(), "", "{name}");
    }
}

/// An answer that nobody gave is none, so Kafka alone is what it is only once it is answered.
#[test]
fn candidate_without_answer_is_not_recorded() {
    let asked = kafka::request(12, 0, 1, b"\0\x01g\0\0\0\0\0\x01m");
    expect_nothing(Talk::new().client(&asked), "a request");
    let confirmed = Talk::new().client(&asked).server(kafka::answer(1, b"\0\0"));
    assert!(confirmed.expect_protocol(Protocol::Kafka).close().starts_with("Heartbeat"));
    let refuted = Talk::new().client(&asked).server(kafka::answer(1, b"\x7f\x7f"));
    expect_nothing(refuted, "an answer with a code that nobody has");
}

/// After a wrong guess something else is still found.
#[test]
fn candidate_that_is_refuted_leaves_the_connection_open() {
    let talk = Talk::new()
        .client(kafka::request(12, 0, 1, b"\0\x01g\0\0\0\0\0\x01m"))
        .server(b"\0\0\0\x04\0\0\0\x07\0\0\0\x04\0\0\0\x08")
        .client(b"GET /a HTTP/1.1\r\nHost: shop\r\n\r\n")
        .server(b"HTTP/1.1 200 X\r\nContent-Length: 1\r\n\r\nb");
    assert_eq!(talk.close(), "GET /a shop -> 200 31/38B first 1ms last 1ms\n");
}

/// A field of a made-up protocol.
#[derive(Clone, Debug)]
enum Field {
    Small16(u16),
    Small32(u32),
    Small64(u64),
    /// The number of the message, which its answer bears too.
    Number,
    Text(String),
    Bytes(Vec<u8>),
}

#[derive(Clone, Debug)]
struct Framing {
    /// Bytes of a length.
    width: usize,
    is_little: bool,
    includes_itself: bool,
    /// Bytes of the length of a text: two would make Kafka's own header behind two short numbers and a long one.
    text_width: usize,
}

fn number(value: u64, width: usize, is_little: bool) -> Vec<u8> {
    if is_little { value.to_le_bytes()[..width].to_vec() } else { value.to_be_bytes()[8 - width..].to_vec() }
}

impl Framing {
    fn frame(&self, index: u32, fields: &[Field]) -> Vec<u8> {
        let of = |value, width| number(value, width, self.is_little);
        let body: Vec<u8> = fields
            .iter()
            .flat_map(|field| match field {
                Field::Small16(value) => of(u64::from(*value), 2),
                Field::Small32(value) => of(u64::from(*value), 4),
                Field::Small64(value) => of(*value, 8),
                Field::Number => of(u64::from(index), 4),
                Field::Text(text) => [of(text.len() as u64, self.text_width), text.clone().into_bytes()].concat(),
                Field::Bytes(bytes) => bytes.clone(),
            })
            .collect();
        let length = body.len() + if self.includes_itself { self.width } else { 0 };
        [of(length as u64, self.width), body].concat()
    }
}

fn field() -> impl Strategy<Value = Field> {
    prop_oneof![
        (0..20_u16).prop_map(Field::Small16),
        (0..20_u32).prop_map(Field::Small32),
        Just(Field::Small32(0)),
        (0..3_u64).prop_map(Field::Small64),
        Just(Field::Number),
        "[a-z/._-]{0,12}".prop_map(Field::Text),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Field::Bytes),
        proptest::collection::vec(0..3_u8, 0..20).prop_map(Field::Bytes),
    ]
}

fn framing() -> impl Strategy<Value = Framing> {
    (prop_oneof![Just(2_usize), Just(4)], any::<bool>(), any::<bool>(), prop_oneof![Just(1_usize), Just(4)]).prop_map(
        |(width, is_little, includes_itself, text_width)| Framing { width, is_little, includes_itself, text_width },
    )
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    proptest::collection::vec(field(), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Each message has fields of its own or those of all, and answers begin with their number, as if made to look like Kafka's.
    #[test]
    fn length_framed_bytes_give_no_exchange(
        framing in framing(),
        asked in proptest::collection::vec(fields(), 1..5),
        answered in proptest::collection::vec(fields(), 1..5),
        first in 0..3_u32,
        begins_with_number: bool,
        server_first: bool,
        joined: bool,
    ) {
        let connection = if joined { Connection::adopted() } else { Connection::from_start() };
        let mut talk = Talk::on(connection, if joined { 4_711 } else { 0 });
        for index in 0..12_u32 {
            let ask = framing.frame(first + index, &asked[index as usize % asked.len()]);
            let mut fields = answered[index as usize % answered.len()].clone();
            if begins_with_number {
                fields.insert(0, Field::Number);
            }
            let answer = framing.frame(first + index, &fields);
            let mut both = [(Direction::Request, ask), (Direction::Response, answer)];
            if server_first {
                both.reverse();
            }
            for (direction, bytes) in both {
                talk = talk.say(direction, &bytes);
            }
        }
        prop_assert_eq!(talk.close(), "");
    }
}
