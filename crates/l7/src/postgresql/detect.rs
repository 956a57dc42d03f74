//! How PostgreSQL is found: by the packet that every client begins with.

use crate::{
    Detection, Direction, Segment,
    protocol::Known,
    sql::{Connection, Quoting},
};

use super::{messages::begins_asking, wire::Postgresql};

/// Codes in the place of a version (manual, section "Message Formats").
pub(super) const SSL_REQUEST: u32 = 80_877_103;
pub(super) const GSSENC_REQUEST: u32 = 80_877_104;
pub(super) const CANCEL_REQUEST: u32 = 80_877_102;
/// Major version 3 in the upper half.
const MAJOR: u32 = 3;
/// Length and code.
pub(super) const STARTUP_HEADER: usize = 8;
/// The server takes no longer packet at the start.
const STARTUP_MAX: u32 = 10_000;
/// A key of the server's is up to 256 bytes long since version 3.2.
const CANCEL_MAX: u32 = 12 + 256;

/// PostgreSQL among the protocols.
pub(crate) const KNOWN: Known = Known {
    detect,
    is_message,
    from_start: || Box::new(Connection::new(Postgresql::new(false), false)),
    adopted: || Box::new(Connection::new(Postgresql::new(true), true)),
};

fn is_message(direction: Direction, segment: &Segment<'_>) -> bool {
    direction == Direction::Request && begins_asking(segment.prefix, u64::from(segment.length), Quoting::POSTGRESQL)
}

/// Length and code of a packet at the start, if it is one.
pub(super) fn startup(bytes: &[u8]) -> Option<(u32, u32)> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (length, code) = (u32::from_be_bytes(*length), u32::from_be_bytes(*rest.first_chunk()?));
    let fits = match code {
        SSL_REQUEST | GSSENC_REQUEST => length == 8,
        CANCEL_REQUEST => (16..=CANCEL_MAX).contains(&length),
        _ => code >> 16 == MAJOR && code & 0xffff < 100 && (9..=STARTUP_MAX).contains(&length),
    };
    fits.then_some((length, code))
}

/// Servers say nothing unasked.
fn detect(direction: Direction, bytes: &[u8]) -> Detection {
    if direction == Direction::Response {
        return Detection::NeedMore;
    }
    if bytes.len() < STARTUP_HEADER {
        let fits = bytes.iter().take(2).all(|byte| *byte == 0) && bytes.get(2).is_none_or(|byte| *byte < 0x28);
        return if fits { Detection::NeedMore } else { Detection::No };
    }
    match startup(bytes) {
        Some((_, SSL_REQUEST | GSSENC_REQUEST | CANCEL_REQUEST)) => Detection::Yes,
        Some(_) => detect_parameter(&bytes[STARTUP_HEADER..]),
        None => Detection::No,
    }
}

/// What follows a version is the name of a parameter: other protocols have the same version in the same place.
fn detect_parameter(bytes: &[u8]) -> Detection {
    let name = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')).count();
    match bytes.get(name) {
        None if name < 64 => Detection::NeedMore,
        Some(0) if name > 0 => Detection::Yes,
        _ => Detection::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings() {
        let startup = b"\0\0\0\x13\0\x03\0\0user\0me\0\0";
        for length in 0..startup.len() {
            let expected = if length < 13 { Detection::NeedMore } else { Detection::Yes };
            assert_eq!(detect(Direction::Request, &startup[..length]), expected, "{length}");
        }
        assert_eq!(detect(Direction::Request, b"\0\0\0\x08\x04\xd2\x16\x2f"), Detection::Yes);
        assert_eq!(detect(Direction::Request, b"\0\0\0\x10\x04\xd2\x16\x2e"), Detection::Yes);
        // Kafka's request for metadata has the same first eight bytes.
        assert_eq!(detect(Direction::Request, b"\0\0\0\x13\0\x03\0\0\0\0\0\x01\0\x02me"), Detection::No);
        assert_eq!(detect(Direction::Request, b"GET / HTTP/1.1"), Detection::No);
        assert_eq!(detect(Direction::Request, b"\0\x1d\x12\x34"), Detection::No);
    }
}
