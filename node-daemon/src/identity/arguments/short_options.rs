//! Options of one letter that take a secret, which only the program tells from others.

use super::{HIDDEN, opaque::without_opaque};

/// What a word is, of which only the word before says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    /// All of it is secret.
    Whole,
    /// All of it, unless it is an option: what stands before it is a name, and perhaps of something else.
    Named,
    /// A user and a password behind this letter.
    Behind(char),
}

impl Secret {
    pub(super) fn hide(self, text: &str) -> String {
        match self {
            Self::Whole | Self::Named if is_plain(text) => text.to_owned(),
            Self::Whole | Self::Named => HIDDEN.to_owned(),
            Self::Behind(letter) => match text.split_once(letter) {
                // A file, or nobody: `@/opt/report.sql`, `/ as sysdba`.
                Some((user, _)) if letter == '/' && matches!(user, "" | "@") => text.to_owned(),
                // Some services take a key as the user.
                Some((user, _)) => format!("{}{letter}{HIDDEN}", without_opaque(user)),
                // A user alone, whose password will be asked for.
                None => text.to_owned(),
            },
        }
    }
}

/// A switch or a number of one digit is no secret: `-pass 1`, `--password=false`.
fn is_plain(text: &str) -> bool {
    matches!(text, "" | "true" | "false") || matches!(text.as_bytes(), [digit] if digit.is_ascii_digit())
}

/// How a program takes one.
#[derive(Clone, Copy, Debug)]
struct ShortOption {
    /// Names of programs; with `*`, how they begin.
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
    whole(&["mysql*", "mariadb*", "7z*"], "p", Place::Behind),
    // `docker login`, `az login` and others; the commands beside it use the letter for something else.
    whole(
        &[
            "sshpass",
            "mongo*",
            "cqlsh*",
            "login",
            "cypher-shell",
            "influx*",
            "useradd",
            "usermod",
            "rdesktop",
            "hydra",
            "rabbitmqadmin",
        ],
        "p",
        Place::Either,
    ),
    whole(&["redis-cli*", "valkey-cli*"], "a", Place::Either),
    whole(&["ldap*", "kadmin*"], "w", Place::Either),
    whole(&["zip*", "unzip*", "sqlcmd*", "bcp", "isql*", "tsql", "ipmitool*", "mosquitto_*"], "P", Place::Either),
    whole(&["snmp*"], "cAX", Place::Either),
    whole(&["openssl*"], "kK", Place::Next),
    whole(&["ssh-keygen"], "NP", Place::Either),
    whole(&["doctl", "influx*"], "t", Place::Either),
    behind(&["curl*"], "uUE", ':'),
    // Without a `=` it is a file of cookies.
    behind(&["curl*"], "b", '='),
    behind(&["http", "https", "xh"], "a", ':'),
    behind(&["transmission-remote"], "n", ':'),
    behind(&["lftp"], "u", ','),
    behind(&["smbclient*", "rpcclient*", "net", "smbget", "winexe"], "U", '%'),
];

/// Secrets right behind a prefix of more than a letter.
const PREFIXES: &[(&[&str], &[&str])] =
    &[(&["xfreerdp*", "wlfreerdp*"], &["/p:", "/gp:", "/pth:"]), (&["rar", "unrar"], &["-hp", "-p"])];

/// Whole names of options whose value has a secret behind a letter, whatever the program.
const VALUES: &[(&str, char)] = &[("--user", ':'), ("--proxy-user", ':'), ("--cert", ':'), ("--from-literal", '=')];

const fn whole(programs: &'static [&'static str], letters: &'static str, place: Place) -> ShortOption {
    ShortOption { programs, letters, secret: Secret::Whole, place }
}

const fn behind(programs: &'static [&'static str], letters: &'static str, letter: char) -> ShortOption {
    ShortOption { programs, letters, secret: Secret::Behind(letter), place: Place::Either }
}

/// Whether a program has one of these names.
fn is_one_of(program: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name.strip_suffix('*').map_or(program == *name, |start| program.starts_with(start)))
}

/// Those of the program that was named last.
#[derive(Debug, Default)]
pub(super) struct ShortOptions {
    options: Vec<&'static ShortOption>,
    prefixes: &'static [&'static str],
}

impl ShortOptions {
    /// Any word may be a program's name: `sudo`, `env` and `sh -c` have it somewhere behind.
    pub(super) fn see(&mut self, word: &str) {
        let name = word.rsplit('/').next().unwrap_or(word);
        let options: Vec<_> = OPTIONS.iter().filter(|option| is_one_of(name, option.programs)).collect();
        if !options.is_empty() {
            self.options = options;
        }
        if let Some((_, prefixes)) = PREFIXES.iter().find(|(programs, _)| is_one_of(name, programs)) {
            self.prefixes = prefixes;
        }
    }

    /// A word that begins with a prefix of the program's, behind which a secret stands.
    pub(super) fn behind_prefix(&self, word: &str) -> Option<String> {
        let found = self.prefixes.iter().find(|prefix| word.len() > prefix.len() && word.starts_with(**prefix))?;
        Some(format!("{found}{HIDDEN}"))
    }

    /// What is shown of an option that takes a secret, and what the next word is.
    pub(super) fn secret_of(&self, word: &str) -> Option<(String, Option<Secret>)> {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        if let Some((_, letter)) = VALUES.iter().find(|(option, _)| *option == name) {
            let secret = Secret::Behind(*letter);
            let shown = value.map_or_else(|| name.to_owned(), |value| format!("{name}={}", secret.hide(value)));
            return Some((shown, value.is_none().then_some(secret)));
        }
        self.options.iter().find_map(|option| option.secret_of(word))
    }
}

impl ShortOption {
    fn secret_of(&self, word: &str) -> Option<(String, Option<Secret>)> {
        // Letters without a value may stand before it in one word: `-sSu user:password`.
        let flags = word.strip_prefix('-')?;
        let at = flags.find(|letter| self.letters.contains(letter))?;
        let are_flags = flags[..at].bytes().all(|byte| byte.is_ascii_alphabetic());
        if !are_flags || (at > 0 && self.place == Place::Behind) {
            return None;
        }
        let (shown, value) = word.split_at(at + 2);
        match (self.place, value) {
            (Place::Behind, "") => None,
            (_, "") => Some((word.to_owned(), Some(self.secret))),
            (Place::Next, _) => None,
            (_, value) => Some((format!("{shown}{}", self.secret.hide(value)), None)),
        }
    }
}
