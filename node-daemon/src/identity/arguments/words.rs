//! Words of a command line, and secrets that are named within them.

use std::sync::LazyLock;

use regex::Regex;

use super::HIDDEN;

/// A name with one of these in it is a secret's, whatever stands around it.
const PARTS: &[&str] = &[
    "passw",
    "passphrase",
    "passcode",
    "secret",
    "apikey",
    "accesskey",
    "accountkey",
    "authkey",
    "encryptionkey",
    "masterkey",
    "privatekey",
    "sharedkey",
    "signingkey",
    "storagekey",
    "subscriptionkey",
    "credential",
    "signature",
    "sessionid",
];
/// Other parts that a name may end with.
const ENDS: &[&str] = &["pass", "token", "authorization", "cookie", "bearer"];
/// Words between `-`, `_` and `.` that say so alone.
const WORDS: &[&str] = &["auth", "jwt", "opw", "otp", "passin", "passout", "psk", "pw", "pwd", "sas", "sig", "upw"];
/// What is said of a secret, not the secret: where it stands, of what kind it is, how long it lasts.
const ABOUT: &[&str] = &[
    "dir",
    "file",
    "path",
    "url",
    "uri",
    "endpoint",
    "type",
    "mode",
    "method",
    "name",
    "ttl",
    "lifetime",
    "timeout",
    "policy",
    "length",
    "provider",
    "issuer",
    "audience",
    "algorithm",
    "stdin",
    "fd",
];
/// Behind these a word of its own is one: `password hunter2`, `wifi-sec.psk hunter2`.
const ALONE: &[&str] = &["password", "passphrase", "psk", "requirepass"];
/// What begins so is a file (`.htpasswd`), whatever its name.
const FILES: &[&str] = &[
    ".", "/bin/", "/dev/", "/etc/", "/home/", "/lib", "/opt/", "/proc/", "/root/", "/run/", "/sbin/", "/srv/", "/sys/",
    "/tmp/", "/usr/", "/var/",
];

/// Whether what has this name is a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.trim_matches(['"', '\'', '-']);
    if is_key_of_environment(name) {
        return true;
    }
    let name = name.to_ascii_lowercase();
    if ABOUT.iter().any(|about| name.ends_with(about)) {
        return false;
    }
    let joined: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    PARTS.iter().any(|part| joined.contains(part))
        || ENDS.iter().any(|end| joined.ends_with(end))
        || name.split(['-', '_', '.']).any(|word| WORDS.contains(&word))
}

/// `STRIPE_KEY`: variables are named by what they are.
fn is_key_of_environment(name: &str) -> bool {
    let is_variable = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    is_variable && name.ends_with("_KEY") && !name.contains("PUBLIC")
}

/// Whether a word that is no option names what the next word is.
pub(super) fn names_next(word: &str) -> bool {
    if ALONE.iter().any(|name| word.eq_ignore_ascii_case(name)) {
        return true;
    }
    let is_key = word.contains(['.', '_', ':', '/']) && word.bytes().any(|byte| byte.is_ascii_lowercase());
    let is_other = word.contains("://") || FILES.iter().any(|start| word.starts_with(start));
    let name = word.rsplit(['/', ':', '.']).next().unwrap_or(word);
    is_key && !is_other && (is_secret_name(name) || name == "secrets")
}

/// What stands last in a word before its `:` or `=`.
pub(super) fn last_name(text: &str) -> &str {
    let text = text.trim_end_matches(['"', '\'']);
    text.rsplit(['=', '"', '\'']).next().unwrap_or(text)
}

static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?is)^(?:([\w-]+)\s*:|bearer\s).+").ok());
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"[A-Za-z][\w.-]*["']?\s*[=:]\s*"#).ok());

/// Of a header (`Authorization: Bearer …`) the name alone; absent where this is none.
pub(super) fn hides_rest(text: &str) -> Option<String> {
    let Some(header) = &*HEADER else { return Some(HIDDEN.to_owned()) };
    let found = header.captures(text)?;
    let Some(name) = found.get(1) else { return Some(format!("{} {HIDDEN}", &text[.."bearer".len()])) };
    let is_secret = is_secret_name(name.as_str()) || is_key_of_header(name.as_str(), &text[name.end()..]);
    let space = if text[name.end()..].trim_start().starts_with(": ") { " " } else { "" };
    is_secret.then(|| format!("{}:{space}{HIDDEN}", name.as_str()))
}

/// `X-Functions-Key: …`; a key of anything else has no space behind its colon.
fn is_key_of_header(name: &str, rest: &str) -> bool {
    name.to_ascii_lowercase().ends_with("-key") && rest.starts_with(": ")
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
