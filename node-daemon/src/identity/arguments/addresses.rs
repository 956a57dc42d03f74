//! Secrets within addresses: users with a password, keys in paths and in queries.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};

use super::{HIDDEN, words::is_secret_name};

/// Shorter values of `key` and `code` are words or numbers.
const SHORTEST_KEY: usize = 12;
/// Segments of a path behind which a web hook's key stands.
const HOOKS: &[&str] = &["hook", "hooks", "webhook", "webhooks", "webhookb2", "with/key"];

static USER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"([A-Za-z][\w+.-]*://)([^\s"']+)@"#).ok());
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"([A-Za-z][\w+.-]*)://([^\s"'/?#]*)([^\s"'?#]*)(\?[^\s"'#]*)?"#).ok());
/// Telegram's bots have their key in the path.
static BOT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"/bot\d+:[\w-]+").ok());

/// The text without secrets in its addresses.
pub(super) fn without_secrets(text: &str) -> Cow<'_, str> {
    let (Some(address), Some(bot)) = (&*ADDRESS, &*BOT) else { return HIDDEN.into() };
    if !text.contains("://") {
        return text.into();
    }
    let text = without_users(text);
    let text = bot.replace_all(&text, format!("/bot{HIDDEN}"));
    let shown = address.replace_all(&text, |found: &Captures<'_>| {
        let query = found.get(4).map_or(String::new(), |query| without_values(query.as_str()));
        format!("{}://{}{}{query}", &found[1], &found[2], path(&found[1], &found[2], &found[3]))
    });
    shown.into_owned().into()
}

/// `scheme://user:***@host`. Of HTTP a user alone may be a token.
fn without_users(text: &str) -> Cow<'_, str> {
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

/// Of a live stream the last segment is its key; of a web hook all behind the segment that says so.
fn path<'a>(scheme: &str, host: &str, path: &'a str) -> Cow<'a, str> {
    if scheme.starts_with("rtmp") {
        let start = path.rfind('/').filter(|at| path[..*at].contains('/') && at + 1 < path.len());
        return start.map_or(path.into(), |at| format!("{}/{HIDDEN}", &path[..at]).into());
    }
    let first =
        if host.starts_with("hooks.") { path.get(1..).and_then(|path| path.find('/')).map(|at| at + 2) } else { None };
    let hook = HOOKS.iter().filter_map(|hook| {
        let segment = format!("/{hook}/");
        path.to_ascii_lowercase().find(&segment).map(|at| at + segment.len())
    });
    let key = first.into_iter().chain(hook).min().filter(|at| *at < path.len());
    key.map_or(path.into(), |at| format!("{}{HIDDEN}", &path[..at]).into())
}

/// The query of an address, without its secrets.
fn without_values(query: &str) -> String {
    let pairs = query[1..].split_inclusive(['&', ';']).map(|pair| match pair.split_once('=') {
        Some((name, value)) if is_secret(name, value.trim_end_matches(['&', ';'])) => {
            let end = if pair.ends_with(['&', ';']) { &pair[pair.len() - 1..] } else { "" };
            format!("{name}={HIDDEN}{end}")
        }
        _ => pair.to_owned(),
    });
    format!("?{}", pairs.collect::<String>())
}

fn is_secret(name: &str, value: &str) -> bool {
    if value.is_empty() {
        return false;
    }
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "key" | "code" => value.len() >= SHORTEST_KEY,
        "session" | "sid" | "ticket" | "hmac" => true,
        _ => is_secret_name(&name),
    }
}
