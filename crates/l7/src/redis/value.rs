//! Walks through RESP values: where they end, and what their lines say. Nothing is kept but the present line.

use crate::SKIP_MIN;

/// Of a line that comes in pieces so much is kept: more than any header, and enough to tell an error by.
const LINE_KEPT: usize = 64;
/// A line longer than this is none. Errors and inline answers are the longest, and servers cut them far before.
const LINE_MAX: u64 = 64 * 1024;
const CRLF: u64 = 2;

/// Takes what a walk meets. Values are numbered: 0 is the message itself, the others are what it is made of, in order.
pub(super) trait Visit {
    /// The line that a value begins with, without its end; perhaps cut.
    fn line(&mut self, number: u64, line: &[u8]);

    /// Some bytes of a value whose length was told before.
    fn bytes(&mut self, bytes: &[u8]);
}

/// What a walk has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Ended,
    /// This is no RESP.
    Broken,
}

/// Where in a message a walk is.
///
/// How many values are still to come is one number however deeply they are nested: an array takes one away and adds its
/// elements. So no nesting costs memory.
#[derive(Debug)]
pub(super) struct Walk {
    values_left: u64,
    /// Of the present value, its line end included.
    bytes_left: u64,
    /// The present value is longer than anything that is looked at.
    is_long: bool,
    /// The message itself has begun: what comes before it is its attributes (RESP3), which are no part of it.
    has_top: bool,
    number: u64,
    line: Vec<u8>,
    line_length: u64,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            values_left: 1,
            bytes_left: 0,
            is_long: false,
            has_top: false,
            number: 0,
            line: Vec::new(),
            line_length: 0,
        }
    }
}

impl Walk {
    /// Begins anew with the next message.
    pub(super) fn reset(&mut self) {
        let line = std::mem::take(&mut self.line);
        *self = Self { line, ..Self::default() };
        self.line.clear();
    }

    /// Bytes that certainly belong to the present value and tell nothing.
    pub(super) const fn needless(&self) -> u64 {
        if self.is_long { self.bytes_left } else { 0 }
    }

    /// Reads up to the end of the message. Says how many bytes that was.
    pub(super) fn read(&mut self, bytes: &[u8], visit: &mut impl Visit) -> (usize, Progress) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let used = if self.bytes_left > 0 { self.read_bytes(rest, visit) } else { self.read_line(rest, visit) };
            let Some(used) = used else { return (bytes.len() - rest.len(), Progress::Broken) };
            rest = &rest[used..];
            if self.values_left == 0 && self.bytes_left == 0 {
                self.reset();
                return (bytes.len() - rest.len(), Progress::Ended);
            }
        }
        (bytes.len(), Progress::More)
    }

    /// Passes over bytes that nobody saw, up to the end of the message. They can be followed as long as they belong to the
    /// present value.
    pub(super) fn skip(&mut self, length: u64) -> (u64, Progress) {
        let used = length.min(self.bytes_left);
        self.bytes_left -= used;
        if used > 0 && self.bytes_left == 0 && self.values_left == 0 {
            self.reset();
            return (used, Progress::Ended);
        }
        (used, if used < length { Progress::Broken } else { Progress::More })
    }

    fn read_bytes(&mut self, rest: &[u8], visit: &mut impl Visit) -> Option<usize> {
        let used = self.bytes_left.min(rest.len() as u64);
        let own = self.bytes_left.saturating_sub(CRLF).min(used);
        if own > 0 {
            visit.bytes(&rest[..own as usize]);
        }
        self.bytes_left -= used;
        Some(used as usize)
    }

    fn read_line(&mut self, rest: &[u8], visit: &mut impl Visit) -> Option<usize> {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(rest.len(), |end| end + 1);
        if self.line_length == 0 && end.is_some() {
            self.take_line(&rest[..used], visit)?;
            return Some(used);
        }
        let kept = used.min(LINE_KEPT - self.line.len());
        self.line.extend_from_slice(&rest[..kept]);
        self.line_length += used as u64;
        if self.line_length > LINE_MAX || !is_type(*self.line.first()?) {
            return None;
        }
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            let taken = self.take_line(&line, visit);
            self.line = line;
            self.line.clear();
            self.line_length = 0;
            taken?;
        }
        Some(used)
    }

    fn take_line(&mut self, line: &[u8], visit: &mut impl Visit) -> Option<()> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (kind, rest) = line.split_first()?;
        let is_attribute = *kind == b'|';
        let is_top = self.has_top || (self.values_left == 1 && !is_attribute);
        self.values_left -= u64::from(!is_attribute);
        match kind {
            b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(' => {}
            b'$' | b'!' | b'=' => {
                self.bytes_left = length(rest)?.map_or(0, |length| length + CRLF);
                self.is_long = self.bytes_left >= SKIP_MIN;
            }
            b'*' | b'~' | b'>' => self.values_left = self.values_left.checked_add(length(rest)?.unwrap_or(0))?,
            b'%' | b'|' => self.values_left = self.values_left.checked_add(length(rest)?.unwrap_or(0) * 2)?,
            _ => return None,
        }
        if is_top {
            visit.line(self.number, line);
            self.has_top = true;
            self.number += 1;
        }
        Some(())
    }
}

/// The largest count or length that is believed: far beyond what a server takes (512 MiB by default).
const LENGTH_MAX: u64 = 1 << 40;

/// A length or a count; `Some(None)` for the null of RESP2, -1. None where it is neither.
pub(super) fn length(digits: &[u8]) -> Option<Option<u64>> {
    if digits == b"-1" {
        return Some(None);
    }
    number(digits).filter(|length| *length <= LENGTH_MAX).map(Some)
}

/// Decimal digits and nothing else.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    digits.iter().try_fold(0, |sum: u64, digit| digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0')))
}

/// Whether a byte begins a value, in any version.
pub(super) fn is_type(byte: u8) -> bool {
    matches!(
        byte,
        b'+' | b'-' | b':' | b'$' | b'*' | b'_' | b'#' | b',' | b'(' | b'!' | b'=' | b'%' | b'~' | b'|' | b'>'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Notes(String);

    impl Visit for Notes {
        fn line(&mut self, number: u64, line: &[u8]) {
            self.0.push_str(&format!("[{number} {}]", String::from_utf8_lossy(line)));
        }
        fn bytes(&mut self, bytes: &[u8]) {
            self.0.push_str(&String::from_utf8_lossy(bytes));
        }
    }

    /// What one message says, read in pieces of each size, and what is left of the input.
    fn walk(input: &str) -> (String, usize, Progress) {
        let mut seen = Vec::new();
        for size in 1..=input.len() {
            let (mut walk, mut notes, mut total) = (Walk::default(), Notes::default(), 0);
            let mut progress = Progress::More;
            for piece in input.as_bytes().chunks(size) {
                let (used, now) = walk.read(piece, &mut notes);
                total += used;
                progress = now;
                if progress != Progress::More {
                    break;
                }
            }
            let left = if progress == Progress::Broken { 0 } else { input.len() - total };
            seen.push((notes.0, left, progress));
        }
        seen.dedup();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }

    fn ends(input: &str, expected: &str) {
        assert_eq!(walk(input), (expected.to_owned(), 0, Progress::Ended));
    }

    #[test]
    fn values_end_where_they_end() {
        ends("+OK\r\n", "[0 +OK]");
        ends("$5\r\nhe\r\no\r\n", "[0 $5]he\r\no");
        ends("$-1\r\n", "[0 $-1]");
        ends("$0\r\n\r\n", "[0 $0]");
        ends("*0\r\n", "[0 *0]");
        ends("*2\r\n*1\r\n:1\r\n*-1\r\n", "[0 *2][1 *1][2 :1][3 *-1]");
        ends("%1\r\n+a\r\n~2\r\n#t\r\n,1.5\r\n", "[0 %1][1 +a][2 ~2][3 #t][4 ,1.5]");
        ends("=7\r\ntxt:abc\r\n", "[0 =7]txt:abc");
        ends(">2\r\n+x\r\n_\r\n", "[0 >2][1 +x][2 _]");
    }

    #[test]
    fn attributes_are_no_part_of_the_message() {
        ends("|1\r\n+ttl\r\n*2\r\n:1\r\n:2\r\n:7\r\n", "[0 :7]");
        ends("*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n", "[0 *2][1 |1][2 +a][3 +b][4 :1][5 :2]");
    }

    #[test]
    fn what_is_no_value_is_told() {
        for input in ["hello\r\n", "*x\r\n", "$5x\r\nhello\r\n", "$99999999999999\r\n", "*-2\r\n", "\r\n"] {
            assert_eq!(walk(input).2, Progress::Broken, "{input}");
        }
    }

    #[test]
    fn unseen_bytes_are_followed_within_a_value() {
        let (mut walk, mut notes) = (Walk::default(), Notes::default());
        assert_eq!(walk.read(b"*2\r\n$1000\r\nab", &mut notes).1, Progress::More);
        assert_eq!(walk.skip(999), (999, Progress::More));
        assert_eq!(walk.read(b"\n:1\r\n", &mut notes).1, Progress::Ended);
        assert_eq!(walk.read(b"$3\r\na", &mut notes).1, Progress::More);
        assert_eq!(walk.skip(9), (4, Progress::Ended));
        assert_eq!(walk.skip(1), (0, Progress::Broken));
        assert_eq!(walk.read(b"*2\r\n$3\r\na", &mut notes).1, Progress::More);
        assert_eq!(walk.skip(5), (4, Progress::Broken));
    }
}
