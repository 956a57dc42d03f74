//! Queries and answers, over UDP and TCP, retried, lost and wrong.

use std::{net::Ipv4Addr, str::FromStr};

use crate::support::{Collected, MILLISECOND};
use goldwire_l7::{
    Closing, Datagram, Datagrams, Direction, Nanos, Segment, StreamProtocol, Turn,
    dns::{tcp, udp},
};
use goldwire_model::record::Protocol;
use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata},
};
use insta::assert_snapshot;

fn message(id: u16, name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_str(name).expect("a name"), kind));
    message
}

fn query(id: u16, name: &str, kind: RecordType) -> Vec<u8> {
    message(id, name, kind).to_vec().expect("encodes")
}

fn answered(id: u16, name: &str, kind: RecordType, code: ResponseCode, data: &[RData]) -> Vec<u8> {
    let mut message = message(id, name, kind);
    message.metadata.message_type = MessageType::Response;
    message.metadata.response_code = code;
    for data in data {
        message.add_answer(Record::from_rdata(Name::from_str(name).expect("a name"), 30, data.clone()));
    }
    let mut edns = Edns::new();
    edns.set_rcode_high(code.high());
    message.set_edns(edns);
    message.to_vec().expect("encodes")
}

fn address(last: u8) -> RData {
    RData::A(rdata::A(Ipv4Addr::new(10, 0, 0, last)))
}

/// A conversation over UDP, a millisecond a datagram.
#[derive(Default)]
struct Talk {
    conversation: udp::Conversation,
    collected: Collected,
    time: Nanos,
}

impl Talk {
    fn client(self, payload: Vec<u8>) -> Self {
        self.say(Direction::Request, payload)
    }

    fn server(self, payload: Vec<u8>) -> Self {
        self.say(Direction::Response, payload)
    }

    fn say(mut self, direction: Direction, payload: Vec<u8>) -> Self {
        let length = payload.len() as u32;
        let datagram = Datagram { direction, payload: &payload, length, time: self.time };
        self.conversation.datagram(datagram, &mut self.collected);
        self.after(1)
    }

    fn after(mut self, milliseconds: u64) -> Self {
        self.time += milliseconds * MILLISECOND;
        self.conversation.expire(self.time, &mut self.collected);
        self
    }

    fn lines(self) -> String {
        self.collected.lines() + &self.collected.resolved.join("\n")
    }
}

#[test]
fn names_and_codes() {
    let alias = RData::CNAME(rdata::CNAME(Name::from_str("Edge.Example.").expect("a name")));
    let talk = Talk::default()
        .client(query(1, "Shop.Example.", RecordType::A))
        .client(query(2, "shop.example.", RecordType::AAAA))
        .server(answered(2, "shop.example.", RecordType::AAAA, ResponseCode::NoError, &[]))
        .server(answered(1, "Shop.Example.", RecordType::A, ResponseCode::NoError, &[alias, address(1), address(2)]))
        .client(query(3, "no.example.", RecordType::A))
        .server(answered(3, "no.example.", RecordType::A, ResponseCode::NXDomain, &[]))
        .client(query(4, "bad.example.", RecordType::MX))
        .server(answered(4, "bad.example.", RecordType::MX, ResponseCode::ServFail, &[]))
        .client(query(5, ".", RecordType::NS))
        .server(answered(5, ".", RecordType::NS, ResponseCode::BADVERS, &[]));
    assert_snapshot!(talk.lines());
}

#[test]
fn retries_are_one_exchange() {
    let asked = query(7, "shop.example.", RecordType::A);
    let talk = Talk::default().client(asked.clone()).after(4_999).client(asked.clone()).after(5_000).client(asked);
    let answer = answered(7, "shop.example.", RecordType::A, ResponseCode::NoError, &[address(1)]);
    assert_snapshot!(talk.server(answer.clone()).server(answer).lines());
}

#[test]
fn no_answer_has_no_code() {
    let talk = Talk::default().client(query(7, "shop.example.", RecordType::A)).after(6_000);
    let late = answered(7, "shop.example.", RecordType::A, ResponseCode::NoError, &[address(1)]);
    assert_snapshot!(talk.server(late).lines());
}

#[test]
fn the_same_id_with_another_question_is_another_query() {
    let talk = Talk::default()
        .client(query(7, "a.example.", RecordType::A))
        .client(query(7, "b.example.", RecordType::A))
        .server(answered(7, "b.example.", RecordType::A, ResponseCode::NoError, &[address(2)]))
        .server(answered(7, "a.example.", RecordType::A, ResponseCode::NoError, &[address(1)]));
    assert_snapshot!(talk.lines());
}

#[test]
fn a_message_that_was_captured_in_part_keeps_its_code() {
    let addresses: Vec<RData> = (0..20).map(address).collect();
    let whole = answered(7, "a.example.", RecordType::A, ResponseCode::NoError, &addresses);
    let talk = Talk::default().client(query(7, "a.example.", RecordType::A)).server(whole[..80].to_vec());
    assert_snapshot!(talk.lines());
}

#[test]
fn waiting_is_bounded() {
    let mut talk = Talk::default();
    for id in 0..2_000 {
        talk = talk.client(query(id, "a.example.", RecordType::A));
    }
    assert_eq!(talk.collected.lost, 2_000 - 1_024);
}

#[test]
fn an_answer_alone_is_an_exchange_once() {
    let answer = answered(7, "shop.example.", RecordType::A, ResponseCode::NoError, &[address(1)]);
    let other = answered(8, "shop.example.", RecordType::A, ResponseCode::ServFail, &[]);
    let talk = Talk::default().server(answer.clone()).server(answer).server(other[..other.len() - 1].to_vec());
    assert_snapshot!(talk.server(other).lines());
}

#[test]
fn answers_alone_are_passed_over_where_too_much_was_asked_to_remember() {
    let mut talk = Talk::default();
    let answer = |id| answered(id, "a.example.", RecordType::A, ResponseCode::NoError, &[]);
    for id in 0..100 {
        talk = talk.client(query(id, "a.example.", RecordType::A)).server(answer(id));
    }
    let talk = talk.server(answer(0)).server(answer(99)).server(answer(200));
    assert_eq!(talk.collected.exchanges.len(), 100);
    let talk = talk.after(31_000).server(answer(99)).server(answer(201));
    assert_eq!(talk.collected.exchanges.len(), 101);
}

#[test]
fn what_is_no_question_and_answer_is_passed_over() {
    let mut multicast = answered(0, "printer.local.", RecordType::A, ResponseCode::NoError, &[address(5)]);
    multicast.drain(12..12 + "printer.local.".len() + 1 + 4);
    multicast[5] = 0;
    let mut several = message(3, "a.example.", RecordType::A);
    several.add_query(Query::query(Name::from_str("b.example.").expect("a name"), RecordType::A));
    let several = several.to_vec().expect("encodes");
    let mut update = query(4, "a.example.", RecordType::A);
    update[2] |= 5 << 3;
    let talk = Talk::default().server(multicast.clone()).client(multicast).client(several).client(update);
    let mut talk = talk.client(answered(5, "a.example.", RecordType::A, ResponseCode::NoError, &[]));
    talk.conversation.close(talk.time, &mut talk.collected);
    assert_eq!(talk.lines(), "");
}

#[test]
fn a_truncated_answer_and_its_second_try_over_tcp_are_two_exchanges() {
    let asked = query(7, "big.example.", RecordType::TXT);
    let mut truncated = answered(7, "big.example.", RecordType::TXT, ResponseCode::NoError, &[]);
    truncated[2] |= 0b10;
    let talk = Talk::default().client(asked.clone()).server(truncated);
    let text = RData::TXT(rdata::TXT::new(vec!["x".repeat(200); 10]));
    let answer = answered(9, "big.example.", RecordType::TXT, ResponseCode::NoError, &[text]);
    let tcp = crate::support::Talk::new().client(framed(&query(9, "big.example.", RecordType::TXT)));
    let tcp = tcp.server(framed(&answer)).expect_protocol(Protocol::Dns);
    assert_snapshot!(talk.lines() + &tcp.close());
}

#[test]
fn queries_are_found_on_any_port_and_anything_on_port_53() {
    let mut extended = message(7, "shop.example.", RecordType::A);
    extended.set_edns(Edns::new());
    let extended = extended.to_vec().expect("encodes");
    let answer = answered(7, "shop.example.", RecordType::A, ResponseCode::NoError, &[]);
    let first = |payload: &[u8], direction, port| {
        let datagram = Datagram { direction, payload, length: payload.len() as u32, time: 0 };
        Datagrams::default().datagram(datagram, port, &mut Collected::default())
    };
    assert_eq!(first(&extended, Direction::Request, 5_300), Turn::Protocol(Protocol::Dns));
    assert_eq!(first(&answer, Direction::Response, 5_300), Turn::Ignored(None));
    assert_eq!(first(&answer, Direction::Response, 53), Turn::Protocol(Protocol::Dns));
    assert_eq!(first(b"whatever", Direction::Request, 123), Turn::Ignored(None));
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u16).to_be_bytes();
    [&length[..], message].concat()
}

#[test]
fn over_tcp_at_any_split() {
    let asked =
        [framed(&query(1, "a.example.", RecordType::A)), framed(&query(2, "b.example.", RecordType::A))].concat();
    let first = answered(2, "b.example.", RecordType::A, ResponseCode::NXDomain, &[]);
    let second = answered(1, "a.example.", RecordType::A, ResponseCode::NoError, &[address(9)]);
    let answers = [framed(&first), framed(&second)].concat();
    let mut seen = Vec::new();
    for size in 1..answers.len() {
        let (mut connection, mut collected) = (tcp::Connection::from_start(), Collected::default());
        for (direction, stream) in [(Direction::Request, &asked), (Direction::Response, &answers)] {
            let mut offset = 0;
            for part in stream.chunks(size) {
                connection.segment(direction, Segment::whole(offset, part, 0), &mut collected);
                offset += part.len() as u64;
            }
        }
        connection.close(0, Closing::CLEAN, &mut collected);
        seen.push(collected.lines());
    }
    seen.dedup();
    assert_eq!(seen.len(), 1);
    assert_snapshot!(seen.concat());
}

#[test]
fn over_tcp_a_gap_costs_no_more_than_the_messages_in_it() {
    let (mut connection, mut collected) = (tcp::Connection::from_start(), Collected::default());
    let (first, second) =
        (framed(&query(1, "a.example.", RecordType::A)), framed(&query(2, "b.example.", RecordType::A)));
    let offset = first.len() as u64;
    connection.segment(
        Direction::Request,
        Segment { sent_here: true, ..Segment::whole(offset, &second, 0) },
        &mut collected,
    );
    let answer = framed(&answered(2, "b.example.", RecordType::A, ResponseCode::NoError, &[address(3)]));
    connection.segment(Direction::Response, Segment::whole(0, &answer, MILLISECOND), &mut collected);
    assert_snapshot!(collected.lines());
}

#[test]
fn over_tcp_what_follows_a_gap_is_read_from_a_whole_message_on() {
    let mut talk = crate::support::Talk::new().client(framed(&query(1, "a.example.", RecordType::A)));
    let answer = |id| framed(&answered(id, "a.example.", RecordType::A, ResponseCode::NoError, &[address(3)]));
    talk = talk.lose_server(&answer(1)[..20]).server(&answer(1)[20..]).wait();
    talk = talk.client(framed(&query(2, "a.example.", RecordType::A))).server(answer(2)).server(answer(3));
    assert_snapshot!(talk.close());
}

#[test]
fn over_tcp_a_query_without_an_answer_is_the_fault_of_who_left() {
    use goldwire_l7::Connection;
    use goldwire_model::record::ExchangeError;
    for (by, expected) in
        [(Direction::Request, ExchangeError::ClosedByClient), (Direction::Response, ExchangeError::NoAnswer)]
    {
        let (mut connection, mut collected) = (Connection::from_start(), Collected::default());
        let asked = framed(&query(1, "a.example.", RecordType::A));
        connection.segment(Direction::Request, Segment::whole(0, &asked, 0), &mut collected);
        connection.close(MILLISECOND, Closing::Clean { by: Some(by) }, &mut collected);
        assert_eq!(collected.exchanges.iter().map(|one| one.error).collect::<Vec<_>>(), [Some(expected)]);
    }
}
