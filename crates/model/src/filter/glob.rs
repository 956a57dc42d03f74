//! Text with `*` and `?`.

/// A pattern as `=` takes it: `*` stands for any characters, `?` for one, `\*` and `\?` for themselves, and `\xHH` for the
/// character of that number, as in regular expressions. Case counts. A pattern without wildcards is that text and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    /// As written, with its escapes.
    source: Box<str>,
    parts: Vec<Part>,
    /// The one text that matches, where there is no wildcard.
    exact: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Literal(char),
    AnyOne,
    AnyMany,
}

impl Glob {
    /// Reads a pattern; every text is one.
    #[must_use]
    pub fn new(source: &str) -> Self {
        let parts = read_parts(source);
        let literals = parts.iter().map(|part| match part {
            Part::Literal(character) => Some(*character),
            Part::AnyOne | Part::AnyMany => None,
        });
        let exact = literals.collect::<Option<String>>().map(String::into_boxed_str);
        Self { source: source.into(), parts, exact }
    }

    /// The pattern that matches this text and no other.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self::new(&escape(text))
    }

    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The one text that matches, where there is no wildcard: a dictionary can be asked for it.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        self.exact.as_deref()
    }

    /// True where the whole text is like the pattern.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match &self.exact {
            Some(exact) => **exact == *text,
            None => wildcards_match(&self.parts, text),
        }
    }
}

fn read_parts(source: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        parts.push(match character {
            '*' => Part::AnyMany,
            '?' => Part::AnyOne,
            '\\' => Part::Literal(read_escape(&mut characters)),
            literal => Part::Literal(literal),
        });
    }
    parts
}

/// What stands behind a backslash; the backslash itself where that is no escape.
fn read_escape(characters: &mut std::str::Chars<'_>) -> char {
    let rest = characters.as_str();
    let (read, length) = match rest.as_bytes() {
        [b'*' | b'?' | b'\\', ..] => (rest.chars().next(), 1),
        [b'x', high, low, ..] => (hexadecimal(*high, *low), 3),
        _ => (None, 0),
    };
    let Some(read) = read else { return '\\' };
    *characters = rest[length..].chars();
    read
}

fn hexadecimal(high: u8, low: u8) -> Option<char> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    char::from_u32(digit(high)? * 16 + digit(low)?)
}

/// Grafana takes `$name`, `${name}` and `[[name]]` for template variables wherever they stand in a query, so the signs that
/// begin one are written by their numbers.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (place, character) in text.char_indices() {
        let next = text[place + character.len_utf8()..].bytes().next();
        match (character, next) {
            ('$', Some(b'{' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z')) => escaped.push_str("\\x24"),
            ('[', Some(b'[')) => escaped.push_str("\\x5b"),
            ('*' | '?' | '\\', _) => escaped.extend(['\\', character]),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Goes through both at once; where they part, the last `*` takes one character more. At most the product of both
/// lengths, and no recursion.
fn wildcards_match(parts: &[Part], text: &str) -> bool {
    let mut place = 0;
    let mut rest = text.chars();
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let before = rest.clone();
        match (parts.get(place), rest.next()) {
            (Some(Part::AnyMany), _) => {
                place += 1;
                rest = before.clone();
                retry = Some((place, before));
            }
            (Some(Part::AnyOne), Some(_)) => place += 1,
            (Some(Part::Literal(expected)), Some(found)) if *expected == found => place += 1,
            (None, None) => return true,
            _ => {
                let Some((star, mut taken)) = retry.take() else { return false };
                if taken.next().is_none() {
                    return false;
                }
                place = star;
                rest = taken.clone();
                retry = Some((star, taken));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_characters() {
        let cases = [
            ("xwing-*", "xwing-7", true),
            ("xwing-*", "xwing-", true),
            ("xwing-*", "ywing-7", false),
            ("*-db", "a-db-db", true),
            ("*a*b*c", "xxaxxbxxbxxc", true),
            ("*a*b*c", "xxaxxbxxcx", false),
            ("5??", "503", true),
            ("5??", "5033", false),
            ("?", "é", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            (r"\*", "*", true),
            (r"\*", "a", false),
            (r"a\b", r"a\b", true),
            (r"\x24x", "$x", true),
            (r"\x5B", "[", true),
            (r"\xzz", r"\xzz", true),
            (r"\x2", r"\x2", true),
            (r"\\x24", r"\x24", true),
            (r"\xé4", r"\xé4", true),
            ("Deathstar", "deathstar", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn without_wildcards_it_is_one_text() {
        assert_eq!(Glob::new("deathstar").exact(), Some("deathstar"));
        assert_eq!(Glob::new(r"a\*").exact(), Some("a*"));
        assert_eq!(Glob::new("a*").exact(), None);
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        assert!(!Glob::new(&("a*".repeat(40) + "c")).matches(&"a".repeat(4_000)));
        assert!(!Glob::new(&("*a".repeat(40) + "c")).matches(&"a".repeat(2_000)));
    }
}
