//! Text with `*` and `?`.

/// A pattern as `=` takes it: `*` stands for any characters, `?` for one, `\*` and `\?` for themselves. Case counts. A
/// pattern without wildcards is that text and no other.
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
    let mut characters = source.chars().peekable();
    while let Some(character) = characters.next() {
        parts.push(match character {
            '*' => Part::AnyMany,
            '?' => Part::AnyOne,
            '\\' => Part::Literal(characters.next_if(|next| matches!(next, '*' | '?' | '\\')).unwrap_or('\\')),
            literal => Part::Literal(literal),
        });
    }
    parts
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
