//! Does this look like Kafka? By content alone, never by port.

use crate::{Detection, Direction, Segment};

use super::request::Header;

/// Size, kind, version, correlation id and the client id's length.
const HEADER: usize = 14;
/// Frames larger than this are not believed; brokers take 100 MiB by default.
pub(super) const SIZE_MAX: u32 = 1 << 30;

/// Looks at the first bytes of a stream. Answers begin with a size and a number, which are of anybody.
#[must_use]
pub(super) fn detect(direction: Direction, bytes: &[u8]) -> Detection {
    match direction {
        Direction::Request => detect_request(bytes),
        Direction::Response if bytes.first().is_none_or(|first| *first < 0x40) => Detection::NeedMore,
        Direction::Response => Detection::No,
    }
}

/// Kind, version, correlation id and client id of a request that is known, within the size.
fn detect_request(bytes: &[u8]) -> Detection {
    // Size (below 16 MiB in what is decided by), kind and version all begin with a zero.
    let zeros = [0, 4, 6].iter().all(|place| bytes.get(*place).is_none_or(|byte| *byte == 0));
    if !zeros {
        return Detection::No;
    }
    let (Some(size), true) = (size(bytes), bytes.len() >= HEADER) else { return Detection::NeedMore };
    let client = u16::from_be_bytes([bytes[12], bytes[13]]);
    let client = if client == u16::MAX { 0 } else { usize::from(client) };
    if (size as usize) < HEADER - 4 + client || size > SIZE_MAX {
        return Detection::No;
    }
    if bytes.len() < HEADER + client {
        // Longer client ids than are believed are not waited for.
        return if client < 256 { Detection::NeedMore } else { Detection::No };
    }
    match Header::parse(&bytes[4..bytes.len().min(4 + size as usize)]) {
        Some(header) if header.api.is_some() => Detection::Yes,
        _ => Detection::No,
    }
}

/// Zeros look like a request of a client without a name, so behind a gap only one with a name is believed.
pub(super) fn names_its_client(bytes: &[u8]) -> bool {
    matches!(bytes.get(12..14), Some([0, 1..=255]))
}

/// In the middle of a stream: a request of a client with a name, which ends with its segment or before another request.
pub(super) fn is_request(segment: &Segment<'_>) -> bool {
    let Segment { length, prefix, .. } = *segment;
    let is_one = names_its_client(prefix) && detect_request(prefix) == Detection::Yes;
    let (Some(size), true) = (size(prefix), is_one) else { return false };
    let end = size as usize + 4;
    end == length as usize || prefix.get(end..).is_some_and(|next| detect_request(next) != Detection::No)
}

/// The size that a frame begins with.
pub(super) fn size(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|size| u32::from_be_bytes(*size))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSIONS: &[u8] = b"\0\0\0$\0\x12\0\x03\0\0\0\x01\0\x07rdkafka\0\x0blibrdkafka\x062.0.2\0";

    #[test]
    fn requests_are_believed_when_their_client_id_is_there() {
        for length in 0..=VERSIONS.len() {
            let expected = if length < HEADER + 7 { Detection::NeedMore } else { Detection::Yes };
            assert_eq!(detect(Direction::Request, &VERSIONS[..length]), expected, "{length}");
        }
    }

    #[test]
    fn others_are_told_apart() {
        for other in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"*1\r\n$4\r\nPING\r\n",
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
            // Of PostgreSQL: a startup message, and the wish for TLS.
            b"\0\0\0\x25\0\x03\0\0user\0postgres\0database\0shop\0\0",
            b"\0\0\0\x08\x04\xd2\x16\x2f",
            // DNS over TCP.
            b"\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01",
            // An unknown kind, a strange client id, a size that is too small for it.
            b"\0\0\0$\0\x72\0\x03\0\0\0\x01\0\x07rdkafka\0",
            b"\0\0\0$\0\x12\0\x03\0\0\0\x01\0\x07rd\x01afka\0",
            b"\0\0\0\x0b\0\x12\0\x03\0\0\0\x01\0\x07rdkafka\0",
        ] {
            assert_eq!(detect(Direction::Request, other), Detection::No, "{other:?}");
        }
        assert_eq!(detect(Direction::Response, b"\0\0\0\x11\0\0\0\x01"), Detection::NeedMore);
        assert_eq!(detect(Direction::Response, b"HTTP/1.1 200 OK"), Detection::No);
    }
}
