//! Records, RFC 8446 section 5.1: their headers, and how they are recognised.

use crate::{Detection, Direction, Segment};

/// Bytes of a record's header.
pub(super) const HEADER: usize = 5;
/// What a record of any version may carry, RFC 5246 section 6.2.3.
const LENGTH_MAX: u16 = (1 << 14) + 2_048;
/// The same of a record of TLS 1.3, and in practice of TLS 1.2: RFC 8446 section 5.2.
const USUAL_MAX: u16 = (1 << 14) + 256;
/// A tag, and the least that it is for.
const SEALED_MIN: u16 = 17;
const MAJOR_VERSION: u8 = 3;
/// SSL 3.0 to TLS 1.3.
const MINOR_VERSIONS: std::ops::RangeInclusive<u8> = 0..=4;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

/// What a record carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ChangeCipherSpec,
    Alert,
    Handshake,
    ApplicationData,
}

/// A record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) length: u16,
}

impl Header {
    pub(super) fn read([kind, major, minor, high, low]: [u8; HEADER]) -> Option<Self> {
        let kind = match kind {
            20 => Kind::ChangeCipherSpec,
            21 => Kind::Alert,
            22 => Kind::Handshake,
            23 => Kind::ApplicationData,
            _ => return None,
        };
        let length = u16::from_be_bytes([high, low]);
        let fits = major == MAJOR_VERSION && MINOR_VERSIONS.contains(&minor) && length <= LENGTH_MAX;
        fits.then_some(Self { kind, length })
    }
}

/// The type of the message that a direction begins with.
pub(super) const fn hello_of(direction: Direction) -> u8 {
    match direction {
        Direction::Request => CLIENT_HELLO,
        Direction::Response => SERVER_HELLO,
    }
}

/// Message type, and the length of the message.
const MESSAGE_HEADER: usize = 4;
const LEGACY_VERSION: usize = 2;

/// The random of a client's hello (RFC 8446 section 4.1.2), where a stream's first piece holds it.
#[must_use]
pub fn client_random(bytes: &[u8]) -> Option<[u8; 32]> {
    let random = bytes.get(HEADER + MESSAGE_HEADER + LEGACY_VERSION..)?.first_chunk()?;
    (begins_with(CLIENT_HELLO, bytes) == Detection::Yes).then_some(*random)
}

/// Looks at the first bytes of a stream, or of a segment in its middle.
pub(super) fn detect(direction: Direction, bytes: &[u8]) -> Detection {
    match (direction, begins_with(hello_of(direction), bytes)) {
        // It may refuse by an alert, or not speak TLS at all.
        (Direction::Response, Detection::No) => Detection::NeedMore,
        (_, detection) => detection,
    }
}

/// A handshake record, and in it a hello shorter than 64 KiB.
fn begins_with(hello: u8, bytes: &[u8]) -> Detection {
    let fits = bytes.iter().zip(0_u8..=6).all(|(byte, place)| match place {
        0 => *byte == 22,
        1 => *byte == MAJOR_VERSION,
        2 => MINOR_VERSIONS.contains(byte),
        3 => *byte <= 0x40,
        4 => *byte > 0 || bytes[3] > 0,
        5 => *byte == hello,
        // Of a record of one byte the next one's header follows.
        6 => *byte == 0 || matches!(bytes[3..5], [0, 1]),
        _ => true,
    });
    match (fits, bytes.len() > HEADER) {
        (false, _) => Detection::No,
        (true, true) => Detection::Yes,
        (true, false) => Detection::NeedMore,
    }
}

/// Whether a segment in the middle of a stream begins with a record of sealed data, and every record behind it begins as one
/// does.
pub(super) fn begins_sealed(segment: &Segment<'_>) -> bool {
    let mut rest = segment.prefix;
    let mut is_first = true;
    while let Some(header) = rest.first_chunk::<HEADER>() {
        let Some(Header { kind, length }) = Header::read(*header) else { return false };
        let is_sealed = kind == Kind::ApplicationData && header[2] == 3 && (SEALED_MIN..=USUAL_MAX).contains(&length);
        if !is_sealed && (is_first || kind != Kind::Alert) {
            return false;
        }
        is_first = false;
        rest = &rest[(HEADER + usize::from(length)).min(rest.len())..];
    }
    !is_first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hellos_are_recognised() {
        for bytes in [&[22, 3, 1, 2, 0, 1, 0, 1][..], &[22, 3, 1, 0, 1, 1, 22, 3]] {
            assert_eq!(detect(Direction::Request, bytes), Detection::Yes, "{bytes:?}");
        }
        for bytes in [&b"GET / HTTP/1.1"[..], &[22, 3, 3, 0, 5, 2], &[22, 3, 9, 0, 5, 1], &[22, 3, 1, 2, 0, 1, 9]] {
            assert_eq!(detect(Direction::Request, bytes), Detection::No, "{bytes:?}");
        }
        assert_eq!(detect(Direction::Request, &[22, 3, 1]), Detection::NeedMore);
        assert_eq!(detect(Direction::Response, &[22, 3, 3, 0, 80, 2, 0]), Detection::Yes);
        assert_eq!(detect(Direction::Response, &[21, 3, 3, 0, 2, 2, 40]), Detection::NeedMore);
    }

    fn sealed(bytes: &[u8]) -> bool {
        begins_sealed(&Segment::whole(9_000, bytes, 0))
    }

    #[test]
    fn sealed_records_are_recognised() {
        let record = |length: u8| [&[23, 3, 3, 0, length][..], &vec![9; usize::from(length)]].concat();
        assert!(sealed(&record(40)));
        assert!(sealed(&[record(40), record(60), record(80)[..30].to_vec()].concat()));
        assert!(sealed(&[record(40), vec![21, 3, 3, 0, 26, 1]].concat()));
        assert!(!sealed(&[record(40), vec![9; 5]].concat()));
        assert!(!sealed(&record(16)));
        assert!(!sealed(&[23, 3, 3, 0x41, 1, 9]));
        assert!(!sealed(&[23, 3, 3]));
        assert!(!sealed(&[23, 3, 1, 0, 40, 9]));
    }
}
