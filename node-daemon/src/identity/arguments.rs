//! A process's command line for people: its arguments joined by spaces, with secrets replaced.
//!
//! What looks like a secret is replaced, whether it is one or not: a word too many is missing, rather than a password shown.
//! Programs take secrets in ways that nobody can list whole; a secret that stands where nothing says so is not recognised.

use crate::decode::Arguments;

mod opaque;
mod short_options;
#[cfg(test)]
mod tests;
mod words;

use opaque::without_opaque;
use short_options::{Secret, ShortOptions};
use words::{hides_rest, is_secret_name, last_name, split, without_pairs, without_users};

/// Stands where a secret was.
const HIDDEN: &str = "***";
/// Stands where more was than is kept.
const CUT: &str = "…";
/// Kinds of credentials in a header.
const SCHEMES: &[&str] = &["basic", "bearer", "digest", "token"];
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
    depth: usize,
}

impl Scrubber {
    fn argument(&mut self, text: &str) -> String {
        if let Some(secret) = self.next.take() {
            // The kind of a credential stands before it.
            if SCHEMES.iter().any(|scheme| text.eq_ignore_ascii_case(scheme)) {
                self.next = Some(secret);
                return text.to_owned();
            }
            return secret.hide(text);
        }
        if let Some(header) = hides_rest(text) {
            return header;
        }
        if let Some((name, _)) = text.split_once('=')
            && !name.contains(char::is_whitespace)
            && is_secret_name(name)
        {
            // All behind it is its value, spaces too.
            return format!("{name}={HIDDEN}");
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
        words.into_iter().map(|(space, quote, word)| format!("{space}{quote}{}{quote}", inner.argument(word))).collect()
    }

    fn word(&mut self, text: &str) -> String {
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
        }
        without_opaque(&without_users(&without_pairs(text))).into_owned()
    }
}
