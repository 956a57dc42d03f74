//! gRPC over HTTP/2: methods, statuses, messages.

use crate::{
    http2_frames::{END_STREAM, PREFACE, Says, acknowledged, data, last_data, message, reset, settings},
    support::Talk,
};
use goldwire_model::record::{Detail, ExchangeError, Protocol};
use insta::assert_snapshot;

fn begun() -> Talk {
    Talk::new().client([PREFACE.as_bytes(), &settings()].concat()).server(settings()).client(acknowledged())
}

#[test]
fn unary_and_streaming_calls() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .expect_protocol(Protocol::Http2)
        .client([client.call(1, "/shop.Orders/Get"), last_data(1, &message(b"17"))].concat())
        .expect_protocol(Protocol::Grpc)
        .server([server.grpc(1), data(1, &message(b"order")), server.grpc_end(1, "0")].concat())
        .client(client.call(3, "/shop.Orders/Watch"))
        .client(last_data(3, &[message(b"a"), message(b"")].concat()))
        .server(server.grpc(3))
        .server(data(3, &[message(b"one"), message(b"two")].concat()))
        .server(data(3, &message(b"three")))
        .server(server.grpc_end(3, "0"));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

/// Messages are cut into frames wherever it suits the sender.
#[test]
fn messages_across_frames() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let stream = [message(b"first"), message(&[b'x'; 300]), message(b"last")].concat();
    let mut talk = begun().client(client.call(1, "/a.B/C"));
    for part in stream.chunks(7) {
        talk = talk.client(data(1, part));
    }
    talk = talk.client(last_data(1, b"")).server(server.grpc(1));
    for part in stream.chunks(3) {
        talk = talk.server(data(1, part));
    }
    assert_snapshot!(talk.server(server.grpc_end(1, "0")).expect_exchanges(1).close());
}

#[test]
fn which_statuses_are_errors() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let mut talk = begun();
    for status in 0..=16_u32 {
        let id = 1 + 2 * status;
        talk = talk.client(client.call(id, "/a.B/C")).client(last_data(id, &message(b"")));
        let only_trailers =
            [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", &status.to_string())];
        talk = talk.server(server.head(id, END_STREAM, &only_trailers));
    }
    talk = talk.expect_exchanges(17);
    let statuses = |is_error: bool| -> Vec<Option<u32>> {
        let found = talk.collected.exchanges.iter().filter(|exchange| exchange.error.is_some() == is_error);
        found.map(|exchange| if let Detail::Grpc { status, .. } = exchange.detail { status } else { None }).collect()
    };
    assert_eq!(statuses(true), [2, 4, 12, 13, 14, 15].map(Some));
    assert_eq!(statuses(false), [0, 1, 3, 5, 6, 7, 8, 9, 10, 11, 16].map(Some));
}

#[test]
fn calls_without_status() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        // A proxy answers in plain HTTP.
        .client(client.call(1, "/a.B/Proxied"))
        .client(last_data(1, &message(b"")))
        .server(server.only_status(1, "503"))
        .client(client.call(3, "/a.B/Cancelled"))
        .server(server.grpc(3))
        .server(data(3, &message(b"one")))
        .client(reset(3, 8))
        .client(client.call(5, "/a.B/Unanswered"));
    assert_snapshot!(talk.close());
}

#[test]
fn a_large_message_is_followed_though_not_captured() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let large = message(&vec![0; 40_000]);
    let mut talk = begun().capture(256, 64).client(client.call(1, "/a.B/C")).client(last_data(1, &message(b"")));
    talk = talk.server(server.grpc(1));
    for part in [large.clone(), message(b"small"), large].concat().chunks(16_384) {
        talk = talk.server(data(1, part));
    }
    // The prefix of the second message is not captured.
    assert_snapshot!(talk.server(server.grpc_end(1, "0")).expect_exchanges(1).close());
}

#[test]
fn joined_in_the_middle_of_a_connection() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let mut call = |id| [client.call(id, "/shop.Orders/Get"), last_data(id, &message(b"17"))].concat();
    let mut answer = |id, status| [server.grpc(id), data(id, &message(b"order")), server.grpc_end(id, status)].concat();
    let _before = (call(1), answer(1, "0"), call(3), answer(3, "5"));
    let talk = Talk::adopted()
        .client(call(5))
        .server(answer(5, "5"))
        .expect_protocol(Protocol::Grpc)
        .client(call(7))
        .server(answer(7, "14"));
    let errors: Vec<_> = talk.collected.exchanges.iter().map(|exchange| exchange.error).collect();
    assert_eq!(errors, [None, Some(ExchangeError::Status)]);
    assert_snapshot!(talk.expect_exchanges(2).close());
}
