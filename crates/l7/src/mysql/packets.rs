//! The shapes of packets: three bytes of length, a sequence number that counts from 0 with each command, then the payload.

use crate::sql::Measure;

pub(super) const HEADER: usize = 4;
/// A payload of this length goes on in the next packet.
const LONGEST: u64 = 0xff_ffff;
/// Bytes of a server's packet that are read: the counts, flags and codes that come first.
const READ: usize = HEADER + 40;
/// The same of its greeting, which begins with its version.
const READ_GREETING: usize = HEADER + 256;
/// The same of a client's: a statement's text is cut far before.
const READ_COMMAND: usize = 8 * 1024;

/// The result goes on behind this end with another.
const MORE_RESULTS: u16 = 0x0008;
/// Rows are fetched on their own.
const CURSOR: u16 = 0x0040;
/// Backslashes do not escape.
const NO_BACKSLASH_ESCAPES: u16 = 0x0200;

/// A packet, as far as it is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) sequence: u8,
    /// Length of the payload.
    pub(super) length: u64,
    pub(super) payload: &'a [u8],
}

impl<'a> Packet<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let ([low, middle, high, sequence], payload) = bytes.split_first_chunk::<HEADER>()?;
        let length = u64::from(u32::from_le_bytes([*low, *middle, *high, 0]));
        let payload = &payload[..payload.len().min(length as usize)];
        Some(Self { sequence: *sequence, length, payload })
    }

    pub(super) fn whole_length(&self) -> u64 {
        self.length + HEADER as u64
    }

    /// The payload goes on in the next packet.
    pub(super) fn goes_on(&self) -> bool {
        self.length == LONGEST
    }

    pub(super) fn first(&self) -> Option<u8> {
        self.payload.first().copied()
    }

    /// An EOF packet of the old kind.
    pub(super) fn is_eof(&self) -> bool {
        self.first() == Some(0xfe) && self.length == 5
    }

    /// What ends rows: EOF, or OK with EOF's first byte. A value that begins like it makes a longer packet.
    pub(super) fn ends_rows(&self) -> bool {
        self.first() == Some(0xfe) && self.length < LONGEST
    }

    /// Flags of an OK or EOF packet.
    pub(super) fn status(&self) -> Option<Status> {
        if self.is_eof() {
            return self.payload.get(3..5).and_then(|flags| flags.first_chunk()).map(|flags| Status::of(*flags));
        }
        let (_, rest) = number(self.payload.get(1..)?)?;
        let (_, rest) = number(rest)?;
        rest.first_chunk().map(|flags| Status::of(*flags))
    }

    pub(super) fn is_error(&self) -> bool {
        self.first() == Some(0xff)
    }

    /// The number of an error.
    pub(super) fn error(&self) -> Option<u16> {
        let code = self.payload.get(1..).filter(|_| self.is_error())?.first_chunk()?;
        Some(u16::from_le_bytes(*code))
    }

    /// Not all was captured that may be needed.
    pub(super) fn is_cut(&self) -> bool {
        (self.payload.len() as u64) < self.length.min((READ - HEADER) as u64)
    }
}

/// How much of a packet is wanted.
pub(super) fn measure(bytes: &[u8], is_command: bool, is_greeting: bool) -> Measure {
    let keep = match (is_command, is_greeting) {
        (true, _) => READ_COMMAND,
        (false, true) => READ_GREETING,
        (false, false) => READ,
    };
    Packet::read(bytes).map_or(Measure::More, |packet| Measure::Known { length: packet.whole_length(), keep })
}

/// What flags say that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) more_results: bool,
    pub(super) cursor: bool,
    pub(super) backslash: bool,
}

impl Status {
    fn of(flags: [u8; 2]) -> Self {
        let flags = u16::from_le_bytes(flags);
        Self {
            more_results: flags & MORE_RESULTS != 0,
            cursor: flags & CURSOR != 0,
            backslash: flags & NO_BACKSLASH_ESCAPES == 0,
        }
    }
}

/// A length-encoded integer, and what is behind it.
pub(super) fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let width = match first {
        0..=0xfa => return Some((u64::from(*first), rest)),
        0xfc => 2,
        0xfd => 3,
        0xfe => 8,
        _ => return None,
    };
    let (digits, rest) = rest.split_at_checked(width)?;
    Some((digits.iter().rev().fold(0, |value, digit| value << 8 | u64::from(*digit)), rest))
}

/// The end of an answer, or of one of its results, at the end of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) sequence: u8,
    pub(super) more_results: bool,
    pub(super) error: Option<u16>,
    /// It may just as well be the end of definitions, in front of rows.
    pub(super) may_go_on: bool,
}

/// Looks for packets that follow each other up to the last byte, the last of which ends rows or tells an error.
pub(super) fn end_of_answer(bytes: &[u8]) -> Option<End> {
    (0..bytes.len()).find_map(|from| end_behind(&bytes[from..]))
}

fn end_behind(mut rest: &[u8]) -> Option<End> {
    let mut before: Option<Packet<'_>> = None;
    loop {
        let packet = Packet::read(rest).filter(|packet| packet.length > 0)?;
        rest = rest.get(packet.whole_length() as usize..)?;
        if before.is_some_and(|before| before.sequence.wrapping_add(1) != packet.sequence) {
            return None;
        }
        if rest.is_empty() {
            let more_before = before.filter(Packet::ends_rows).and_then(|before| before.status());
            let is_behind_row = before.is_some_and(|before| !before.payload.starts_with(b"\x03def"));
            let end = ending(&packet, more_before.is_some_and(|status| status.more_results))?;
            return Some(End { may_go_on: packet.is_eof() && !is_behind_row, ..end });
        }
        before = Some(packet);
    }
}

/// `result_ended`: another result follows the packet before. Then OK may be the next.
fn ending(packet: &Packet<'_>, result_ended: bool) -> Option<End> {
    let sequence = packet.sequence;
    if packet.is_error() {
        let has_state = packet.payload.get(3) == Some(&b'#') && packet.payload.len() >= 9;
        let error = packet.error().filter(|_| has_state)?;
        return Some(End { sequence, more_results: false, error: Some(error), may_go_on: false });
    }
    let is_ok = packet.length >= 7 && (packet.ends_rows() || (result_ended && packet.first() == Some(0)));
    let status = packet.status().filter(|_| is_ok || packet.is_eof())?;
    Some(End { sequence, more_results: status.more_results, error: None, may_go_on: false })
}

/// No first packet of an answer is longer: an error has up to 512 bytes of text.
const FIRST_MAX: u64 = 1_024;

/// Whether an answer begins here beyond reasonable doubt: packets that count from 1 on, the first of which is OK, an error, or
/// a number of columns with their definitions behind it.
pub(super) fn begins_answer(bytes: &[u8]) -> bool {
    let (mut rest, mut sequence) = (bytes, 1_u8);
    while let Some(packet) = Packet::read(rest) {
        if packet.sequence != sequence || packet.length == 0 {
            return false;
        }
        sequence = sequence.wrapping_add(1);
        rest = &rest[rest.len().min(packet.whole_length() as usize)..];
    }
    let Some(first) = Packet::read(bytes).filter(|first| first.length < FIRST_MAX) else { return false };
    match first.first() {
        Some(0) => first.status().is_some(),
        Some(0xff) => first.payload.get(3) == Some(&b'#') && first.payload.len() >= 9,
        _ if first.is_cut() => false,
        _ => {
            let is_number = number(first.payload).is_some_and(|(columns, rest)| columns > 0 && rest.len() <= 1);
            let behind = bytes.get(first.whole_length() as usize..).and_then(Packet::read);
            is_number && behind.is_some_and(|behind| behind.payload.starts_with(b"\x03def"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(b"\xfa\x01"), Some((0xfa, &b"\x01"[..])));
        assert_eq!(number(b"\xfc\x01\x02"), Some((0x201, &b""[..])));
        assert_eq!(number(b"\xfd\x01\x02\x03"), Some((0x3_0201, &b""[..])));
        assert_eq!(number(b"\xfe\x01\0\0\0\0\0\0\0x"), Some((1, &b"x"[..])));
        assert_eq!(number(b"\xfb"), None);
        assert_eq!(number(b"\xfc\x01"), None);
    }

    #[test]
    fn flags_of_both_kinds_of_ends() {
        let eof = Packet::read(b"\x05\0\0\x09\xfe\0\0\x0a\0").expect("a packet");
        assert!(eof.is_eof() && eof.status().is_some_and(|status| status.more_results));
        let ok = Packet::read(b"\x07\0\0\x09\xfe\0\0\x02\x02\0\0").expect("a packet");
        assert!(ok.ends_rows() && ok.status().is_some_and(|status| !status.more_results && !status.backslash));
    }

    #[test]
    fn ends() {
        let end = |bytes: &[u8]| end_of_answer(bytes).map(|end| (end.sequence, end.more_results, end.error));
        assert_eq!(end(b"row\x05\0\0\x09\xfe\0\0\x02\0"), Some((9, false, None)));
        assert_eq!(end(b"row\x07\0\0\x09\xfe\0\0\x02\0\0\0"), Some((9, false, None)));
        assert_eq!(end(b"\x05\0\0\x08\xfe\0\0\x0a\0\x07\0\0\x09\0\0\0\x02\0\0\0"), Some((9, false, None)));
        assert_eq!(end(b"row\x0b\0\0\x03\xff\x7a\x04#42S02no"), Some((3, false, Some(1146))));
        assert_eq!(end(b"row\x07\0\0\x09\0\0\0\x02\0\0\0"), None);
        assert_eq!(end(b"any text at all"), None);
        assert!(
            begins_answer(b"\x07\0\0\x01\0\0\0\x02\0\0\0") && begins_answer(b"\x01\0\0\x01\x02\x20\0\0\x02\x03def")
        );
        assert!(!begins_answer(b"\0\x0a\0\x01\0\0\x02\x01") && !begins_answer(b"\x01\0\0\x01\x02"));
        let behind = |bytes: &[u8]| end_of_answer(bytes).map(|end| end.may_go_on);
        assert_eq!(behind(b"row\x05\0\0\x09\xfe\0\0\x02\0"), Some(true));
        assert_eq!(behind(b"\x04\0\0\x08\x03def\x05\0\0\x09\xfe\0\0\x02\0"), Some(true));
        assert_eq!(behind(b"\x04\0\0\x08\x03row\x05\0\0\x09\xfe\0\0\x02\0"), Some(false));
    }
}
