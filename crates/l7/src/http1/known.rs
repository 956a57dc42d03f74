//! The last head of a direction and what it meant: clients that keep a connection like to say the same thing again, byte
//! for byte, and comparing is cheaper than parsing.

/// Heads longer than this are not remembered.
const LENGTH_MAX: usize = 512;
/// After so many heads in a row that were new, a connection is not worth remembering for.
const MISSES_MAX: u8 = 16;

#[derive(Debug)]
pub(super) struct Known<T> {
    head: Vec<u8>,
    meaning: Option<T>,
    misses: u8,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { head: Vec::new(), meaning: None, misses: 0 }
    }
}

impl<T: Clone> Known<T> {
    /// What a head at the start of these bytes means, and its length, if it is the last one again. A head ends with an empty
    /// line, so bytes that begin with a whole head begin with that head and no other.
    pub(super) fn again(&mut self, bytes: &[u8]) -> Option<(T, usize)> {
        let meaning = self.meaning.as_ref().filter(|_| bytes.starts_with(&self.head))?;
        self.misses = 0;
        Some((meaning.clone(), self.head.len()))
    }

    /// Remembers a head. One that carries secrets is not kept for longer than it takes to read.
    pub(super) fn remember(&mut self, head: &[u8], meaning: T) {
        self.misses = self.misses.saturating_add(1);
        if self.misses > MISSES_MAX || head.len() > LENGTH_MAX || may_hold_secrets(head) {
            *self = Self { misses: self.misses, ..Self::default() };
            return;
        }
        self.head.clear();
        self.head.extend_from_slice(head);
        self.meaning = Some(meaning);
    }
}

/// Whether the first line has a query or a user name, or a header's name speaks of a credential.
fn may_hold_secrets(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    first.iter().any(|byte| matches!(byte, b'?' | b'@')) || lines.any(names_a_credential)
}

/// Cookies, authorization in its many spellings, keys and tokens.
fn names_a_credential(line: &[u8]) -> bool {
    const PARTS: [&[u8]; 5] = [b"cookie", b"auth", b"token", b"secret", b"key"];
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    PARTS.iter().any(|part| name.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_head_is_known() {
        let mut known = Known::default();
        known.remember(b"GET /a\r\n\r\n", 1);
        assert_eq!(known.again(b"GET /a\r\n\r\nmore"), Some((1, 10)));
        assert_eq!(known.again(b"GET /a\r\n"), None);
        assert_eq!(known.again(b"GET /b\r\n\r\n"), None);
        assert_eq!(known.again(b""), None);
    }

    #[test]
    fn secrets_are_not_kept() {
        for head in [
            "GET /?t=1 X\r\n\r\n",
            "GET / X\r\nCookie: a\r\n\r\n",
            "GET / X\r\nX-Api-Key: a\r\n\r\n",
            "GET a@b X\r\n\r\n",
        ] {
            let mut known = Known::default();
            known.remember(head.as_bytes(), 1);
            assert_eq!((known.again(head.as_bytes()), known.head.len()), (None, 0), "{head}");
        }
    }

    #[test]
    fn remembering_in_vain_is_given_up() {
        let mut known = Known::default();
        for index in 0..100_u8 {
            known.remember(&[index], index);
        }
        assert_eq!(known.again(&[99]), None);
        assert!(known.head.capacity() == 0);
    }
}
