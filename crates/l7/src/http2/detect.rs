//! Does this look like HTTP/2? By content alone, never by port.

use crate::{Detection, Direction, Segment};

use super::{
    chain::Chain,
    frame::{END_HEADERS, Frame, HEADER, Kind, block_fragment},
    hpack,
};

/// What every client says first, RFC 9113 section 3.4.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Looks at the first bytes of a stream. Only the client's tell for sure; a server begins with SETTINGS, whatever it is asked.
#[must_use]
pub fn detect(direction: Direction, bytes: &[u8]) -> Detection {
    match direction {
        Direction::Request if bytes.starts_with(PREFACE) => Detection::Yes,
        Direction::Request if PREFACE.starts_with(bytes) => Detection::NeedMore,
        Direction::Response if may_be_settings(bytes) => Detection::NeedMore,
        Direction::Request | Direction::Response => Detection::No,
    }
}

/// As far as the frame's header is there.
fn may_be_settings(bytes: &[u8]) -> bool {
    const SETTINGS: [u8; HEADER - 3] = [4, 0, 0, 0, 0, 0];
    let seen = &bytes[..bytes.len().min(HEADER)];
    let rest_fits = seen.iter().skip(3).zip(SETTINGS).all(|(byte, expected)| *byte == expected);
    rest_fits && seen.first().is_none_or(|highest| *highest == 0)
}

/// Looks at a segment in the middle of a stream.
pub(super) fn is_message(direction: Direction, segment: &Segment<'_>) -> bool {
    let bytes = segment.prefix;
    if direction == Direction::Request && bytes.starts_with(PREFACE) {
        return true;
    }
    let is_whole = bytes.len() == segment.length as usize;
    Chain::read(bytes, direction, |_| true).is_some_and(|chain| are_frames(&chain, bytes, is_whole))
}

/// Many frames in a row, several that are as long as the segment, or one that is hardly anything else and is as long or
/// followed by another. DATA alone is not enough, since what it holds can be anything.
pub(super) fn are_frames(chain: &Chain, bytes: &[u8], is_whole: bool) -> bool {
    let fits = chain.is_exact && is_whole;
    let first = || is_unmistakable(&chain.first, bytes.get(HEADER..).unwrap_or_default());
    chain.is_sure() || (fits && chain.has_several()) || ((fits || chain.has_several()) && first())
}

/// Whether a frame is hardly anything else. Its payload is there, and perhaps more.
pub(super) fn is_unmistakable(frame: &Frame, behind: &[u8]) -> bool {
    let payload = &behind[..behind.len().min(frame.length as usize)];
    match frame.kind {
        Kind::Settings | Kind::Ping | Kind::Window | Kind::GoAway | Kind::Reset => true,
        Kind::Headers => frame.has(END_HEADERS) && hpack::is_head(block_fragment(frame, payload, false)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preface_is_certain_when_it_is_whole() {
        for end in 0..PREFACE.len() {
            assert_eq!(detect(Direction::Request, &PREFACE[..end]), Detection::NeedMore);
        }
        assert_eq!(detect(Direction::Request, PREFACE), Detection::Yes);
        assert_eq!(detect(Direction::Request, b"PRI * HTTP/1.1\r\n"), Detection::No);
        assert_eq!(detect(Direction::Request, b"GET / HTTP/1.1\r\n"), Detection::No);
    }

    #[test]
    fn servers_begin_with_settings() {
        let settings = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64";
        for end in 0..settings.len() {
            assert_eq!(detect(Direction::Response, &settings[..end]), Detection::NeedMore);
        }
        for other in [&b"HTTP/1.1 200 OK"[..], b"\x4a\0\0\0\x0a", b"\0\0\0\x2a\0\0\0\0\0"] {
            assert_eq!(detect(Direction::Response, other), Detection::No);
        }
    }

    fn is_message_of(direction: Direction, bytes: &[u8]) -> bool {
        is_message(direction, &Segment::whole(7, bytes, 0))
    }

    #[test]
    fn frames_in_the_middle() {
        for (direction, bytes) in [
            (Direction::Request, &b"\0\0\x04\x08\0\0\0\0\0\0\0\x10\0"[..]),
            (Direction::Response, b"\0\0\0\x04\x01\0\0\0\0"),
            (Direction::Request, b"\0\0\x03\x01\x05\0\0\0\x07\x82\x86\x84"),
            (Direction::Response, b"\0\0\x01\x01\x04\0\0\0\x07\x88\0\0\x40\0\0\0\0\0\x07hello"),
        ] {
            assert!(is_message_of(direction, bytes), "{bytes:?}");
        }
        for (direction, bytes) in [
            // Cut, of the wrong length, a lone DATA, a block that is none, and other protocols.
            (Direction::Request, &b"\0\0\x04\x08\0\0\0\0\0\0\0\x10"[..]),
            (Direction::Request, b"\0\0\x04\x08\0\0\0\0\0\0\0\x10\0\0"),
            (Direction::Response, b"\0\0\x02\0\x01\0\0\0\x07ok"),
            (Direction::Request, b"\0\0\x03\x01\x05\0\0\0\x07\xff\xff\xff"),
            (Direction::Request, b"*1\r\n$4\r\nPING\r\n"),
            (Direction::Request, b"\x16\x03\x01\0\x05\x01\0\0\x01\0"),
            (Direction::Request, b"\0\0\0\x10\0\x03\0\x01\0\0\0\x01\0\x04test"),
            (Direction::Request, b"\x0f\0\0\0\x03select 1 from t"),
            (Direction::Request, b"Q\0\0\0\x0eselect 1;\0"),
        ] {
            assert!(!is_message_of(direction, bytes), "{bytes:?}");
        }
    }
}
