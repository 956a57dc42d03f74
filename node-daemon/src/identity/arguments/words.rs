//! Words of a command line, and secrets that are named within them.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};

use super::HIDDEN;

/// A name with one of these in it is a secret's, whatever stands around it.
const PARTS: &[&str] =
    &["passw", "passphrase", "passcode", "secret", "apikey", "accesskey", "privatekey", "credential"];
/// Other parts that a name may end with.
const ENDS: &[&str] = &["pass", "token", "authorization", "cookie", "bearer"];
/// Words between `-`, `_` and `.` that say so alone.
const WORDS: &[&str] = &["auth", "passin", "passout", "psk", "pwd"];
/// Behind these is the place of a secret.
const PLACES: &[&str] = &["dir", "file", "path"];

/// Whether what has this name is a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.trim_matches(['"', '\'', '-']).to_ascii_lowercase();
    if PLACES.iter().any(|place| name.ends_with(place)) {
        return false;
    }
    let joined: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    PARTS.iter().any(|part| joined.contains(part))
        || ENDS.iter().any(|end| joined.ends_with(end))
        || name.split(['-', '_', '.']).any(|word| WORDS.contains(&word))
}

/// What stands last in a word before its `:` or `=`.
pub(super) fn last_name(text: &str) -> &str {
    let text = text.trim_end_matches(['"', '\'']);
    text.rsplit(['=', '"', '\'']).next().unwrap_or(text)
}

static HEADER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?is)^([\w-]*(?:authorization|cookie|token|api-?key|auth)\s*:|bearer\s).+").ok());
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"[A-Za-z][\w.-]*["']?\s*[=:]\s*"#).ok());
static USER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"([A-Za-z][\w+.-]*://)([^\s"']+)@"#).ok());

/// Of a header (`Authorization: Bearer …`) the name alone; absent where this is none.
pub(super) fn hides_rest(text: &str) -> Option<String> {
    let Some(header) = &*HEADER else { return Some(HIDDEN.to_owned()) };
    header.captures(text).map(|found| format!("{} {HIDDEN}", found[1].trim_end()))
}

/// The text without the values of names that are secrets'.
pub(super) fn without_pairs(text: &str) -> String {
    let Some(pair) = &*PAIR else { return HIDDEN.to_owned() };
    let mut shown = String::new();
    let mut rest = text;
    while let Some(found) = pair.find(rest) {
        shown.push_str(&rest[..found.end()]);
        let name = found.as_str().trim_end().trim_end_matches(['=', ':']).trim_end();
        let value = &rest[found.end()..];
        // A value may be a pair itself (`--set=auth.password=…`), so that it is looked at as well.
        rest = value;
        if is_secret_name(name) && !value.is_empty() {
            shown.push_str(HIDDEN);
            let is_whole = found.start() == 0 && shown.len() == found.end() + HIDDEN.len();
            rest = if is_whole { "" } else { &value[end_of_value(value)..] };
        }
    }
    shown.push_str(rest);
    shown
}

/// Where a value within a text ends.
fn end_of_value(value: &str) -> usize {
    match value.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        Some(quote) => value[1..].find(quote).map_or(value.len(), |end| end + 2),
        None => value.find(['&', ';', '"', '\'']).unwrap_or(value.len()),
    }
}

/// The text without passwords in addresses: `scheme://user:***@host`. Of HTTP a user alone may be a token.
pub(super) fn without_users(text: &str) -> Cow<'_, str> {
    let Some(user) = &*USER else { return HIDDEN.into() };
    user.replace_all(text, |found: &Captures<'_>| {
        let (scheme, user) = (&found[1], &found[2]);
        match user.split_once(':') {
            Some((name, _)) => format!("{scheme}{name}:{HIDDEN}@"),
            None if scheme.starts_with("http") => format!("{scheme}{HIDDEN}@"),
            None => format!("{scheme}{user}@"),
        }
    })
}

/// The words of a text: the space before each, its quote, and what the quote encloses. A quote that is not closed goes on to
/// the end.
pub(super) fn split(text: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (space, behind) = rest.split_at(rest.find(|letter: char| !letter.is_whitespace()).unwrap_or(rest.len()));
        if behind.is_empty() {
            return None;
        }
        let (word, after) = behind.split_at(end_of_word(behind));
        rest = after;
        let quote =
            ["\"", "'"].into_iter().find(|quote| word.len() > 1 && word.starts_with(quote) && word.ends_with(quote));
        let quote = quote.unwrap_or("");
        Some((space, quote, &word[quote.len()..word.len() - quote.len()]))
    })
}

fn end_of_word(text: &str) -> usize {
    let mut quote = None;
    let end = text.char_indices().find(|(_, letter)| {
        match quote {
            Some(open) if *letter == open => quote = None,
            None if matches!(letter, '"' | '\'') => quote = Some(*letter),
            _ => {}
        }
        quote.is_none() && letter.is_whitespace()
    });
    end.map_or(text.len(), |(at, _)| at)
}
