//! Whose fault it is that an exchange has no answer, or not all of it: the same on every protocol.

use goldwire_l7::{Closing, Direction};
use goldwire_model::record::{ExchangeError, Protocol};

use crate::{
    http2_frames::{PREFACE, Says, acknowledged, data, settings},
    kafka, mysql, postgresql,
    redis::command,
    support::{Talk, get},
};

/// How a connection ends, and what becomes of a request without an answer, and of one whose answer has begun.
const ENDINGS: [(Closing, ExchangeError, ExchangeError); 6] = [
    (Closing::Clean { by: Some(Direction::Request) }, ExchangeError::ClosedByClient, ExchangeError::ClosedByClient),
    (Closing::Clean { by: Some(Direction::Response) }, ExchangeError::NoAnswer, ExchangeError::Truncated),
    (Closing::CLEAN, ExchangeError::NoAnswer, ExchangeError::Truncated),
    (Closing::Cut { by: Some(Direction::Request) }, ExchangeError::ResetByClient, ExchangeError::ResetByClient),
    (Closing::Cut { by: Some(Direction::Response) }, ExchangeError::ResetByServer, ExchangeError::ResetByServer),
    (Closing::Cut { by: None }, ExchangeError::NoAnswer, ExchangeError::Truncated),
];

/// A connection on which one exchange was answered, and another is asked.
fn asked(protocol: Protocol) -> Talk {
    match protocol {
        Protocol::Http => Talk::new().client(get("/a")).server("HTTP/1.1 204 X\r\n\r\n").client(get("/b")),
        Protocol::Http2 | Protocol::Grpc => {
            let (mut client, mut server) = (Says::default(), Says::default());
            let talk = Talk::new().client([PREFACE.as_bytes(), &settings()].concat()).server(settings());
            let talk = talk.client(acknowledged()).client(client.get(1, "/a")).server(server.only_status(1, "204"));
            if protocol == Protocol::Http2 {
                talk.client(client.get(3, "/b")).server(server.status(3, "200")).server(data(3, b"begun"))
            } else {
                talk.client(client.call(3, "/shop.Cart/Get")).server(server.grpc(3)).server(data(3, b"\0"))
            }
        }
        Protocol::Redis => Talk::new().client(command("PING")).server("+PONG\r\n").client(command("BLPOP jobs 0")),
        Protocol::Postgresql => Talk::new()
            .client(postgresql::startup())
            .server(postgresql::message('R', [0; 4]))
            .server(postgresql::ready())
            .client(postgresql::query("SELECT 1"))
            .server([postgresql::done("SELECT 1"), postgresql::ready()].concat())
            .client(postgresql::query("SELECT pg_sleep(9)")),
        Protocol::Mysql => Talk::new()
            .server(mysql::greeting())
            .client(mysql::login(mysql::DEPRECATE_EOF))
            .server(mysql::packet(2, mysql::ok(2)))
            .client(mysql::query("SET a = 1"))
            .server(mysql::packet(1, mysql::ok(2)))
            .client(mysql::query("SELECT SLEEP(9)")),
        Protocol::Kafka => {
            Talk::new().client(kafka::heartbeat(1)).server(kafka::answer(1, b"\0\0")).client(kafka::heartbeat(2))
        }
        other => panic!("{other} has no connection"),
    }
}

fn last_error(talk: Talk, closing: Closing) -> Option<ExchangeError> {
    let mut talk = talk;
    talk.connection.close(talk.time, closing, &mut talk.collected);
    let exchanges = &talk.collected.exchanges;
    assert_eq!(exchanges.len(), 2, "{}", talk.collected.lines());
    assert_eq!(exchanges[0].error, None, "{}", talk.collected.lines());
    exchanges[1].error
}

#[test]
fn requests_without_an_answer_are_the_fault_of_who_left() {
    for protocol in [Protocol::Http, Protocol::Redis, Protocol::Postgresql, Protocol::Mysql, Protocol::Kafka] {
        for (closing, expected, _) in ENDINGS {
            assert_eq!(last_error(asked(protocol), closing), Some(expected), "{protocol} {closing:?}");
        }
    }
}

#[test]
fn answers_that_have_begun_are_the_fault_of_who_left() {
    let begun = |protocol| match protocol {
        Protocol::Http => asked(protocol).server("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nbegun"),
        Protocol::Redis => asked(protocol).server("*2\r\n$4\r\njobs\r\n$100\r\nbegun"),
        Protocol::Postgresql => asked(protocol).server(postgresql::rows(1)),
        Protocol::Kafka => asked(protocol).server(&kafka::answer(2, b"\0\0")[..9]),
        other => asked(other),
    };
    let protocols =
        [Protocol::Http, Protocol::Http2, Protocol::Grpc, Protocol::Redis, Protocol::Postgresql, Protocol::Kafka];
    for protocol in protocols {
        for (closing, _, expected) in ENDINGS {
            assert_eq!(last_error(begun(protocol), closing), Some(expected), "{protocol} {closing:?}");
        }
    }
}

#[test]
fn a_stream_without_a_length_is_whole_if_its_server_closed() {
    let stream = || asked(Protocol::Http).server("HTTP/1.1 200 X\r\n\r\ndata: 1\n\n");
    for (closing, expected) in [
        (Closing::CLEAN, None),
        (Closing::Clean { by: Some(Direction::Response) }, None),
        (Closing::Clean { by: Some(Direction::Request) }, Some(ExchangeError::ClosedByClient)),
        (Closing::Cut { by: Some(Direction::Request) }, Some(ExchangeError::ResetByClient)),
        (Closing::Cut { by: None }, Some(ExchangeError::Truncated)),
    ] {
        assert_eq!(last_error(stream(), closing), expected, "{closing:?}");
    }
}

#[test]
fn an_answer_with_an_error_stays_one_whoever_left() {
    let failed = || asked(Protocol::Http).server("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n");
    for (closing, ..) in ENDINGS {
        assert_eq!(last_error(failed(), closing), Some(ExchangeError::Status), "{closing:?}");
    }
}
