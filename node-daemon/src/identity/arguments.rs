//! A process's command line for people: its arguments joined by spaces, with secrets replaced.
//!
//! What looks like a secret is replaced, whether it is one or not: a word too many is missing, rather than a password shown.
//! Programs take secrets in ways that nobody can list whole; a secret that stands where nothing says so is not recognised.

use crate::decode::Arguments;

mod addresses;
mod opaque;
mod positional;
mod short_options;
#[cfg(test)]
mod tests;
mod words;

use opaque::without_opaque;
use positional::Positionals;
use short_options::{Secret, ShortOptions};
use words::{hides_rest, is_secret_name, last_name, names_next, split, without_pairs};

/// Stands where a secret was.
const HIDDEN: &str = "***";
/// Stands where more was than is kept.
const CUT: &str = "…";
/// Kinds of credentials in a header.
const SCHEMES: &[&str] = &["basic", "bearer", "digest", "token"];
/// Programs that take a secret from what `echo` writes.
const READERS: &[&str] = &[
    "chpasswd",
    "--password-stdin",
    "--stdin",
    "sudo -S",
    "--with-token",
    "smbpasswd -s",
    "--passphrase-fd",
    "cryptsetup",
];
/// Options with the value of what the word before them names.
const VALUES: &[&str] = &["-v", "--value", "--body"];
/// Command lines within arguments (`sh -c '…'`) within arguments; deeper ones are hidden.
const DEEPEST: usize = 4;

/// The command line; absent where nothing was read.
pub(super) fn command_line(arguments: &Arguments<'_>) -> Option<String> {
    let text = String::from_utf8_lossy(arguments.bytes);
    let mut parts: Vec<&str> = text.trim_end_matches('\0').split('\0').collect();
    let cut_word = parts.last_mut().filter(|_| arguments.is_cut);
    if let Some(last) = cut_word {
        // Half a word does not show what it is: of `scheme://user:password@host` the end may be missing.
        *last = last.rfind(char::is_whitespace).map_or("", |end| &last[..end]);
    }
    let mut scrubber = Scrubber::default();
    let mut shown: Vec<String> = parts.into_iter().map(|part| scrubber.argument(part)).collect();
    if arguments.is_cut {
        shown.retain(|part| !part.is_empty());
        shown.push(CUT.to_owned());
    }
    let line = shown.join(" ").replace(char::is_control, " ");
    (!line.trim().is_empty()).then_some(line)
}

/// Goes over the words of a command line.
#[derive(Debug, Default)]
struct Scrubber {
    /// What the word before says of this one.
    next: Option<Secret>,
    /// Of the program that was named last.
    options: ShortOptions,
    /// Of the command that the words belong to.
    positionals: Positionals,
    depth: usize,
}

impl Scrubber {
    fn argument(&mut self, text: &str) -> String {
        let before = self.next.take();
        let is_option_of_named = before == Some(Secret::Named) && text.starts_with('-');
        if let Some(secret) = before.filter(|_| !is_option_of_named) {
            if matches!(text, "=" | ":") {
                self.next = Some(secret);
                return text.to_owned();
            }
            // The kind of a credential stands before it.
            if SCHEMES.iter().any(|scheme| text.eq_ignore_ascii_case(scheme)) {
                self.next = Some(secret);
                return text.to_owned();
            }
            // It counts among the words of its command all the same.
            self.positionals.push(text);
            return secret.hide(text);
        }
        if let Some(header) = hides_rest(text) {
            return header;
        }
        if let Some((name, value)) = text.split_once('=')
            && !name.contains(char::is_whitespace)
            && is_secret_name(name)
        {
            // All behind it is its value, spaces too.
            return format!("{name}={}", Secret::Whole.hide(value));
        }
        if is_option_of_named && VALUES.contains(&text) {
            self.next = Some(Secret::Whole);
            return text.to_owned();
        }
        if text.contains(char::is_whitespace) { self.command_line(text) } else { self.word(text) }
    }

    /// A command line within an argument, or any text.
    fn command_line(&self, text: &str) -> String {
        if self.depth >= DEEPEST {
            return HIDDEN.to_owned();
        }
        let mut inner = Self { depth: self.depth + 1, ..Self::default() };
        let words: Vec<_> = split(text).collect();
        if let [(space, "", word)] = words[..] {
            // Its spaces are within quotes that begin in its middle, or in one that is never closed.
            let pairless = without_pairs(word);
            let words = pairless.split_whitespace().map(|word| inner.argument(word));
            return format!("{space}{}", words.collect::<Vec<_>>().join(" "));
        }
        let mut spoken = Spoken::new(text);
        let shown = words.into_iter().map(|(space, quote, word)| {
            let word = if spoken.hides(word) { HIDDEN.to_owned() } else { inner.argument(word) };
            format!("{space}{quote}{word}{quote}")
        });
        shown.collect()
    }

    fn word(&mut self, text: &str) -> String {
        let names_next = !self.positionals.is_empty() && names_next(text);
        if let Some(shown) = self.positionals.hidden(text).or_else(|| self.options.behind_prefix(text)) {
            return shown;
        }
        self.options.see(text);
        if let Some(option) = text.strip_prefix('-') {
            if let Some((shown, next)) = self.options.secret_of(text) {
                self.next = next;
                return shown;
            }
            let is_name = option.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.'));
            if is_name && is_secret_name(option) {
                self.next = Some(Secret::Whole);
                return text.to_owned();
            }
        }
        if text.strip_suffix([':', '=']).is_some_and(|text| is_secret_name(last_name(text))) {
            self.next = Some(Secret::Whole);
        } else if names_next {
            self.next = Some(Secret::Named);
        }
        without_opaque(&addresses::without_secrets(&without_pairs(text))).into_owned()
    }
}

/// What a shell writes to a program that reads a secret: `echo hunter2 | docker login --password-stdin`.
#[derive(Debug)]
struct Spoken {
    has_reader: bool,
    is_speaking: bool,
}

impl Spoken {
    fn new(text: &str) -> Self {
        Self { has_reader: READERS.iter().any(|reader| text.contains(reader)), is_speaking: false }
    }

    fn hides(&mut self, word: &str) -> bool {
        if word.contains(['|', ';', '&']) {
            self.is_speaking = false;
        }
        let hides = self.has_reader && self.is_speaking && !word.starts_with('-');
        self.is_speaking |= matches!(word, "echo" | "printf" | "<<<");
        hides
    }
}
