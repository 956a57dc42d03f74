//! Bytes in, events out.

use goldwire_probe_events as wire;
use zerocopy::IntoBytes;

use super::{Cookie, Direction, Event, KernelTime, Reset, SequenceNumber, SocketState, decode, time_of};

fn header(kind: u32) -> wire::Header {
    wire::Header { time: 77, kind, unused: 0 }
}

fn addresses() -> wire::Addresses {
    let mut mapped = [0_u8; 16];
    mapped[10..].copy_from_slice(&[0xff, 0xff, 127, 0, 0, 1]);
    let mut ipv6 = [0_u8; 16];
    ipv6[15] = 1;
    wire::Addresses { local: mapped, remote: ipv6, local_port: 80, remote_port: 4000 }
}

/// A segment of `length` bytes, of which `captured` follow, and then the last 64.
fn segment(length: u32, captured: u32, has_tail: bool) -> Vec<u8> {
    let head = wire::TcpSegment {
        header: header(wire::kind::TCP_SEGMENT),
        cookie: 5,
        sequence: u32::MAX,
        length,
        skipped: 0,
        captured,
        direction: wire::direction::EGRESS,
        tcp_flags: 0x18,
        tail_length: if has_tail { 64 } else { 0 },
        unused: [0; 5],
    };
    let payload: Vec<u8> = (0..length).map(|index| index as u8).collect();
    let mut record = head.as_bytes().to_vec();
    record.extend(&payload[..captured as usize]);
    record.extend(vec![0xee; 100]);
    record.extend(&payload[payload.len().saturating_sub(64)..]);
    record
}

fn closed(from: u8, errno: u32, flags: u8) -> wire::TcpClosed {
    wire::TcpClosed {
        header: header(wire::kind::TCP_CLOSED),
        cookie: 5,
        addresses: addresses(),
        errno,
        counters: wire::TcpCounters { bytes_sent: 130, bytes_retransmitted: 30, ..wire::TcpCounters::NONE },
        owner_pid: 0,
        role: wire::role::CLIENT,
        from,
        flags,
        tcp_flags: 0,
    }
}

fn reset_of(event: wire::TcpClosed) -> Option<Reset> {
    match decode(event.as_bytes()) {
        Some(Event::TcpClosed(closed)) => closed.reset,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_segment_has_prefix_and_tail() {
    let record = segment(1000, 256, true);
    let Some(Event::TcpSegment(segment)) = decode(&record) else { panic!("no segment") };
    assert_eq!((segment.time, segment.cookie, segment.direction), (KernelTime(77), Cookie(5), Direction::Egress));
    assert_eq!((segment.prefix.len(), segment.prefix[255]), (256, 255));
    assert_eq!((segment.tail.len(), segment.tail[63]), (64, 999_u32 as u8));
    assert_eq!(segment.sequence.plus(2), SequenceNumber(1));
    assert_eq!(time_of(&record), KernelTime(77));
}

#[test]
fn a_tail_never_repeats_the_prefix() {
    let record = segment(260, 256, true);
    let Some(Event::TcpSegment(segment)) = decode(&record) else { panic!("no segment") };
    assert_eq!(segment.tail, [0, 1, 2, 3], "bytes 256 to 259");
}

#[test]
fn a_record_that_promises_more_than_it_has_is_refused() {
    let mut record = segment(1000, 256, false);
    record.truncate(size_of::<wire::TcpSegment>() + 255);
    assert_eq!(decode(&record), None);
    for length in 0..size_of::<wire::TcpClosed>() {
        assert_eq!(decode(&closed(1, 0, 0).as_bytes()[..length]), None);
    }
    assert_eq!(decode(header(999).as_bytes()), None);
}

#[test]
fn hostile_bytes_are_no_event_and_no_panic() {
    for kind in 0..20 {
        let mut record = header(kind).as_bytes().to_vec();
        record.extend([0xff; 500]);
        // Either nothing, or an event whose slices lie in the record; reading it must not panic.
        let _ = format!("{:?}", decode(&record));
    }
}

#[test]
fn addresses_are_canonical_and_counters_are_payload_once() {
    let event = closed(1, 0, 0);
    let Some(Event::TcpClosed(closed)) = decode(event.as_bytes()) else { panic!("no event") };
    assert_eq!(closed.addresses.local.to_string(), "127.0.0.1:80");
    assert_eq!(closed.addresses.remote.to_string(), "[::1]:4000");
    assert_eq!(closed.counters.bytes_sent, 100);
    assert_eq!((closed.counters.rtt, closed.counters.rtt_min, closed.owner_pid), (None, None, None));
}

#[test]
fn resets_are_attributed() {
    let (established, syn_sent, last_ack) =
        (SocketState::Established as u8, SocketState::SynSent as u8, SocketState::LastAck as u8);
    let refused = libc::ECONNREFUSED.cast_unsigned();
    assert_eq!(reset_of(closed(last_ack, 0, 0)), None);
    assert_eq!(reset_of(closed(established, 0, 0)), Some(Reset::Local));
    assert_eq!(reset_of(closed(established, libc::ETIMEDOUT.cast_unsigned(), 0)), None);
    assert_eq!(reset_of(closed(syn_sent, refused, wire::socket_flag::RESET_RECEIVED)), Some(Reset::Remote));
    assert_eq!(reset_of(closed(last_ack, 0, wire::socket_flag::RESET_SENT)), Some(Reset::Local));
}
