//! Payload as the probes tell it, on this kernel.

mod observer;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::fd::AsRawFd,
};

use goldwire::{
    decode::{Addresses, Cookie, Direction, Event, SequenceNumber},
    receive::{CaptureLimit, Verdict},
};
use goldwire_probe_events::UNDECIDED_BYTES;
use observer::{Observer, Pair, pattern};

/// A segment, kept.
#[derive(Debug)]
struct Kept {
    sequence: SequenceNumber,
    length: u32,
    skipped: u32,
    prefix: Vec<u8>,
    tail: Vec<u8>,
}

/// What a socket sent.
#[derive(Default)]
struct Sent {
    /// The stream's first sequence number, where the connection was established while this was collected.
    first: Option<SequenceNumber>,
    segments: Vec<Kept>,
}

/// Collects what a socket sent until `bytes` of payload were told.
fn sent(observer: &mut Observer, cookie: Cookie, bytes: u32) -> Sent {
    let mut sent = Sent::default();
    let mut told = 0;
    observer.collect(1, |event| {
        match event {
            Event::TcpEstablished(event) if event.cookie == cookie => sent.first = Some(event.first_sent),
            Event::TcpSegment(segment)
                if (segment.cookie, segment.direction) == (cookie, Direction::Egress) && segment.length > 0 =>
            {
                told += segment.length;
                sent.segments.push(Kept {
                    sequence: segment.sequence,
                    length: segment.length,
                    skipped: segment.skipped,
                    prefix: segment.prefix.to_vec(),
                    tail: segment.tail.to_vec(),
                });
            }
            _ => {}
        }
        (told >= bytes).then_some(())
    });
    sent
}

/// The kernel's name of a socket.
fn cookie_of(socket: &TcpStream) -> Cookie {
    const SO_COOKIE: i32 = 57;
    let mut cookie = 0_u64;
    let mut length = size_of::<u64>() as u32;
    // SAFETY: the kernel writes at most `length` bytes.
    let result = unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, SO_COOKIE, (&raw mut cookie).cast(), &raw mut length)
    };
    assert_eq!(result, 0);
    Cookie(cookie)
}

/// A connection whose client has said `head`, and its first sequence number.
fn after_head(observer: &mut Observer) -> (Pair, Cookie, SequenceNumber) {
    let mut pair = Pair::over("127.0.0.1:0");
    let cookie = cookie_of(&pair.client);
    pair.send(b"head");
    let first = sent(observer, cookie, 4).first.expect("the established event");
    (pair, cookie, first)
}

fn tell(limit: CaptureLimit) -> Verdict {
    Verdict::Tell { ingress: limit, egress: limit }
}

#[test]
fn every_byte_of_one_byte_writes_is_told_in_order() {
    let text = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let mut observer = Observer::of_node();
        let mut pair = Pair::over(address);
        for byte in text {
            pair.send(&[*byte]);
        }
        let Sent { first, segments } = sent(&mut observer, cookie_of(&pair.client), text.len() as u32);
        let told: Vec<u8> = segments.iter().flat_map(|segment| segment.prefix.clone()).collect();
        assert_eq!(told, text);
        assert_eq!(Some(segments[0].sequence), first);
        assert_eq!(segments.last().unwrap().sequence.distance(segments[0].sequence), text.len() as i32 - 1);
    }
}

#[test]
fn a_long_buffer_is_told_by_its_beginning_and_its_end() {
    let mut observer = Observer::of_node();
    let (mut pair, cookie, first) = after_head(&mut observer);
    let body = pattern(300_000);
    observer.receiver.steering().set(cookie, tell(CaptureLimit::KiB1));
    pair.send(&body);
    let kept = sent(&mut observer, cookie, 300_000).segments;
    assert!(kept.iter().any(|segment| segment.length > 16_384), "offload makes long buffers: {kept:?}");
    for segment in kept {
        let start = usize::try_from(segment.sequence.distance(first)).unwrap() - 4;
        let whole = &body[start..start + segment.length as usize];
        assert_eq!(segment.prefix, whole[..whole.len().min(1024)]);
        let not_captured = whole.len() - segment.prefix.len();
        assert_eq!(segment.tail, whole[whole.len() - not_captured.min(64)..]);
    }
}

#[test]
fn sixteen_kilobytes_are_told_whole() {
    let mut observer = Observer::of_node();
    let mut pair = Pair::over("127.0.0.1:0");
    let pipeline = pattern(16_000);
    pair.send(&pipeline);
    let sent = sent(&mut observer, cookie_of(&pair.client), 16_000);
    let told: Vec<u8> = sent.segments.into_iter().flat_map(|segment| segment.prefix).collect();
    assert_eq!(told, pipeline);
}

#[test]
fn a_long_buffer_is_told_whole_in_pieces() {
    let mut observer = Observer::of_node();
    let (mut pair, cookie, first) = after_head(&mut observer);
    let body = pattern(300_000);
    observer.receiver.steering().set(cookie, tell(CaptureLimit::Whole));
    pair.send(&body);
    let kept = sent(&mut observer, cookie, 300_000).segments;
    let lengths: Vec<_> = kept.iter().map(|segment| (segment.length, segment.prefix.len())).collect();
    assert!(lengths.contains(&(16_384, 16_384)), "offload makes long buffers: {lengths:?}");
    let told: Vec<u8> = kept.iter().flat_map(|segment| segment.prefix.clone()).collect();
    assert_eq!(kept[0].sequence, first.plus(4));
    assert!(told == body, "{} bytes of {}", told.len(), body.len());
}

/// A frame of HTTP/2 (RFC 9113 section 4.1) whose payload is `length` times `byte`.
fn frame(kind: u8, length: u32, byte: u8) -> Vec<u8> {
    let [_, length_bytes @ ..] = length.to_be_bytes();
    let header = [&length_bytes[..], &[kind, 0, 0, 0, 0, 1]].concat();
    [header, vec![byte; length as usize]].concat()
}

/// Whatever the buffers' borders cut, the header of each frame is told, and other frames than DATA are told whole.
#[test]
fn of_long_data_frames_the_ends_are_told() {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    let mut observer = Observer::of_node();
    let (mut pair, cookie, first) = after_head(&mut observer);
    let sizes = [16_384, 16_384, 16_384, 1_024, 16_384, 16_000, 16_384, 16_383, 16_384, 5, 16_384, 16_384, 9_000];
    let mut frames: Vec<(u8, u32)> = vec![(DATA, 20_000)];
    frames.extend((0..120).map(|index| (DATA, sizes[index % sizes.len()])));
    frames.insert(40, (HEADERS, 300));
    frames.insert(80, (HEADERS, 12_000));
    let stream: Vec<Vec<u8>> = frames.iter().map(|(kind, length)| frame(*kind, *length, b'x')).collect();
    let steering = observer.receiver.steering();
    steering.set(cookie, tell(CaptureLimit::Frames));
    steering.skip_until(cookie, Direction::Egress, first.plus(4 + stream[0].len() as u32 - 1));
    let whole = stream.concat();
    pair.send(&whole);
    let kept = sent(&mut observer, cookie, whole.len() as u32).segments;
    let mut seen = vec![false; whole.len()];
    for segment in &kept {
        let start = usize::try_from(segment.sequence.distance(first)).unwrap() - 4;
        let end = start + segment.length as usize;
        assert_eq!(segment.prefix, whole[start..start + segment.prefix.len()]);
        assert_eq!(segment.tail, whole[end - segment.tail.len()..end]);
        seen[start..start + segment.prefix.len()].fill(true);
        seen[end - segment.tail.len()..end].fill(true);
    }
    let captured = seen.iter().filter(|seen| **seen).count();
    assert!(captured < whole.len() / 2, "{captured} of {} bytes captured", whole.len());
    let mut at = 0;
    for ((kind, _), bytes) in frames.iter().zip(&stream) {
        let needed = if *kind == DATA && bytes.len() > 4_105 { 9 } else { bytes.len() };
        assert!(seen[at..at + needed].iter().all(|seen| *seen), "a frame of kind {kind} at {at}");
        at += bytes.len();
        assert!(seen[at - 1], "the last byte before {at}");
    }
}

/// From a server's settings on, nobody need name a place, and nothing is forgotten between buffers. Whether the daemon has decided by
/// what the client said before makes no difference.
#[test]
fn the_way_begins_where_a_stream_of_http2_does() {
    const SETTINGS: u8 = 4;
    for is_decided in [false, true] {
        let mut observer = Observer::of_node();
        let mut pair = Pair::over("127.0.0.1:0");
        let cookie = cookie_of(&pair.server);
        if is_decided {
            observer.receiver.steering().set(cookie, tell(CaptureLimit::Frames));
        }
        pair.answer(&frame(SETTINGS, 0, 0));
        let mut length = 9;
        for _ in 0..20 {
            let answer =
                [frame(1, 40, b'h'), frame(0, 16_384, b'x'), frame(0, 16_384, b'x'), frame(0, 10, b'x')].concat();
            pair.answer(&answer);
            length += answer.len() as u32;
        }
        let kept = sent(&mut observer, cookie, length).segments;
        let captured: usize = kept.iter().map(|segment| segment.prefix.len() + segment.tail.len()).sum();
        assert!(captured < length as usize / 20, "{captured} of {length} bytes captured, decided: {is_decided}");
        assert!(kept.iter().all(|segment| segment.length <= 16_384 + 9), "long frames are told one by one");
    }
}

#[test]
fn http2_is_told_whole_before_anybody_decides() {
    let mut observer = Observer::of_node();
    let mut pair = Pair::over("127.0.0.1:0");
    let cookie = cookie_of(&pair.server);
    pair.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let body = pattern(200_000);
    pair.answer(&body);
    let told: Vec<u8> =
        sent(&mut observer, cookie, 200_000).segments.into_iter().flat_map(|kept| kept.prefix).collect();
    assert!(told == body, "{} bytes of {}", told.len(), body.len());
}

#[test]
fn a_skipped_body_is_silent_until_its_end() {
    let mut observer = Observer::of_node();
    let (mut pair, cookie, first) = after_head(&mut observer);
    let steering = observer.receiver.steering();
    steering.set(cookie, tell(CaptureLimit::KiB4));
    steering.skip_until(cookie, Direction::Egress, first.plus(4 + 200_000));
    let body = pattern(200_000);
    let next = b"the next head";
    pair.send(&[body, next.to_vec()].concat());
    let kept = sent(&mut observer, cookie, 1).segments;
    let segment = &kept[0];
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(segment.sequence.plus(segment.skipped), first.plus(4 + 200_000));
    assert_eq!(segment.prefix, next);

    // Reached, it is over: the next segments come by themselves.
    pair.send(b"more");
    assert_eq!(sent(&mut observer, cookie, 4).segments[0].prefix, b"more");
}

#[test]
fn a_body_that_ends_with_its_buffer_is_told_without_bytes() {
    let mut observer = Observer::of_node();
    let (mut pair, cookie, first) = after_head(&mut observer);
    let steering = observer.receiver.steering();
    steering.set(cookie, tell(CaptureLimit::KiB4));
    steering.skip_until(cookie, Direction::Egress, first.plus(4 + 50_000));
    pair.send(&pattern(50_000));
    let kept = sent(&mut observer, cookie, 1).segments;
    assert_eq!((kept.len(), kept[0].prefix.len(), kept[0].skipped), (1, 0, kept[0].length));
    assert_eq!(kept[0].sequence.plus(kept[0].length), first.plus(50_004));
}

#[test]
fn an_ignored_socket_is_silent_and_an_undecided_one_is_bounded() {
    const MESSAGES: u64 = 1_500;
    let mut observer = Observer::of_node();
    let mut ignored = Pair::over("127.0.0.1:0");
    let mut undecided = Pair::over("127.0.0.1:0");
    let (of_ignored, of_undecided) = (cookie_of(&ignored.client), cookie_of(&undecided.client));
    observer.receiver.steering().set(of_ignored, Verdict::Ignore);
    for _ in 0..MESSAGES {
        ignored.send(b"nobody listens");
        undecided.send(&pattern(4_096));
    }
    let (mut told_of_ignored, mut told, mut captured) = (0, 0, 0);
    observer.collect_for(std::time::Duration::from_millis(500), |event| {
        if let Event::TcpSegment(segment) = event
            && segment.direction == Direction::Egress
        {
            told_of_ignored += u32::from(segment.cookie == of_ignored);
            if segment.cookie == of_undecided {
                told += 1;
                captured += segment.prefix.len();
            }
        }
        None::<()>
    });
    assert_eq!(told_of_ignored, 0);
    assert!(told > 1_000 && told < MESSAGES, "{told} messages");
    assert!(captured < UNDECIDED_BYTES as usize, "{captured} bytes");
    assert!(told + observer.receiver.losses().undecided >= MESSAGES, "what was not told is counted");
}

#[test]
fn data_with_the_last_packet_of_a_handshake_is_told_with_its_addresses() {
    let mut observer = Observer::of_node();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let seconds: i32 = 5;
    // SAFETY: passes an initialised integer of that size.
    let result = unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_DEFER_ACCEPT,
            (&raw const seconds).cast(),
            size_of::<i32>() as u32,
        )
    };
    assert_eq!(result, 0);
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(b"GET /deferred HTTP/1.1\r\n\r\n").unwrap();
    let (mut server, _) = listener.accept().unwrap();
    server.read_exact(&mut [0; 26]).unwrap();

    let mut early: Vec<(Addresses, SequenceNumber, Vec<u8>)> = Vec::new();
    let first = observer.collect(1, |event| match event {
        Event::TcpSegment(segment) => {
            early.extend(segment.at_listener.map(|addresses| (addresses, segment.sequence, segment.prefix.to_vec())));
            None
        }
        Event::TcpEstablished(event) if event.addresses.remote == client.local_addr().unwrap() => {
            Some((event.addresses, event.first_received))
        }
        _ => None,
    })[0];
    let segment = early.iter().find(|segment| segment.0 == first.0).expect("the payload at the listener");
    assert_eq!(segment.1, first.1);
    assert_eq!(segment.2, b"GET /deferred HTTP/1.1\r\n\r\n");
}

#[test]
fn what_a_lane_cannot_hold_goes_by_a_ring_in_order() {
    const BUFFERS: usize = 8000;
    let mut observer = Observer::of_node();
    let mut pair = Pair::over("127.0.0.1:0");
    let cookies = [cookie_of(&pair.client), cookie_of(&pair.server)];
    for cookie in cookies {
        observer.receiver.steering().set(cookie, tell(CaptureLimit::KiB4));
    }
    for _ in 0..BUFFERS {
        pair.send(&[7; 200]);
    }
    let told = observer.collect(2 * BUFFERS, |event| match event {
        Event::TcpSegment(segment) if cookies.contains(&segment.cookie) => {
            assert_eq!(segment.prefix, [7; 200]);
            Some((segment.direction, segment.sequence))
        }
        _ => None,
    });
    assert_eq!(observer.receiver.losses().data_ring, 0);
    assert_eq!(told.len(), 2 * BUFFERS);
    for way in [Direction::Egress, Direction::Ingress] {
        let sequences: Vec<_> =
            told.iter().filter(|(direction, _)| *direction == way).map(|(_, first)| *first).collect();
        assert!(sequences.is_sorted_by(|one, next| next.distance(*one) == 200));
    }
}

#[test]
fn what_does_not_fit_is_counted() {
    const BUFFERS: u64 = 2000;
    let mut observer = Observer::with_small_rings(64 << 10);
    let mut pair = Pair::over("127.0.0.1:0");
    let cookies = [cookie_of(&pair.client), cookie_of(&pair.server)];
    for cookie in cookies {
        observer.receiver.steering().set(cookie, tell(CaptureLimit::KiB4));
    }
    let before = observer.receiver.losses();
    for _ in 0..BUFFERS {
        pair.send(b"too much");
    }
    let losses = observer.receiver.losses() - before;
    let told = observer.collect_for(std::time::Duration::from_millis(300), |event| match event {
        Event::TcpSegment(segment) if cookies.contains(&segment.cookie) => Some(()),
        _ => None,
    });
    // Other programs on this machine may lose something too.
    assert!(losses.data_ring > BUFFERS && told.len() as u64 + losses.data_ring >= 2 * BUFFERS, "{losses:?}");
    assert!(losses.data_ring_bytes >= losses.data_ring * 8 || losses.data_ring > 2 * BUFFERS);
}
