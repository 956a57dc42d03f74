//! How MySQL is found: by the greeting of the server, which speaks first.

use crate::{
    Detection, Direction, Segment, StreamProtocol,
    protocol::Known,
    sql::{Connection, Quoting, begins_statement},
};

use super::{
    commands::{Kind, command},
    handshake::{PROTOCOL, PROTOCOL_41, server_flags},
    packets::{HEADER, Packet},
    wire::Mysql,
};

/// Payloads of greetings: from those without a plugin's name to those with long versions.
const GREETING: std::ops::RangeInclusive<u64> = 40..=300;

/// MySQL among the protocols.
pub(crate) const KNOWN: Known = Known {
    detect,
    is_message,
    from_start: || Box::new(Connection::new(Mysql::new(false), false)),
    adopted: || Box::new(Connection::new(Mysql::new(true), true)),
};

/// A session that goes on inside of TLS.
pub(crate) fn inside_tls(server_flags: u32) -> Box<dyn StreamProtocol> {
    Box::new(Connection::new(Mysql::inside_tls(server_flags), false))
}

fn is_message(direction: Direction, segment: &Segment<'_>) -> bool {
    direction == Direction::Request && begins_command(segment.prefix, Some(u64::from(segment.length)))
}

fn detect(direction: Direction, bytes: &[u8]) -> Detection {
    match direction {
        Direction::Request => detect_login(bytes),
        Direction::Response => detect_greeting(bytes),
    }
}

/// A client answers the greeting: its packet is the second.
fn detect_login(bytes: &[u8]) -> Detection {
    let Some(packet) = Packet::read(bytes) else { return Detection::NeedMore };
    let flags = packet.payload.first_chunk().map(|flags| u32::from_le_bytes(*flags));
    let speaks_41 = flags.is_none_or(|flags| flags & PROTOCOL_41 != 0);
    if packet.sequence == 1 && packet.length >= 32 && speaks_41 { Detection::NeedMore } else { Detection::No }
}

fn detect_greeting(bytes: &[u8]) -> Detection {
    let Some(packet) = Packet::read(bytes) else {
        let fits = bytes.get(2).is_none_or(|byte| *byte == 0);
        return if fits { Detection::NeedMore } else { Detection::No };
    };
    let is_first = packet.sequence == 0 && GREETING.contains(&packet.length);
    let [protocol, version @ ..] = packet.payload else {
        return if is_first { Detection::NeedMore } else { Detection::No };
    };
    let version: Vec<u8> = version.iter().copied().take_while(|byte| *byte != 0).collect();
    let is_version = version.first().is_none_or(u8::is_ascii_digit) && version.iter().all(u8::is_ascii_graphic);
    match server_flags(packet.payload) {
        _ if !is_first || *protocol != PROTOCOL || !is_version => Detection::No,
        Some(_) => Detection::Yes,
        None if (packet.payload.len() as u64) < packet.length => Detection::NeedMore,
        None => Detection::No,
    }
}

/// Whether a command begins here beyond reasonable doubt. `length` is how long the segment is, where that is known: a client
/// says one command at a time.
pub(super) fn begins_command(bytes: &[u8], length: Option<u64>) -> bool {
    let Some(packet) = Packet::read(bytes).filter(|packet| packet.sequence == 0) else { return false };
    let fits = match length {
        Some(length) => packet.whole_length() == length || packet.goes_on(),
        None => packet.whole_length() > bytes.len() as u64,
    };
    let Some((code, rest)) = packet.payload.split_first().filter(|_| fits) else { return false };
    match (code, command(*code).map(|(_, kind)| kind)) {
        (0x03 | 0x16, _) => begins_statement(behind_attributes(rest), Quoting::MYSQL),
        // A number, flags, and one iteration.
        (0x17, _) => matches!(rest, [_, _, _, _, flags, 1, 0, 0, 0, ..] if *flags <= 0x0f),
        (_, Some(Kind::Single)) => bytes.len() == HEADER + 1 && length.is_some(),
        _ => false,
    }
}

/// A statement behind the usual attributes: none.
pub(super) fn behind_attributes(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\0\x01").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREETING: &[u8] =
        b"\x45\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0aplugin\0\0\0\0\0";

    #[test]
    fn greetings() {
        for length in 0..GREETING.len() {
            let expected = if length < 32 { Detection::NeedMore } else { Detection::Yes };
            assert_eq!(detect(Direction::Response, &GREETING[..length]), expected, "{length}");
        }
        for other in [&b"HTTP/1.1 200 OK\r\n"[..], b"220 mail\r\n", b"+PONG\r\n", b"SSH-2.0-x", b"\x45\0\0\0\x0aabc"] {
            assert_eq!(detect(Direction::Response, other), Detection::No);
        }
    }

    #[test]
    fn clients_do_not_begin() {
        for other in [&b"GET / HTTP/1.1"[..], b"*1\r\n$4\r\nPING", b"\x16\x03\x01\x02\0"] {
            assert_eq!(detect(Direction::Request, other), Detection::No);
        }
        assert_eq!(detect(Direction::Request, b"\x20\0\0\x01\x85\xae\xff\x19"), Detection::NeedMore);
    }

    #[test]
    fn commands() {
        let begins = |bytes: &[u8]| begins_command(bytes, Some(bytes.len() as u64));
        assert!(begins(b"\x09\0\0\0\x03SELECT 1"));
        assert!(begins(b"\x0b\0\0\0\x03\0\x01SELECT 1"));
        assert!(begins(b"\x0a\0\0\0\x17\x01\0\0\0\0\x01\0\0\0"));
        assert!(begins(b"\x01\0\0\0\x0e"));
        assert!(!begins(b"\x09\0\0\0\x03hello wo"));
        assert!(!begins(b"\x09\0\0\x01\x03SELECT 1"));
        assert!(!begins(b"\x08\0\0\0\x03SELECT 1"));
    }
}
