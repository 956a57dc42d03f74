//! Does this look like the start of an HTTP/1.x message? By content alone, never by port.

use crate::{Detection, Direction};

/// Longest method that is taken for one. The registry's longest is `UPDATEREDIRECTREF`.
const METHOD_MAX: usize = 24;
/// A request line longer than this is not waited for.
const LINE_MAX: usize = 16 * 1024;
const VERSION: &[u8] = b"HTTP/1.";
/// Longest beginning of a message that does not tell yet whether it is one: `HTTP/1.d dd`, and a long method.
pub(super) const BEGINNING_MAX: usize = 11;
/// Methods that are common enough to decide at once.
const REGISTERED: [&[u8]; 9] =
    [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];
/// Others of the registry, and of caches, none of which ends like another.
const LESS_COMMON: [&[u8]; 12] = [
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"MKCALENDAR",
    b"COPY",
    b"MOVE",
    b"REPORT",
    b"SEARCH",
    b"QUERY",
    b"PURGE",
    b"NOTIFY",
    b"SUBSCRIBE",
];

/// Looks at the first bytes of a message.
#[must_use]
pub fn detect(direction: Direction, bytes: &[u8]) -> Detection {
    match direction {
        Direction::Request => detect_request(bytes),
        Direction::Response => detect_response(bytes),
    }
}

/// Whether a segment behind bytes that were missed begins a message. It may as well begin in the middle of one, and the end
/// of a method looks like a method: only those are believed that are known, as a whole.
pub(super) fn is_beginning(direction: Direction, bytes: &[u8]) -> bool {
    let detection = detect(direction, bytes);
    if direction == Direction::Response {
        return detection == Detection::Yes;
    }
    let method = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
    let is_known = REGISTERED.contains(&method) || LESS_COMMON.contains(&method);
    detection != Detection::No && method.len() < bytes.len() && is_known
}

/// Whether a segment is so short that it says nothing yet, but the next may make a beginning of it, see [`is_beginning`].
pub(super) fn may_become_beginning(direction: Direction, bytes: &[u8]) -> bool {
    if bytes.len() > BEGINNING_MAX {
        return false;
    }
    match direction {
        Direction::Request => REGISTERED.iter().chain(&LESS_COMMON).any(|method| method.starts_with(bytes)),
        Direction::Response => detect_response(bytes) == Detection::NeedMore,
    }
}

/// A method, a space, a target, a space, `HTTP/1.`. Registered methods are believed at the first byte of a likely
/// target; others when the line has ended as HTTP's does.
fn detect_request(bytes: &[u8]) -> Detection {
    let Some(space) = bytes.iter().take(METHOD_MAX + 1).position(|byte| *byte == b' ') else {
        let likely = bytes.len() <= METHOD_MAX && bytes.iter().all(|byte| is_method_byte(*byte));
        return if likely { Detection::NeedMore } else { Detection::No };
    };
    let (method, target) = (&bytes[..space], &bytes[space + 1..]);
    if method.is_empty() || !method.iter().all(|byte| is_method_byte(*byte)) {
        return Detection::No;
    }
    match target.first() {
        None => Detection::NeedMore,
        Some(first) if !is_target_start(method, *first) => Detection::No,
        Some(_) => detect_version(method, target),
    }
}

fn detect_version(method: &[u8], target: &[u8]) -> Detection {
    match target.iter().position(|byte| *byte == b'\n') {
        Some(end) if ends_as_http(&target[..end]) => Detection::Yes,
        Some(_) => Detection::No,
        None if REGISTERED.contains(&method) => Detection::Yes,
        None if target.len() > LINE_MAX => Detection::No,
        None => Detection::NeedMore,
    }
}

fn ends_as_http(line: &[u8]) -> bool {
    line.rsplit(|byte| *byte == b' ').next().is_some_and(|version| version.starts_with(VERSION))
}

fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte == b'-' || byte == b'_'
}

/// Origin form, absolute form or asterisk; CONNECT has an authority.
fn is_target_start(method: &[u8], first: u8) -> bool {
    matches!(first, b'/' | b'*' | b'h' | b'H')
        || (method == b"CONNECT" && (first.is_ascii_alphanumeric() || first == b'['))
}

/// `HTTP/1.`, a digit, a space, three digits: as far as they are there.
fn detect_response(bytes: &[u8]) -> Detection {
    const SHAPE: &[u8; 12] = b"HTTP/1.d ddd";
    let fits = bytes.iter().zip(SHAPE).all(|(byte, shape)| match shape {
        b'd' => byte.is_ascii_digit(),
        literal => byte == literal,
    });
    match (fits, bytes.len() >= SHAPE.len()) {
        (false, _) => Detection::No,
        (true, true) => Detection::Yes,
        (true, false) => Detection::NeedMore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        for bytes in
            ["GET / HTTP/1.1\r\n", "GET /a", "CONNECT db:5432 HTTP/1.1\r\n", "PURGE /x HTTP/1.0\n", "OPTIONS *"]
        {
            assert_eq!(detect(Direction::Request, bytes.as_bytes()), Detection::Yes, "{bytes}");
        }
        for bytes in ["", "G", "GET", "GET ", "PURGE /x"] {
            assert_eq!(detect(Direction::Request, bytes.as_bytes()), Detection::NeedMore, "{bytes}");
        }
        let others = [
            "*1\r\n$4\r\nPING",
            "\x16\x03\x01",
            "PRI * HTTP/2.0\r\n\r\nSM",
            "GET key\r\n",
            "get /",
            "SSH-2.0-x\r\n",
            " GET /",
        ];
        for bytes in others {
            assert_eq!(detect(Direction::Request, bytes.as_bytes()), Detection::No, "{bytes}");
        }
    }

    #[test]
    fn the_end_of_a_method_begins_nothing() {
        for (bytes, begins) in [("DELETE /a", true), ("ETE /a", false), ("E /a HTTP/1.1\r\n", false), ("G", false)] {
            assert_eq!(is_beginning(Direction::Request, bytes.as_bytes()), begins, "{bytes}");
        }
        assert!(is_beginning(Direction::Request, b"PURGE /a") && is_beginning(Direction::Response, b"HTTP/1.1 200"));
        assert!(!is_beginning(Direction::Response, b"HTTP/1.1"));
    }

    #[test]
    fn the_beginning_of_a_method_may_become_one() {
        for (bytes, may) in [("G", true), ("DELET", true), ("GET ", false), ("ETE", false), ("x", false)] {
            assert_eq!(may_become_beginning(Direction::Request, bytes.as_bytes()), may, "{bytes}");
        }
        for (bytes, may) in [("H", true), ("HTTP/1.1 20", true), ("HTTP/1.1 200", false), ("h", false)] {
            assert_eq!(may_become_beginning(Direction::Response, bytes.as_bytes()), may, "{bytes}");
        }
    }

    #[test]
    fn responses() {
        assert_eq!(detect(Direction::Response, b"HTTP/1.1 200 OK\r\n"), Detection::Yes);
        assert_eq!(detect(Direction::Response, b"HTTP/1.0 404"), Detection::Yes);
        assert_eq!(detect(Direction::Response, b"HTTP/1."), Detection::NeedMore);
        assert_eq!(detect(Direction::Response, b"HTTP/2 200"), Detection::No);
        assert_eq!(detect(Direction::Response, b"220 mail"), Detection::No);
    }
}
