//! Secrets that stand as a word of their own, which only the commands before them tell.

use super::short_options::Secret;

/// Words that are looked back on; command lines of people are shorter.
const LOOKED_BACK_ON: usize = 32;

/// Words that come in this order, others between them; what follows is secret.
struct Positional {
    /// The first is a program's name or a word of SQL. One with a dash is any option with all of its letters.
    words: &'static [&'static str],
    /// Words behind the last of them that are not yet.
    skipped: usize,
    secret: Secret,
}

const fn whole(words: &'static [&'static str], skipped: usize) -> Positional {
    Positional { words, skipped, secret: Secret::Whole }
}

const fn behind(words: &'static [&'static str], letter: char) -> Positional {
    Positional { words, skipped: 0, secret: Secret::Behind(letter) }
}

const POSITIONALS: &[Positional] = &[
    whole(&["vault", "login"], 0),
    whole(&["vault", "unseal"], 0),
    whole(&["vault", "unwrap"], 0),
    whole(&["vault", "token", "lookup"], 0),
    whole(&["vault", "token", "renew"], 0),
    whole(&["vault", "token", "revoke"], 0),
    behind(&["vault", "kv", "put"], '='),
    behind(&["vault", "kv", "patch"], '='),
    behind(&["vault", "write"], '='),
    whole(&["wpa_passphrase"], 1),
    whole(&["iwconfig", "key"], 0),
    whole(&["iw", "key"], 0),
    whole(&["openssl", "passwd"], 0),
    whole(&["mkpasswd"], 0),
    whole(&["htpasswd", "-nb"], 1),
    whole(&["htpasswd", "-b"], 2),
    whole(&["rabbitmqctl", "add_user"], 1),
    whole(&["rabbitmqctl", "authenticate_user"], 1),
    whole(&["rabbitmqctl", "change_password"], 1),
    whole(&["redis-cli", "auth"], 0),
    whole(&["valkey-cli", "auth"], 0),
    whole(&["redis-cli", "acl", "setuser"], 1),
    whole(&["valkey-cli", "acl", "setuser"], 1),
    whole(&["mc", "alias", "set"], 2),
    whole(&["mc", "config", "host", "add"], 2),
    whole(&["rclone", "obscure"], 0),
    whole(&["cloudflared", "service", "install"], 0),
    whole(&["ngrok", "authtoken"], 0),
    whole(&["ngrok", "add-authtoken"], 0),
    whole(&["chamber", "write"], 2),
    whole(&["credstash", "put"], 1),
    whole(&["gh", "secret", "set"], 1),
    whole(&["az", "secret", "set", "--value"], 0),
    whole(&["samba-tool", "user", "create"], 1),
    whole(&["samba-tool", "user", "add"], 1),
    whole(&["smbpasswd"], 1),
    behind(&["sqlplus"], '/'),
    behind(&["expdp"], '/'),
    behind(&["impdp"], '/'),
    behind(&["rman"], '/'),
    whole(&["identified", "by"], 0),
];

/// The words of one command so far.
#[derive(Debug, Default)]
pub(super) struct Positionals(Vec<String>);

impl Positionals {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is shown of this word where those before it say that it is a secret; remembers it.
    pub(super) fn hidden(&mut self, word: &str) -> Option<String> {
        let option = word.split_once('=').filter(|_| word.starts_with("--"));
        if let Some((name, value)) = option {
            self.push(name);
            return self.secret().map(|secret| format!("{name}={}", secret.hide(value)));
        }
        let secret = self.secret().filter(|_| !word.starts_with('-'));
        self.push(word);
        if word.ends_with([';', '|', '&']) {
            self.0.clear();
        }
        secret.map(|secret| secret.hide(word))
    }

    pub(super) fn push(&mut self, word: &str) {
        if self.0.len() < LOOKED_BACK_ON {
            self.0.push(word.to_ascii_lowercase());
        }
    }

    fn secret(&self) -> Option<Secret> {
        POSITIONALS.iter().find(|rule| self.has(rule)).map(|rule| rule.secret)
    }

    fn has(&self, rule: &Positional) -> bool {
        let mut words = self.0.iter();
        let is_there = rule.words.iter().all(|wanted| words.any(|word| is(word, wanted)));
        is_there && words.filter(|word| !word.starts_with('-')).count() >= rule.skipped
    }
}

fn is(word: &str, wanted: &str) -> bool {
    if wanted.starts_with("--") {
        return word == wanted;
    }
    match (wanted.strip_prefix('-'), word.strip_prefix('-')) {
        (Some(wanted), Some(letters)) => {
            !letters.starts_with('-') && wanted.chars().all(|letter| letters.contains(letter))
        }
        (None, None) => word.rsplit('/').next() == Some(wanted),
        _ => false,
    }
}
