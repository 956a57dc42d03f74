//! Regular expressions that take linear time and bounded memory.

use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;

use crate::limits::{REGEX_BYTES, REGEX_CHARACTERS};

/// How deep groups may be nested.
const NEST_LIMIT: u32 = 50;

/// A regular expression in RE2's syntax; it is searched for, so `^` and `$` anchor it.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles it, or says in half a sentence why it cannot be.
    pub(crate) fn new(source: &str) -> Result<Self, String> {
        if source.chars().count() > REGEX_CHARACTERS {
            return Err(format!("it has more than {REGEX_CHARACTERS} characters"));
        }
        ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(source).map_err(|error| why(&error))?;
        let built = RegexBuilder::new(source).size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES).build();
        built.map(Self).map_err(|_| "it is too large".to_owned())
    }

    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        self.0.as_str()
    }

    /// True where it is found in the text.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

fn why(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "it cannot be read".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_searched_for() {
        let pattern = Pattern::new("^/v[12]/").unwrap();
        assert!(pattern.matches("/v1/planets"));
        assert!(!pattern.matches("/api/v1/"));
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        assert_eq!(Pattern::new("(a").unwrap_err(), "unclosed group");
        assert_eq!(Pattern::new(r"(a)\1").unwrap_err(), "backreferences are not supported");
        assert_eq!(Pattern::new(r"\w{1000}{1000}").unwrap_err(), "it is too large");
        assert!(Pattern::new(&"(".repeat(1_000)).is_err());
    }

    #[test]
    fn expression_at_its_longest_is_read_and_none_that_is_longer() {
        assert!(Pattern::new(&"a".repeat(REGEX_CHARACTERS)).is_ok());
        for length in [REGEX_CHARACTERS + 1, 1_000 * REGEX_CHARACTERS] {
            assert_eq!(Pattern::new(&"a".repeat(length)).unwrap_err(), "it has more than 4096 characters");
        }
    }
}
