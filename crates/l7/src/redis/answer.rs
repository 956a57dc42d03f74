//! What is looked at of one message of a server.

use super::value::{Visit, number};

/// Longest error code that is shown; Redis' own are shorter.
const CODE_MAX: usize = 24;
/// Shown for a code that does not look like one.
const OTHER: &str = "other";
/// Longest first word of a pushed message that matters: `punsubscribe`.
const WORD_MAX: usize = 16;

/// A message, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The first byte of its type; 0 before that was read.
    pub(super) kind: u8,
    /// How many elements it says it has.
    elements: u64,
    /// First bytes of an error's text.
    error: Vec<u8>,
    /// First bytes of its first element, where that is a bulk string.
    word: Vec<u8>,
    /// The last integer in it.
    pub(super) last_integer: Option<u64>,
    /// It is a line as `MONITOR` sends them.
    pub(super) is_monitored: bool,
    place: u64,
}

impl Visit for Answer {
    fn line(&mut self, place: u64, line: &[u8]) {
        let Some((kind, rest)) = line.split_first() else { return };
        self.place = place;
        if place == 0 {
            self.kind = *kind;
            match kind {
                b'-' => self.error.extend_from_slice(&rest[..rest.len().min(CODE_MAX + 1)]),
                b'+' => self.is_monitored = is_monitored(rest),
                b'*' | b'>' => self.elements = number(rest).unwrap_or(0),
                _ => {}
            }
        }
        if *kind == b':' {
            self.last_integer = number(rest);
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let (into, max) = match (self.place, self.kind) {
            (0, b'!') => (&mut self.error, CODE_MAX + 1),
            (1, b'*' | b'>') => (&mut self.word, WORD_MAX + 1),
            _ => return,
        };
        let room = max.saturating_sub(into.len());
        into.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`
fn is_monitored(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && text.get(digits) == Some(&b'.') && text.windows(2).any(|pair| pair == b" [")
}

impl Answer {
    pub(super) fn clear(&mut self) {
        self.error.clear();
        self.word.clear();
        (self.kind, self.elements, self.last_integer, self.is_monitored, self.place) = (0, 0, None, false, 0);
    }

    /// Its type was read.
    pub(super) const fn has_begun(&self) -> bool {
        self.kind != 0
    }

    pub(super) const fn is_error(&self) -> bool {
        matches!(self.kind, b'-' | b'!')
    }

    /// The first word of an error, which is its code by convention.
    pub(super) fn error_code(&self) -> Option<&str> {
        if !self.is_error() {
            return None;
        }
        let word = self.error.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
        let is_code = (2..=CODE_MAX).contains(&word.len()) && word.iter().all(|byte| is_code_byte(*byte));
        Some(if is_code { std::str::from_utf8(word).unwrap_or(OTHER) } else { OTHER })
    }

    /// Whether its first element is this word.
    pub(super) fn begins_with(&self, word: &[u8]) -> bool {
        self.word == word
    }

    /// Whether it has the shape of a message that subscribers of RESP2 are sent.
    pub(super) fn is_message(&self) -> bool {
        let names: &[&[u8]] = match self.elements {
            3 => &[b"message", b"smessage", b"sunsubscribe"],
            4 => &[b"pmessage"],
            _ => return false,
        };
        names.iter().any(|name| self.begins_with(name))
    }
}

const fn is_code_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::super::value::Walk;
    use super::*;

    fn read(text: &str) -> Answer {
        let mut answer = Answer::default();
        Walk::default().read(text.as_bytes(), &mut answer);
        answer
    }

    #[test]
    fn codes_are_first_words_that_look_like_codes() {
        for (text, code) in [
            ("-ERR unknown command\r\n", Some("ERR")),
            ("-WRONGTYPE Operation\r\n", Some("WRONGTYPE")),
            ("-LOADING\r\n", Some("LOADING")),
            ("-MOVED 3999 127.0.0.1:6381\r\n", Some("MOVED")),
            ("!21\r\nSYNTAX invalid syntax\r\n", Some("SYNTAX")),
            ("-my own words\r\n", Some("other")),
            ("-\r\n", Some("other")),
            ("+ERR\r\n", None),
            ("*1\r\n-ERR inner\r\n", None),
        ] {
            assert_eq!(read(text).error_code(), code, "{text}");
        }
    }

    #[test]
    fn pushed_shapes_are_told() {
        assert!(read("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n").is_message());
        assert!(read("*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$1\r\nx\r\n").is_message());
        assert!(!read("*2\r\n$7\r\nmessage\r\n$1\r\nc\r\n").is_message());
        assert!(read("+1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"\r\n").is_monitored);
        assert!(!read("+OK\r\n").is_monitored);
    }
}
