//! Streams side by side on one connection, and how they end.

use crate::{
    http2_frames::{
        CONTINUATION, END_HEADERS, END_STREAM, HEADERS, PADDED, PREFACE, PRIORITY, Says, acknowledged, data, frame,
        go_away, last_data, message, ping, reset, settings, window,
    },
    support::{Talk, get},
};
use goldwire_l7::Direction;
use goldwire_model::record::{Detail, Protocol};
use insta::assert_snapshot;

/// After both prefaces.
fn begun() -> Talk {
    Talk::new().client([PREFACE.as_bytes(), &settings()].concat()).server(settings()).client(acknowledged())
}

#[test]
fn one_after_the_other() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client(client.get(1, "/a?secret=1"))
        .server(server.status(1, "200"))
        .server(last_data(1, b"hello"))
        .client(client.post(3, "/orders/17"))
        .client(data(3, b"some "))
        .client(last_data(3, b"body"))
        .server(server.only_status(3, "404"))
        .client(client.get(5, "/"))
        .server(server.only_status(5, "500"));
    assert_snapshot!(talk.expect_protocol(Protocol::Http2).expect_exchanges(3).close());
}

/// All ask at once, answers come interleaved, the last asked ends first.
fn side_by_side(count: u32) -> String {
    let (mut client, mut server) = (Says::default(), Says::default());
    let ids: Vec<u32> = (0..count).map(|index| 1 + 2 * index).collect();
    let asked: Vec<u8> = ids.iter().flat_map(|id| client.get(*id, &format!("/{id}"))).collect();
    let heads: Vec<u8> = ids.iter().flat_map(|id| server.status(*id, &(200 + id).to_string())).collect();
    let mut talk = begun().client(asked).server(heads).client(ping());
    talk = talk.server(ids.iter().flat_map(|id| data(*id, b"part")).collect::<Vec<u8>>());
    for id in ids.iter().rev() {
        talk = talk.server(last_data(*id, b"end")).client(window(0));
    }
    talk = talk.expect_exchanges(count as usize);
    for exchange in &talk.collected.exchanges {
        let Detail::Http { path: Some(path), status: Some(status), .. } = &exchange.detail else {
            panic!("{exchange:?}")
        };
        assert_eq!(format!("/{}", status - 200), path[..]);
        assert!(exchange.answer_last > exchange.answer_first && exchange.error.is_none() == (*status < 500));
    }
    talk.close()
}

#[test]
fn two_side_by_side() {
    assert_snapshot!(side_by_side(2));
}

#[test]
fn many_side_by_side() {
    for count in [1, 8, 32, 64, 300] {
        assert_eq!(side_by_side(count).lines().count(), count as usize);
    }
}

#[test]
fn byte_by_byte() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let asked =
        [PREFACE.as_bytes(), &settings(), &client.get(1, "/a"), &client.post(3, "/b"), &last_data(3, b"xy")].concat();
    let answered = [settings(), server.only_status(3, "201"), server.status(1, "200"), last_data(1, b"hello")].concat();
    let mut talk = Talk::new();
    for byte in asked {
        talk = talk.client([byte]);
    }
    for byte in answered {
        talk = talk.server([byte]);
    }
    assert_snapshot!(talk.close());
}

#[test]
fn blocks_with_padding_priority_and_continuation() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let block = client.block(&[(":method", "PUT"), (":scheme", "http"), (":path", "/padded"), (":authority", "shop")]);
    let padded = [&[4, 0, 0, 0, 0, 16][..], &block, &[0; 4]].concat();
    let block = client.block(&[(":method", "PUT"), (":scheme", "http"), (":path", "/cut"), (":authority", "shop")]);
    let (first, rest) = block.split_at(3);
    let talk = begun()
        .client(frame(HEADERS, PADDED | PRIORITY | END_HEADERS | END_STREAM, 1, &padded))
        .client(frame(HEADERS, END_STREAM, 3, first))
        .client(frame(CONTINUATION, 0, 3, &rest[..2]))
        .client(frame(CONTINUATION, END_HEADERS, 3, &rest[2..]))
        .server(server.status(1, "200"))
        .server(frame(0, PADDED | END_STREAM, 1, b"\x03body\0\0\0"))
        .server(server.only_status(3, "200"));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn interim_answers_and_trailers() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client(client.post(1, "/up"))
        .server(server.head(1, 0, &[(":status", "100")]))
        .client(data(1, b"body"))
        .client(client.head(1, END_STREAM, &[("sum", "1")]))
        .server(server.head(1, 0, &[(":status", "103"), ("link", "</a>")]))
        .server(server.status(1, "201"))
        .server(data(1, b"ok"))
        .server(server.head(1, END_STREAM, &[("sum", "2")]));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn resets_by_either_side() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client(client.get(1, "/cancelled"))
        .client(reset(1, 8))
        .client(client.get(3, "/refused"))
        .server(reset(3, 7))
        .client(client.get(5, "/cut"))
        .server(server.status(5, "200"))
        .server(data(5, b"par"))
        .server(reset(5, 2))
        // What was under way when the client reset is no answer any more.
        .server(server.only_status(1, "200"))
        .client(client.post(7, "/early"))
        .client(data(7, b"part of a body"))
        .server(server.only_status(7, "413"))
        .server(reset(7, 0));
    assert_snapshot!(talk.expect_exchanges(3).wait().expect_exchanges(4).close());
}

#[test]
fn an_early_answer_waits_for_its_request() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client(client.post(1, "/early"))
        .server(server.only_status(1, "200"))
        .client(last_data(1, b"body"))
        .expect_exchanges(1)
        .client(client.post(3, "/forgotten"))
        .server(server.only_status(3, "200"))
        .expect_exchanges(1)
        .wait();
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn go_away_leaves_later_streams_unanswered() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let asked: Vec<u8> = [1, 3, 5].iter().flat_map(|id| client.get(*id, &format!("/{id}"))).collect();
    let talk = begun()
        .client(asked)
        .server(go_away(0x7fff_ffff))
        .expect_exchanges(0)
        .server(go_away(3))
        .expect_exchanges(1)
        .server(server.only_status(1, "200"))
        .server(server.only_status(3, "200"))
        // The client has not heard of it yet.
        .client(client.get(7, "/7"));
    assert_snapshot!(talk.close());
}

#[test]
fn a_reset_connection_is_told_of_its_streams() {
    for side in [Direction::Request, Direction::Response] {
        let (mut client, mut server) = (Says::default(), Says::default());
        let talk = begun()
            .client(client.get(1, "/done"))
            .server(server.only_status(1, "200"))
            .client(client.call(3, "/shop.Cart/Watch"))
            .server(server.grpc(3))
            .client(client.get(5, "/asked"));
        assert_snapshot!(format!("a_connection_reset_by_{side:?}"), talk.reset_by(side));
    }
}

#[test]
fn a_call_that_its_client_cancels_is_no_fault_of_the_server() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client(client.call(1, "/shop.Cart/Watch"))
        .server(server.grpc(1))
        .server(data(1, &message(b"first")))
        .client(reset(1, 8))
        .client(client.call(3, "/shop.Cart/Add"))
        .server(reset(3, 11))
        .client(client.call(5, "/shop.Cart/Add"))
        .server(reset(5, 4_711))
        .wait();
    let errors: Vec<_> = talk.collected.exchanges.iter().map(|exchange| exchange.error).collect();
    assert_eq!(errors.iter().flatten().filter(|error| error.is_counted()).count(), 2);
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn what_is_open_at_the_end_has_no_answer() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client(client.get(1, "/begun"))
        .server(server.status(1, "200"))
        .client(client.get(3, "/waiting"))
        .client(client.post(5, "/asking"));
    assert_snapshot!(talk.close());
}

#[test]
fn promises_are_no_exchanges_and_belong_to_the_table() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let promise = [&2_u32.to_be_bytes()[..], &server.block(&[(":method", "GET"), (":path", "/style")])].concat();
    let talk = begun()
        .client(client.get(1, "/page"))
        .server(frame(5, END_HEADERS, 1, &promise))
        .server(server.head(2, 0, &[(":status", "203")]))
        .server(last_data(2, b"pushed"))
        // Refers to what the pushed answer said.
        .server(server.head(1, END_STREAM, &[(":status", "203")]));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn a_tunnel_is_one_exchange() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client(client.head(1, 0, &[(":method", "CONNECT"), (":authority", "db:5432")]))
        .server(server.status(1, "200"))
        .expect_exchanges(1)
        .client(data(1, b"anything"))
        .server(last_data(1, b"anything"))
        .client(client.get(3, "/a"))
        .server(server.only_status(3, "200"));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn an_upgrade_from_http1_is_counted_once() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let asked = "GET /first HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
                 HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    let switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    let talk = Talk::new()
        .client(asked)
        .server([switching.as_bytes(), &settings()].concat())
        .client([PREFACE.as_bytes(), &settings()].concat())
        .expect_protocol(Protocol::Http2)
        .server(server.status(1, "200"))
        .server(last_data(1, b"first"))
        .client(client.get(3, "/second"))
        .server(server.only_status(3, "200"))
        .wait();
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn an_upgrade_that_is_refused_stays_http1() {
    let talk = Talk::new().client(get("/a")).server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_snapshot!(talk.expect_protocol(Protocol::Http).close());
}

#[test]
fn open_streams_are_bounded() {
    let mut client = Says::default();
    let mut talk = begun();
    for index in 0..5_000 {
        talk = talk.client(client.get(1 + 2 * index, "/a"));
    }
    assert_eq!(talk.collected.lost, 5_000 - 4_096);
    assert_eq!(talk.close().lines().count(), 4_096 + 1);
}

#[test]
fn bodies_are_followed_though_not_captured() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let body = vec![b'x'; 16_384];
    let talk = begun()
        .capture(512, 64)
        .client(client.get(1, "/big"))
        .server(server.status(1, "200"))
        .server(data(1, &body))
        .server(data(1, &body))
        .server(last_data(1, &body));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

/// As the kernel tells of DATA frames that it follows by itself: one segment a frame, and only its header is captured.
fn followed(talk: Talk, direction: Direction, frame: &[u8]) -> Talk {
    let talk = talk.capture(9, 0).say(direction, frame);
    talk.capture(usize::MAX, 64)
}

#[test]
fn frames_whose_headers_alone_are_captured_are_followed() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let (body, fields) = (vec![b'x'; 16_384], [(":status", "200"), ("content-type", "text/html")]);
    let mut talk = begun().client(client.get(1, "/big")).client(client.get(3, "/other"));
    let head = server.head(1, 0, &fields);
    let mut end = (settings().len() + head.len() + 9 + body.len()) as u64;
    talk = talk.server(head).server(&data(1, &body)[..8_000]);
    assert_eq!(talk.connection.body_until(Direction::Response), end - 1);
    talk = talk.server(&data(1, &body)[8_000..]);
    assert_eq!(talk.connection.body_until(Direction::Response), end - 1);
    for _ in 0..20 {
        talk = followed(talk, Direction::Response, &data(1, &body));
        end += 16_393;
        assert_eq!(talk.connection.body_until(Direction::Response), end - 1);
    }
    let talk = talk.server(server.only_status(3, "200")).expect_exchanges(1);
    assert_eq!(talk.connection.body_until(Direction::Response), 0);
    let talk = followed(talk, Direction::Response, &last_data(1, &body)).expect_exchanges(2);
    assert_snapshot!(talk.close());
}

#[test]
fn a_gap_up_to_the_end_of_a_frame_that_need_not_be_captured_is_none() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let (frame, fields) = (data(1, &vec![b'x'; 16_384]), [(":status", "200"), ("content-type", "text/html")]);
    let talk = begun().client(client.get(1, "/big")).server(server.head(1, 0, &fields)).server(&frame[..1_000]);
    let talk = talk.lose(Direction::Response, frame.len() as u64 - 1_000).server(last_data(1, b"end"));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn messages_in_frames_that_were_not_captured_are_not_counted() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let (large, small) = (message(&vec![b'x'; 40_000]), message(&vec![b'x'; 3_000]));
    let mut talk = begun().client(client.call(1, "/shop.Cart/Watch")).client(client.call(3, "/shop.Cart/Watch"));
    talk = talk.server([server.grpc(1), server.grpc(3), data(1, &large[..10_000])].concat());
    // A message that goes on is followed through frames; one that begins in a frame has to be seen.
    assert!(talk.connection.body_until(Direction::Response) > 0);
    talk = followed(talk, Direction::Response, &data(1, &large[10_000..30_000]));
    assert!(talk.connection.body_until(Direction::Response) > 0);
    talk = talk.server(data(1, &large[30_000..])).server(data(1, &small[..2_000])).server(data(1, &small[2_000..]));
    assert_eq!(talk.connection.body_until(Direction::Response), 0);
    talk = talk.server(data(3, &small));
    talk = followed(talk, Direction::Response, &data(3, &small)).server(data(3, &small));
    assert_snapshot!(talk.server([server.grpc_end(1, "0"), server.grpc_end(3, "0")].concat()).close());
}

#[test]
fn a_long_frame_is_worth_skipping() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let head = server.status(1, "200");
    let long = last_data(1, &vec![b'x'; 1 << 20]);
    let mut talk = begun().client(client.get(1, "/big")).server(&head).server(&long[..1_000]);
    let start = (settings().len() + head.len()) as u64;
    let until = talk.connection.body_until(Direction::Response);
    assert_eq!(until, start + long.len() as u64 - 1);
    talk = talk.lose(Direction::Response, until - start - 1_000);
    assert_snapshot!(talk.server("x").expect_exchanges(1).close());
}
