//! Bodies of the fuzz targets: any bytes in, invariants asserted.
//!
//! An input is a list of steps. Each begins with a byte that says what happens (direction, order, how much is captured),
//! then a length, then that many bytes.

use std::net::IpAddr;

use goldwire_model::record::Text;

use crate::{
    Closing, Connection, Datagram, Datagrams, Direction, Exchange, Proxied, Segment, Sink, StreamProtocol,
    TlsHandshake,
    dns::{self, udp},
    http, http1,
    http2::{self, PREFACE},
    kafka,
    protocol::Known,
    quic as quic_protocol, redis,
    sql::{Memory, Quoting},
    stream::{Place, Reader, Reassembler, Run},
    tls as tls_protocol,
};

/// Takes everything, keeps counts.
#[derive(Default)]
struct Counting {
    exchanges: u64,
    lost: u64,
    handshakes: u64,
}

impl Sink for Counting {
    fn text(&mut self, text: &str) -> Text {
        assert!(text.len() <= 2_048, "texts are bounded");
        text.into()
    }

    fn route(&mut self, path: &Text) -> Text {
        http::route(path).into()
    }

    fn key_pattern(&mut self, pattern: &str) -> Text {
        self.text(pattern)
    }

    fn tls(&mut self, handshake: TlsHandshake) {
        for text in [&handshake.server_name, &handshake.alpn].into_iter().flatten() {
            assert!(!text.is_empty() && text.len() <= 255);
        }
        self.handshakes += 1;
    }

    fn proxied(&mut self, _: Proxied) {}

    fn compressed(&mut self) {}

    fn resolved(&mut self, _: &Text, _: IpAddr, _: u32) {}

    fn exchange(&mut self, exchange: Exchange) {
        if let (Some(start), Some(last)) = (exchange.request_start, exchange.answer_last) {
            assert!(last >= start || exchange.answer_first < Some(start), "an answer ends after its request began");
        }
        self.exchanges += 1;
    }

    fn lost(&mut self, exchanges: u64) {
        self.lost += exchanges;
    }

    fn missed(&mut self, _: u64) {}
}

/// One step of an input.
struct Step<'a> {
    choice: u8,
    bytes: &'a [u8],
}

fn steps(mut input: &[u8]) -> impl Iterator<Item = Step<'_>> {
    std::iter::from_fn(move || {
        let (head, rest) = input.split_at_checked(2)?;
        let length = usize::from(head[1]).min(rest.len());
        let (bytes, rest) = rest.split_at(length);
        input = rest;
        Some(Step { choice: head[0], bytes })
    })
}

/// Turns steps into segments: repeated, ahead of their turn, captured in part.
struct Segments {
    offsets: [u64; 2],
    time: u64,
}

impl Segments {
    fn next<'a>(&mut self, step: &Step<'a>) -> (Direction, Segment<'a>) {
        let direction = if step.choice & 1 == 0 { Direction::Request } else { Direction::Response };
        let offset = &mut self.offsets[direction as usize];
        let at = match step.choice >> 1 & 3 {
            0 | 1 => *offset,
            2 => offset.saturating_sub(u64::from(step.choice >> 3)),
            _ => *offset + u64::from(step.choice >> 3),
        };
        *offset = (*offset).max(at + step.bytes.len() as u64);
        self.time += 1;
        let captured = if step.choice & 0x80 == 0 { step.bytes.len() } else { step.bytes.len() / 2 };
        let tail = &step.bytes[captured..];
        let tail = &tail[tail.len() - tail.len().min(8)..];
        let (length, prefix) = (step.bytes.len() as u32, &step.bytes[..captured]);
        let sent_here = step.choice & 0x40 != 0;
        (direction, Segment { offset: at, length, prefix, tail, time: self.time, sent_here })
    }
}

fn run(protocol: &mut dyn StreamProtocol, input: &[u8]) -> Counting {
    let mut sink = Counting::default();
    let mut segments = Segments { offsets: [0; 2], time: 0 };
    for step in steps(input) {
        let (direction, segment) = segments.next(&step);
        protocol.segment(direction, segment, &mut sink);
        assert!(protocol.body_until(direction) < u64::MAX, "a body ends");
    }
    protocol.expire(segments.time, &mut sink);
    protocol.close(segments.time, Closing::CLEAN, &mut sink);
    sink
}

/// Whatever it turns out to be, from its start and joined.
pub fn connection(input: &[u8]) {
    for mut connection in [Connection::from_start(), Connection::adopted()] {
        let mut sink = Counting::default();
        let mut segments = Segments { offsets: [0; 2], time: 0 };
        for step in steps(input) {
            let (direction, segment) = segments.next(&step);
            connection.segment(direction, segment, &mut sink);
        }
        connection.expire(segments.time + 10_000_000_000, &mut sink);
        connection.close(segments.time, Closing::CLEAN, &mut sink);
    }
}

/// HTTP/1 from its start and adopted.
pub fn http1(input: &[u8]) {
    let seen = run(&mut http1::Connection::from_start(), input);
    assert!(seen.exchanges <= 2 * input.len() as u64, "exchanges come from bytes");
    run(&mut http1::Connection::adopted(), input);
}

/// Redis from its start and adopted.
pub fn redis(input: &[u8]) {
    for mut connection in [redis::Connection::from_start(), redis::Connection::adopted()] {
        let seen = run(&mut connection, input);
        assert!(seen.exchanges + seen.lost <= 2 * input.len() as u64, "exchanges come from bytes");
    }
}

/// Kafka from its start and adopted.
pub fn kafka(input: &[u8]) {
    for mut connection in [kafka::Connection::from_start(), kafka::Connection::adopted()] {
        let seen = run(&mut connection, input);
        assert!(seen.exchanges + seen.lost <= 2 * input.len() as u64, "exchanges come from bytes");
    }
}

/// HTTP/2 from its start and adopted, of any bytes and of any frames.
pub fn http2(input: &[u8]) {
    let framed = framed(input);
    for input in [input, &framed] {
        for mut connection in [http2::Connection::from_start(), http2::Connection::adopted()] {
            let seen = run(&mut connection, input);
            assert!(seen.exchanges + seen.lost <= input.len() as u64, "exchanges come from bytes");
            assert!(!connection.waits(), "a closed connection waits for nothing");
        }
    }
}

/// The same steps, each of which sends a frame that is as long as it says, behind the preface.
fn framed(input: &[u8]) -> Vec<u8> {
    let mut framed = [&[0, PREFACE.len() as u8], PREFACE].concat();
    for Step { choice, bytes } in steps(input) {
        let [kind, flags, stream, payload @ ..] = bytes else { continue };
        let payload = &payload[..payload.len().min(240)];
        let header = [0, 0, payload.len() as u8, kind % 11, *flags, 0, 0, 0, stream % 16];
        framed.extend([choice, (header.len() + payload.len()) as u8]);
        framed.extend(header);
        framed.extend(payload);
    }
    framed
}

/// DNS over UDP and TCP.
pub fn dns(input: &[u8]) {
    let (mut conversation, mut sink) = (udp::Conversation::default(), Counting::default());
    for (time, step) in steps(input).enumerate() {
        let direction = if step.choice & 1 == 0 { Direction::Request } else { Direction::Response };
        let (payload, length) = (step.bytes, step.bytes.len() as u32);
        let _ = dns::looks_like_query(payload);
        conversation.datagram(Datagram { direction, payload, length, time: time as u64 }, &mut sink);
    }
    conversation.close(u64::MAX, &mut sink);
    assert!(conversation.is_idle());
    run(&mut dns::tcp::Connection::from_start(), input);
}

/// PostgreSQL from its start and adopted.
pub fn postgresql(input: &[u8]) {
    run_framed(&crate::postgresql::KNOWN, input);
}

/// MySQL from its start and adopted.
pub fn mysql(input: &[u8]) {
    run_framed(&crate::mysql::KNOWN, input);
}

/// A protocol whose exchanges have at least a byte each.
fn run_framed(known: &Known, input: &[u8]) {
    for mut protocol in [(known.from_start)(), (known.adopted)()] {
        let seen = run(&mut *protocol, input);
        assert!(seen.exchanges + seen.lost <= 2 * input.len() as u64, "exchanges come from bytes");
    }
}

/// Statements in both dialects, whole and cut.
pub fn sql(input: &[u8]) {
    for quoting in [Quoting::POSTGRESQL, Quoting::MYSQL] {
        for whole in [true, false] {
            let mut sink = Counting::default();
            let statement = Memory::default().read(input, whole, quoting, &mut sink);
            assert!(statement.text.is_none_or(|text| !text.is_empty() && text.len() <= 1_024));
            assert!(statement.target.is_none_or(|target| !target.is_empty() && target.len() <= 256));
        }
    }
}

/// Handshakes from their start and joined.
pub fn tls(input: &[u8]) {
    for mut connection in [tls_protocol::Connection::from_start(), tls_protocol::Connection::adopted()] {
        let seen = run(&mut connection, input);
        assert_eq!((seen.exchanges, seen.lost), (0, 0), "a handshake is no exchange");
        assert!(seen.handshakes <= 3, "each hello and the end are told once");
    }
}

/// Datagrams of any protocol, and frames in the client's first packets of QUIC.
pub fn quic(input: &[u8]) {
    let (mut raw, mut sealed, mut sink) = (Datagrams::default(), Datagrams::default(), Counting::default());
    for (time, step) in steps(input).enumerate() {
        let direction = if step.choice & 1 == 0 { Direction::Request } else { Direction::Response };
        let packet = quic_protocol::sealed::initial([step.choice & 0x80; 8], time as u8, step.bytes);
        for (conversation, payload) in [(&mut raw, step.bytes), (&mut sealed, packet.as_slice())] {
            let length = payload.len().max(1_200) as u32;
            conversation.datagram(Datagram { direction, payload, length, time: time as u64 }, 443, &mut sink);
        }
    }
    for mut conversation in [raw, sealed] {
        conversation.close(u64::MAX, &mut sink);
        assert!(conversation.is_ignored() && !conversation.waits());
    }
    assert!(sink.handshakes <= 4, "a hello is told once, and its version once before");
}

/// Order: each byte is read at most once, and in order.
pub fn reassembler(input: &[u8]) {
    struct Position(u64);
    impl Position {
        fn advance(&mut self, at: Place, length: u64) {
            assert!(length > 0 && at.offset == self.0, "read in order, each byte once");
            self.0 += length;
        }
    }
    impl Reader for Position {
        fn bytes(&mut self, run: Run<'_>) {
            self.advance(run.at, run.bytes.len() as u64);
        }
        fn unseen(&mut self, length: u64, at: Place) {
            self.advance(at, length);
        }
        fn lost(&mut self, length: u64, at: Place) {
            self.advance(at, length);
        }
        fn needless_until(&self) -> u64 {
            0
        }
    }
    let (mut order, mut position) = (Reassembler::from_start(), Position(0));
    let mut segments = Segments { offsets: [0; 2], time: 0 };
    for step in steps(input) {
        let (_, segment) = segments.next(&step);
        order.push(segment, &mut position);
    }
    order.flush(&mut position);
    assert!(!order.waits() && order.position() == position.0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::http2::PREFACE;

    /// Bytes that protocols know, so that random input gets past the first byte.
    const WORDS: &[&[u8]] = &[
        b"GET / HTTP/1.1\r\n",
        b"POST /a HTTP/1.1\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 101 X\r\n",
        b"Content-Length: 9\r\n",
        b"Content-Length: 18446744073709551615\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"ffffffffffffffff\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"\r\n",
        b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01",
        b"\x00\x01\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01",
        b"\x16\x03\x01\x00\x40\x01\x00\x00\x3c\x03\x03",
        b"\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03",
        b"\x14\x03\x03\x00\x01\x01",
        b"\x17\x03\x03\x00\x05hello",
        b"\x00\x00\x00\x11\x00\x0f\x00\x00\x0cshop.example\x00\x10\x00\x05\x00\x03\x02h2",
        b"\xc0\x00\x00\x00\x01\x08abcdefgh\x00\x00\x40\x40",
        b"\x06\x00\x20\x01\x00\x00\x2c\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaa",
        b"\0\0\0\x12\0\x03\0\0user\0me\0\0",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"Q\0\0\0\x0dSELECT 1\0",
        b"P\0\0\0\x12a\0SELECT $1\0\0\0",
        b"B\0\0\0\x0d\0a\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0",
        b"S\0\0\0\x04",
        b"1\0\0\0\x042\0\0\0\x04",
        b"G\0\0\0\x07\0\0\0",
        b"C\0\0\0\x0dSELECT 1\0",
        b"E\0\0\0\x0cC42601\0\0",
        b"Z\0\0\0\x05I",
        b"\x48\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0caching_sha2\0\0\0\0",
        b"\x24\0\0\x01\x00\x82\0\x01\0\0\0\0\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0me\0\0",
        b"\x07\0\0\x02\0\0\0\x02\0\0\0",
        b"\x09\0\0\0\x03SELECT 1",
        b"\x09\0\0\0\x16SELECT ?\x0a\0\0\0\x17\x01\0\0\0\0\x01\0\0\0",
        b"\x01\0\0\x01\x01\x05\0\0\x02\x03def\0\x05\0\0\x03\xfe\0\0\x02\0",
        b"\x05\0\0\x04\xfe\0\0\x02\0",
        b"\x0b\0\0\x01\xff\x7a\x04#42S02no",
        b"*2\r\n$3\r\nGET\r\n$3\r\na:1\r\n",
        b"*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n",
        b"*1\r\n$11\r\nUNSUBSCRIBE\r\n",
        b"*1\r\n$4\r\nEXEC\r\n*1\r\n$5\r\nMULTI\r\n",
        b"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$4\r\nSKIP\r\n",
        b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n",
        b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n",
        b"+OK\r\n",
        b"-ERR no\r\n",
        b"|1\r\n+a\r\n+b\r\n%1\r\n*1\r\n:1\r\n~0\r\n",
        b"$1000000\r\n",
        b"*1000000\r\n",
        b"*1099511627776\r\n",
        b"\0\0\0\x12\0\x0c\0\0\0\0\0\x01\0\x04shop\0\0\0\0",
        b"\0\0\0\x06\0\0\0\x01\0\x1b",
        b"\0\0\0\x0f\0\x03\0\x0c\0\0\0\x01\0\x04shop\0",
        b"\0\0\0\x10\0\0\0\x01\0\0\0\0\0\x02\xff\xff\xff\xff\x0f\0",
        PREFACE,
        b"\x00\x00\x03\x01\x05\x00\x00\x00\x01\x82\x86\x84",
        b"\x00\x00\x01\x01\x05\x00\x00\x00\x01\x88",
        b"\x00\x00\x08\x06\x00\x00\x00\x00\x00abcdefgh",
        b"\x00\x00\x02\x00\x01\x00\x00\x00\x03ok",
        b"\x01\x04\x03\x83\x40\x05:path\x02/a\x5f\x10application/grpc",
        b"\x01\x05\x03\x88\x40\x0bgrpc-status\x0213",
        b"\x09\x04\x01\xbe\x7f\xff\xff\xff\xff\x0f",
        b"\x03\x00\x01\x00\x00\x00\x08",
    ];

    fn words() -> impl Strategy<Value = Vec<u8>> {
        let noise = proptest::collection::vec(any::<u8>(), 0..12);
        let word = prop_oneof![(0..WORDS.len()).prop_map(|index| WORDS[index].to_vec()), noise];
        let step = (any::<u8>(), proptest::collection::vec(word, 0..4)).prop_map(|(choice, words)| {
            let bytes = words.concat();
            [vec![choice, bytes.len().min(255) as u8], bytes].concat()
        });
        proptest::collection::vec(step, 0..30).prop_map(|steps| steps.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn nothing_panics(input in prop_oneof![words(), proptest::collection::vec(any::<u8>(), 0..600)]) {
            super::connection(&input);
            super::http1(&input);
            super::redis(&input);
            super::kafka(&input);
            super::http2(&input);
            super::dns(&input);
            super::postgresql(&input);
            super::mysql(&input);
            super::sql(&input);
            super::tls(&input);
            super::quic(&input);
            super::reassembler(&input);
        }
    }
}
