//! Options of one letter that take a secret, which only the program tells from others.

use super::{HIDDEN, opaque::without_opaque};

/// What a word is, of which only the word before says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    /// All of it is secret.
    Whole,
    /// A user and a password behind this letter.
    Behind(char),
}

impl Secret {
    pub(super) fn hide(self, text: &str) -> String {
        match self {
            Self::Whole => HIDDEN.to_owned(),
            Self::Behind(letter) => match text.split_once(letter) {
                // Some services take a key as the user.
                Some((user, _)) => format!("{}{letter}{HIDDEN}", without_opaque(user)),
                // A user alone, whose password will be asked for.
                None => text.to_owned(),
            },
        }
    }
}

/// How a program takes one.
#[derive(Clone, Copy, Debug)]
struct ShortOption {
    /// Programs whose names begin so.
    programs: &'static [&'static str],
    letters: &'static str,
    secret: Secret,
    place: Place,
}

/// Where a secret stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Right behind the letter.
    Behind,
    /// It is the next word.
    Next,
    Either,
}

const OPTIONS: &[ShortOption] = &[
    // Without anything behind it, they ask.
    whole(&["mysql", "mariadb", "7z"], "p", Place::Behind),
    // `docker login`, `az login` and others; the commands beside it use the letter for something else.
    whole(&["sshpass", "mongo", "cqlsh", "login", "cypher-shell", "influx"], "p", Place::Either),
    whole(&["redis-cli", "valkey-cli"], "a", Place::Either),
    whole(&["ldap"], "w", Place::Either),
    whole(&["zip", "unzip", "sqlcmd", "bcp", "isql", "tsql", "ipmitool"], "P", Place::Either),
    whole(&["snmp"], "cAX", Place::Either),
    whole(&["openssl"], "kK", Place::Next),
    ShortOption { programs: &["curl"], letters: "uU", secret: Secret::Behind(':'), place: Place::Either },
    ShortOption {
        programs: &["smbclient", "rpcclient"],
        letters: "U",
        secret: Secret::Behind('%'),
        place: Place::Either,
    },
];

/// Whole names of options that take a user with a password, whatever the program.
const USERS: &[&str] = &["--user", "--proxy-user"];

const fn whole(programs: &'static [&'static str], letters: &'static str, place: Place) -> ShortOption {
    ShortOption { programs, letters, secret: Secret::Whole, place }
}

/// Those of the program that was named last.
#[derive(Debug, Default)]
pub(super) struct ShortOptions(Option<ShortOption>);

impl ShortOptions {
    /// Any word may be a program's name: `sudo`, `env` and `sh -c` have it somewhere behind.
    pub(super) fn see(&mut self, word: &str) {
        let name = word.rsplit('/').next().unwrap_or(word);
        let is_of = |option: &&ShortOption| option.programs.iter().any(|program| name.starts_with(program));
        self.0 = OPTIONS.iter().find(is_of).copied().or(self.0);
    }

    /// What is shown of an option that takes a secret, and what the next word is.
    pub(super) fn secret_of(&self, word: &str) -> Option<(String, Option<Secret>)> {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        if USERS.contains(&name) {
            let shown =
                value.map_or_else(|| name.to_owned(), |value| format!("{name}={}", Secret::Behind(':').hide(value)));
            return Some((shown, value.is_none().then_some(Secret::Behind(':'))));
        }
        let option = self.0?;
        // Letters without a value may stand before it in one word: `-sSu user:password`.
        let flags = word.strip_prefix('-')?;
        let at = flags.find(|letter| option.letters.contains(letter))?;
        let are_flags = flags[..at].bytes().all(|byte| byte.is_ascii_alphabetic());
        if !are_flags || (at > 0 && option.place == Place::Behind) {
            return None;
        }
        let (shown, value) = word.split_at(at + 2);
        match (option.place, value) {
            (Place::Behind, "") => None,
            (_, "") => Some((word.to_owned(), Some(option.secret))),
            (Place::Next, _) => None,
            (_, value) => Some((format!("{shown}{}", option.secret.hide(value)), None)),
        }
    }
}
