//! What is made of connections of which something is missing.

use crate::{
    http2_frames::{
        CONTINUATION, END_HEADERS, END_STREAM, HEADERS, PREFACE, Says, acknowledged, data, frame, last_data, message,
        ping, reset, settings, window,
    },
    support::Talk,
};
use goldwire_model::record::Protocol;
use insta::assert_snapshot;

fn begun() -> Talk {
    Talk::new().client([PREFACE.as_bytes(), &settings()].concat()).server(settings()).client(acknowledged())
}

#[test]
fn a_lost_request_has_no_method() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client(client.get(1, "/a"))
        .server(server.only_status(1, "200"))
        .lose_client(client.get(3, "/b"))
        .server(server.only_status(3, "500"))
        .client([client.get(5, "/b"), client.get(7, "/d")].concat())
        .server(server.only_status(5, "200"))
        .wait()
        .server(server.only_status(7, "200"))
        // Newer fields are known again.
        .client(client.get(9, "/d"))
        .server(server.only_status(9, "404"));
    assert_snapshot!(talk.close());
}

#[test]
fn a_lost_answer_is_counted_as_lost() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client(client.get(1, "/a"))
        .lose_server(server.only_status(1, "200"))
        .client(client.get(3, "/b"))
        .server([server.status(3, "200"), last_data(3, b"b")].concat())
        .wait()
        .expect_exchanges(1);
    assert_snapshot!(talk.close());
}

#[test]
fn a_request_and_its_answer_lost() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .lose_client(client.get(1, "/a"))
        .lose_server(server.only_status(1, "200"))
        .client(client.get(3, "/b"))
        .client(client.get(5, "/c"))
        .wait()
        .server([server.only_status(3, "200"), server.only_status(5, "200")].concat())
        .wait();
    assert_snapshot!(talk.close());
}

#[test]
fn the_end_of_an_answer_lost() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client(client.get(1, "/a"))
        .server(server.status(1, "200"))
        .lose_server(last_data(1, b"end"))
        .client(client.get(3, "/b"))
        .server([server.only_status(3, "200"), ping()].concat());
    assert_snapshot!(talk.counted().close());
}

#[test]
fn the_end_of_the_stream_lost() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client([client.get(1, "/begun"), client.get(3, "/waiting")].concat())
        .server(server.status(1, "200"))
        .lose_server(last_data(1, b"end"));
    assert_snapshot!(talk.counted().close());
}

#[test]
fn a_head_lost_and_its_end_seen() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client(client.get(1, "/a"))
        .lose_server(server.status(1, "200"))
        .server(data(1, b"some"))
        .server(last_data(1, b"end"))
        .wait();
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn bytes_lost_within_a_body_cost_nothing() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let body = data(1, &[b'x'; 3_000]);
    let talk = begun()
        .client(client.get(1, "/a"))
        .server(server.status(1, "200"))
        .server(&body[..1_000])
        .lose_server(&body[1_000..2_000])
        .server(&body[2_000..])
        .server(last_data(1, b"end"));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn others_go_on_when_one_is_in_doubt() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let asked: Vec<u8> = [1, 3, 5, 7].iter().flat_map(|id| client.get(*id, &format!("/{id}"))).collect();
    let heads: Vec<u8> = [1, 3, 5].iter().flat_map(|id| server.status(*id, "200")).collect();
    let talk = begun()
        .client(asked)
        .server(heads)
        // One ends here, unseen.
        .lose_server([data(3, b"part"), last_data(1, b"end")].concat())
        .server([last_data(3, b"end"), data(5, b"part"), server.only_status(7, "200")].concat())
        .wait()
        .server(last_data(5, b"end"))
        .expect_exchanges(3);
    assert_snapshot!(talk.close());
}

#[test]
fn silent_doubts_are_settled_by_time() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let mut talk = begun()
        .client([client.get(1, "/lost"), client.get(3, "/open"), client.get(5, "/begun")].concat())
        .server(server.status(5, "200"))
        .lose_server([server.only_status(1, "200"), last_data(5, b"x")].concat())
        .server(server.status(3, "200"))
        .wait();
    assert!(talk.connection.waits());
    for _ in 0..20 {
        talk = talk.wait();
    }
    talk = talk.expect_exchanges(1);
    assert!(!talk.connection.waits() && talk.collected.lost == 1);
    assert_snapshot!(talk.server(last_data(3, b"late")).close());
}

#[test]
fn a_reset_in_doubt_is_no_error() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = begun()
        .client([client.get(1, "/a"), client.get(3, "/b")].concat())
        .server(server.status(1, "200"))
        .lose_server([last_data(1, b"a"), server.only_status(3, "200")].concat())
        .server([ping(), ping()].concat())
        .wait()
        .server([reset(1, 0), reset(3, 0)].concat());
    assert_snapshot!(talk.close());
}

#[test]
fn a_block_whose_rest_is_missing() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let block = client.block(&[(":method", "GET"), (":scheme", "http"), (":path", "/a"), (":authority", "shop")]);
    let (first, rest) = block.split_at(6);
    let talk = begun()
        .client(frame(HEADERS, END_STREAM, 1, first))
        .lose_client(frame(CONTINUATION, END_HEADERS, 1, rest))
        .server(server.only_status(1, "200"))
        .client(client.get(3, "/b"))
        .server(server.only_status(3, "200"))
        .wait();
    assert_snapshot!(talk.close());
}

#[test]
fn a_head_that_is_captured_in_part() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let path = format!("/{}", "x".repeat(100));
    let talk = begun()
        .capture(40, 0)
        .client(client.get(1, &path))
        .client(client.get(3, &path))
        .server(server.only_status(1, "200"))
        .server(server.only_status(3, "200"));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn many_frames_in_a_segment_that_is_captured_in_part() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let asked: Vec<u8> = (0..8).flat_map(|index| client.get(1 + 2 * index, "/a")).collect();
    let part = |id| data(id, &[b'x'; 1_000]);
    let answered: Vec<u8> = (0..8).flat_map(|index| server.status(1 + 2 * index, "200")).collect();
    let bodies: Vec<u8> =
        (0..8).flat_map(|index| [part(1 + 2 * index), last_data(1 + 2 * index, b"")].concat()).collect();
    let talk = begun().client(asked).server(answered).capture(2_500, 64).server(bodies).counted();
    // Two ends are captured, and the last, which stands at the segment's end.
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn a_download_in_segments_captured_in_part_is_timed_to_its_end() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let body = vec![0x5a; 16_384];
    let head = server.status(1, "200");
    let stream = [head, (0..20).flat_map(|_| data(1, &body)).collect(), last_data(1, b"")].concat();
    let mut talk = begun().client(client.get(1, "/big")).capture(16_384, 64);
    for segment in stream.chunks(65_000) {
        talk = talk.server(segment);
    }
    talk = talk.client(client.get(3, "/next")).server(server.only_status(3, "200"));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn joined_in_the_middle() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let _before = (client.get(1, "/a"), server.only_status(1, "201"), client.get(3, "/old"), server.status(3, "200"));
    let talk = Talk::adopted()
        .client(window(0))
        .expect_protocol(Protocol::Http2)
        // Its head was not seen, so it is none of ours.
        .server(last_data(3, b"end"))
        .client(client.get(5, "/a"))
        .server(server.only_status(5, "200"))
        .client(client.get(7, "/new"))
        .server(server.only_status(7, "201"))
        .client(client.get(9, "/new"))
        .server(server.only_status(9, "404"));
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn joined_between_request_and_answer() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let _before = (client.get(1, "/a"), client.get(3, "/b"));
    let talk = Talk::adopted()
        .server([server.only_status(3, "200"), ping()].concat())
        .client(client.get(5, "/c"))
        .server([server.status(1, "404"), last_data(1, b"x"), server.only_status(5, "200")].concat());
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn joined_in_the_middle_of_a_frame() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let _before = client.get(1, "/a");
    let body = data(1, &[b'x'; 2_000]);
    let rest = [&body[1_000..], &last_data(1, b"end")].concat();
    let talk = Talk::adopted()
        .server(rest)
        .client([client.get(3, "/b"), window(3)].concat())
        .server(server.only_status(3, "200"));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn joined_before_anything_was_said() {
    let (mut client, mut server) = (Says::default(), Says::default());
    let talk = Talk::adopted()
        .client([PREFACE.as_bytes(), &settings()].concat())
        .server(settings())
        .client(client.call(1, "/a.B/C"))
        .client(last_data(1, &message(b"x")))
        .server([server.grpc(1), data(1, &message(b"y")), server.grpc_end(1, "0")].concat());
    assert_snapshot!(talk.expect_exchanges(1).expect_protocol(Protocol::Grpc).close());
}

#[test]
fn other_binary_protocols_are_not_joined() {
    let mut talk = Talk::adopted();
    for _ in 0..20 {
        talk = talk.client("\x04\0\0\x01\x07\0\0\0\x09SELECT it").server("\x07\0\0\x01\0\0\0\x02\0\0\0");
    }
    assert_eq!(talk.expect_protocol(None).close(), "");
}
