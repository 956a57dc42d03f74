//! The shapes of messages: a type byte, then a length that counts itself (manual, section "Message Formats").

use crate::sql::{Measure, Quoting, begins_statement};

/// Type byte and length.
pub(super) const HEADER: usize = 5;
/// The server takes no longer message.
const LENGTH_MAX: u32 = 1 << 30;
/// Bytes of a statement that are read. Its text is cut far before; what is behind them tells the target of few statements.
const STATEMENT: usize = 8 * 1024;
/// Bytes of a message that begins with names. The server's names have up to 63 bytes.
const NAMES: usize = 256;
/// Bytes of an error or a setting that are read: severity, code and name come first.
const FIELDS: usize = 256;

/// Messages of clients: Bind, Close, CopyData, CopyDone, CopyFail, Describe, Execute, Flush, FunctionCall, a password, Parse,
/// Query, Sync, Terminate.
const OF_CLIENT: Kinds = kinds(b"BCdcfDEHFpPQSX");
/// Messages of servers: answers to the ones above, and what comes unasked.
const OF_SERVER: Kinds = kinds(b"RKSZENA123CDdcGHWInstTVv");

/// Which type bytes there are: results have a message a row, so this is looked up rather than searched.
type Kinds = [bool; 256];

const fn kinds(known: &[u8]) -> Kinds {
    let (mut kinds, mut at) = ([false; 256], 0);
    while at < known.len() {
        kinds[known[at] as usize] = true;
        at += 1;
    }
    kinds
}

/// What a type byte and a length tell; nothing where they are no message's.
fn length(bytes: &[u8], kinds: &Kinds, fixed: impl Fn(u8) -> Option<u32>) -> Option<u64> {
    let [kind, length @ ..] = *bytes.first_chunk::<HEADER>()?;
    let length = u32::from_be_bytes(length);
    let fits = fixed(kind).is_none_or(|fixed| fixed == length) && (4..=LENGTH_MAX).contains(&length);
    (kinds[usize::from(kind)] && fits).then_some(1 + u64::from(length))
}

/// Lengths that never vary.
fn fixed_of_client(kind: u8) -> Option<u32> {
    matches!(kind, b'c' | b'H' | b'S' | b'X').then_some(4)
}

fn fixed_of_server(kind: u8) -> Option<u32> {
    match kind {
        b'1' | b'2' | b'3' | b'n' | b'I' | b's' | b'c' => Some(4),
        b'Z' => Some(5),
        _ => None,
    }
}

/// Length of a client's message.
pub(super) fn length_of_client(bytes: &[u8]) -> Option<u64> {
    length(bytes, &OF_CLIENT, fixed_of_client)
}

/// Length of a server's message.
pub(super) fn length_of_server(bytes: &[u8]) -> Option<u64> {
    length(bytes, &OF_SERVER, fixed_of_server)
}

fn measured(bytes: &[u8], kinds: &Kinds, length: Option<u64>, keep: impl Fn(u8) -> usize) -> Measure {
    match (bytes.first(), length) {
        (Some(kind), Some(length)) => Measure::Known { length, keep: keep(*kind) },
        (Some(kind), None) if bytes.len() < HEADER && kinds[usize::from(*kind)] => Measure::More,
        (None, _) => Measure::More,
        (Some(_), None) => Measure::Wrong,
    }
}

pub(super) fn measure_of_client(bytes: &[u8]) -> Measure {
    measured(bytes, &OF_CLIENT, length_of_client(bytes), |kind| match kind {
        b'Q' | b'P' => STATEMENT,
        b'B' | b'C' | b'D' | b'E' => NAMES,
        _ => HEADER,
    })
}

pub(super) fn measure_of_server(bytes: &[u8]) -> Measure {
    measured(bytes, &OF_SERVER, length_of_server(bytes), |kind| match kind {
        b'E' | b'S' => FIELDS,
        _ => HEADER,
    })
}

/// The bytes in front of the next zero byte, and those behind it. Nothing where there is none.
pub(super) fn cut_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// A statement, and whether it is all there.
pub(super) fn statement(bytes: &[u8]) -> (&[u8], bool) {
    cut_text(bytes).map_or((bytes, false), |(text, _)| (text, true))
}

/// SQLSTATE of an ErrorResponse (section "Error and Notice Message Fields").
pub(super) fn error_code(body: &[u8]) -> Option<&str> {
    let mut rest = body;
    while let Some((kind, fields)) = rest.split_first() {
        let (value, behind) = cut_text(fields)?;
        if *kind == b'C' {
            let is_code = value.len() == 5 && value.iter().all(u8::is_ascii_alphanumeric);
            return std::str::from_utf8(value).ok().filter(|_| is_code);
        }
        rest = behind;
    }
    None
}

/// Whether messages of a client begin here beyond reasonable doubt: a statement, or several messages that end where the
/// segment of `length` bytes ends.
pub(super) fn begins_asking(bytes: &[u8], length: u64, quoting: Quoting) -> bool {
    let (mut at, mut messages, mut has_statement) = (0_u64, 0, false);
    while let Some(rest) = bytes.get(at as usize..).filter(|rest| rest.len() >= HEADER) {
        let Some(whole) = length_of_client(rest) else { return false };
        if matches!(rest[0], b'Q' | b'P') {
            let body = &rest[HEADER..rest.len().min(whole as usize)];
            let text = if rest[0] == b'P' { cut_text(body).map(|(_, text)| text) } else { Some(body) };
            has_statement |= text.is_some_and(|text| begins_statement(statement(text).0, quoting));
        }
        messages += 1;
        at += whole;
    }
    has_statement || (at == length && messages > 1)
}

/// Whether an answer begins here beyond reasonable doubt.
pub(super) fn begins_answer(bytes: &[u8], may_be_row: bool) -> bool {
    const FIRST: &[u8] = b"123nTtCIsEGHWZVNSA";
    /// The first message is none of the long ones, unless it is a row.
    const FIRST_MAX: u64 = 1 << 20;
    let Some(first) = bytes.first().filter(|_| bytes.len() >= HEADER) else { return false };
    if length_of_server(bytes).is_none_or(|length| length > FIRST_MAX) {
        return false;
    }
    let mut rest = bytes;
    while rest.len() >= HEADER {
        let Some(whole) = length_of_server(rest) else { return false };
        rest = &rest[rest.len().min(whole as usize)..];
    }
    let is_known = rest.first().is_none_or(|kind| OF_SERVER[usize::from(*kind)]);
    is_known && (FIRST.contains(first) || (may_be_row && matches!(first, b'D' | b'd')))
}

/// The end of an answer at the end of a segment: a ReadyForQuery, and where in front of it a command was completed.
pub(super) fn end_of_answer(bytes: &[u8]) -> Option<Option<usize>> {
    (0..bytes.len()).find_map(|from| ready_at_end(bytes, from))
}

fn ready_at_end(bytes: &[u8], from: usize) -> Option<Option<usize>> {
    let (mut at, mut completed, mut last) = (from, None, 0);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let whole = length_of_server(rest).filter(|whole| *whole <= rest.len() as u64)? as usize;
        last = rest[0];
        match last {
            b'C' if !is_tag(&rest[HEADER..whole]) => return None,
            b'C' | b'I' => completed = Some(at + whole),
            b'E' => completed = None,
            _ => {}
        }
        at += whole;
    }
    let has_status = matches!(bytes.last(), Some(b'I' | b'T' | b'E'));
    (last == b'Z' && has_status).then_some(completed)
}

/// A command tag such as `INSERT 0 1`.
fn is_tag(body: &[u8]) -> bool {
    let Some((0, text)) = body.split_last() else { return false };
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ')
}

/// Whether what a client says before it waits ends here: Sync or CopyDone.
pub(super) fn end_of_asking(bytes: &[u8]) -> bool {
    bytes.ends_with(b"S\0\0\0\x04") || bytes.ends_with(b"c\0\0\0\x04")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        assert_eq!(measure_of_client(b"Q\0\0\0"), Measure::More);
        assert_eq!(measure_of_client(b"Q\0\0\0\x09"), Measure::Known { length: 10, keep: STATEMENT });
        assert_eq!(measure_of_client(b"Z\0\0\0\x05"), Measure::Wrong);
        assert_eq!(measure_of_client(b"S\0\0\0\x05"), Measure::Wrong);
        assert_eq!(measure_of_server(b"Z\0\0\0\x05"), Measure::Known { length: 6, keep: HEADER });
        assert_eq!(measure_of_server(b"D\xff\0\0\0"), Measure::Wrong);
    }

    #[test]
    fn codes() {
        assert_eq!(error_code(b"SERROR\0VERROR\0C42P01\0Mno\0\0"), Some("42P01"));
        assert_eq!(error_code(b"SERROR\0C42"), None);
        assert_eq!(error_code(b"SERROR\0Clong-er\0\0"), None);
        assert_eq!(error_code(b""), None);
    }

    #[test]
    fn ends() {
        let done = b"row data C\0\0\0\x0dSELECT 3\0Z\0\0\0\x05I";
        assert_eq!(end_of_answer(done), Some(Some(done.len() - 6)));
        assert_eq!(end_of_answer(b"field\0\0Z\0\0\0\x05E"), Some(None));
        assert_eq!(end_of_answer(b"C\0\0\0\x0dSELECT 3\0Z\0\0\0\x05"), None);
        assert_eq!(end_of_answer(b"C\0\0\0\x0dSELECT 3\0"), None);
    }

    #[test]
    fn beginnings() {
        let asks = |bytes: &[u8]| begins_asking(bytes, bytes.len() as u64, Quoting::POSTGRESQL);
        assert!(asks(b"Q\0\0\0\x0dSELECT 1\0"));
        assert!(asks(b"P\0\0\0\x10s1\0SELECT 1\0\0\0"));
        assert!(asks(b"E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04"));
        assert!(!asks(b"S\0\0\0\x04"));
        assert!(!asks(b"Q\0\0\0\x0dhello wo\0"));
        assert!(begins_answer(b"1\0\0\0\x042\0\0\0\x04T\0\0", false));
        assert!(!begins_answer(b"D\0\0\0\x0b\0\x01\0\0\0\x01x", false));
        assert!(!begins_answer(b"Custom text", false));
    }
}
