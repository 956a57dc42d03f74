//! Does this look like Redis? By content alone, never by port.

use crate::{Detection, Direction};

use super::{
    commands,
    value::{length, number},
};

/// Digits of a count that is believed; servers take a million words (1024 * 1024) at most.
const DIGITS_MAX: usize = 7;
/// Longest name of a command that is believed.
const NAME_MAX: u64 = 64;
/// An inline command longer than this is not waited for.
const INLINE_MAX: usize = 4 * 1024;

/// Looks at the first bytes of a message.
#[must_use]
pub(super) fn detect(direction: Direction, bytes: &[u8]) -> Detection {
    match (direction, bytes.first()) {
        (_, None) => Detection::NeedMore,
        (Direction::Request, Some(b'*')) => detect_array(bytes),
        (Direction::Request, Some(_)) => detect_inline(bytes),
        (Direction::Response, Some(_)) => detect_response(bytes),
    }
}

/// A line up to CRLF, as far as it is there, and what is behind it.
enum Line<'a> {
    Whole(&'a [u8], &'a [u8]),
    Part(&'a [u8]),
}

fn line(bytes: &[u8]) -> Line<'_> {
    match bytes.windows(2).position(|pair| pair == b"\r\n") {
        Some(end) => Line::Whole(&bytes[..end], &bytes[end + 2..]),
        None => Line::Part(bytes.strip_suffix(b"\r").unwrap_or(bytes)),
    }
}

/// `*2`, `$3`, then a name: at least its first byte, which is a letter.
fn detect_array(bytes: &[u8]) -> Detection {
    let (count, rest) = match line(&bytes[..bytes.len().min(64)]) {
        Line::Whole(count, rest) => (count, rest),
        Line::Part(count) => return more_if(is_digits(&count[1..])),
    };
    if !is_digits(&count[1..]) || number(&count[1..]).is_none_or(|count| count == 0) {
        return Detection::No;
    }
    let (size, rest) = match line(rest) {
        Line::Whole(size, rest) => (size, rest),
        Line::Part([]) => return Detection::NeedMore,
        Line::Part([b'$', digits @ ..]) => return more_if(is_digits(digits)),
        Line::Part(_) => return Detection::No,
    };
    let is_size = size.strip_prefix(b"$").and_then(number).is_some_and(|size| (1..=NAME_MAX).contains(&size));
    match rest.first() {
        _ if !is_size => Detection::No,
        None => Detection::NeedMore,
        Some(first) if first.is_ascii_alphabetic() => Detection::Yes,
        Some(_) => Detection::No,
    }
}

fn is_digits(digits: &[u8]) -> bool {
    digits.len() <= DIGITS_MAX && digits.iter().all(u8::is_ascii_digit)
}

const fn more_if(fits: bool) -> Detection {
    if fits { Detection::NeedMore } else { Detection::No }
}

/// Lines are of many protocols, so one alone never decides; it may be one of ours if it begins with a command's name.
fn detect_inline(bytes: &[u8]) -> Detection {
    let end = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
    let (name, rest) = bytes.split_at(end);
    if rest.is_empty() {
        let is_name = name.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_' | b'-'));
        return more_if(is_name && name.len() as u64 <= NAME_MAX);
    }
    let first = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_text = first.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\t'));
    more_if(is_text && bytes.len() <= INLINE_MAX && commands::find(name).is_some())
}

/// Answers that hardly anything but Redis gives as its first. `+OK` is none of them: mail servers greet with it.
fn detect_response(bytes: &[u8]) -> Detection {
    const TELLING: [&[u8]; 6] = [b"PONG\r\n", b"ERR ", b"NOAUTH ", b"WRONGPASS ", b"WRONGTYPE ", b"NOPERM "];
    let (kind, rest) = (bytes[0], &bytes[1..]);
    match (kind, line(&rest[..rest.len().min(64)])) {
        (b'+' | b'-', _) => {
            if TELLING.iter().any(|text| rest.starts_with(text)) {
                Detection::Yes
            } else {
                Detection::NeedMore
            }
        }
        (b':', Line::Whole(digits, [])) => more_if(number(digits.strip_prefix(b"-").unwrap_or(digits)).is_some()),
        (b'$' | b'*' | b'%', Line::Whole(digits, rest)) => match length(digits) {
            Some(Some(_)) if kind == b'$' && !rest.is_empty() => detect_bulk(digits, rest),
            Some(_) => Detection::NeedMore,
            None => Detection::No,
        },
        (b':' | b'$' | b'*' | b'%' | b'~' | b'_' | b',' | b'#', _) => Detection::NeedMore,
        _ => Detection::No,
    }
}

/// A bulk string that is there as a whole, its end included.
fn detect_bulk(digits: &[u8], rest: &[u8]) -> Detection {
    let end = number(digits).and_then(|length| usize::try_from(length).ok());
    match end.and_then(|end| rest.get(end..end + 2)) {
        Some(b"\r\n") => Detection::Yes,
        Some(_) => Detection::No,
        None => Detection::NeedMore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(direction: Direction, expected: Detection, texts: &[&str]) {
        for text in texts {
            assert_eq!(detect(direction, text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn commands() {
        let sure = ["*1\r\n$4\r\nPING\r\n", "*3\r\n$3\r\ns", "*12\r\n$11\r\nJSON.NUMINCRBY"];
        all(Direction::Request, Detection::Yes, &sure);
        let parts = ["", "*", "*1", "*1\r", "*1\r\n", "*1\r\n$", "*1\r\n$4\r", "*1\r\n$4\r\n"];
        all(Direction::Request, Detection::NeedMore, &parts);
        let others = ["*x", "*1\n", "*0\r\n", "*1\r\n:1\r\n", "*1\r\n$999\r\nx", "*1\r\n$4\r\n\x01", "*123456789"];
        all(Direction::Request, Detection::No, &others);
    }

    #[test]
    fn inline_commands_decide_nothing() {
        all(Direction::Request, Detection::NeedMore, &["P", "PING", "ping\r\n", "SET a b\r\nGET a\r\n", "GET key"]);
        all(Direction::Request, Detection::No, &["HELO x\r\n", "SSH-2.0-x\r\n", "GET \x01\r\n", "\x16\x03", " GET x"]);
    }

    #[test]
    fn answers() {
        let sure = ["+PONG\r\n", "-ERR unknown command", "-NOAUTH Authentication required.\r\n", "$1\r\nx\r\n"];
        all(Direction::Response, Detection::Yes, &sure);
        all(Direction::Response, Detection::NeedMore, &["+OK\r\n", "+", ":1\r\n", "$5\r\nab", "*2\r\n", "$-1\r\n"]);
        all(Direction::Response, Detection::No, &["220 mail\r\n", "VALUE a 0 1\r\n", "$1\r\nxyz", "$x\r\n"]);
    }
}
