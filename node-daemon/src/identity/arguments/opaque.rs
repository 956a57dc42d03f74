//! Text that means nothing to people: keys, tokens, digests.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};

use super::HIDDEN;

/// Hexadecimal digits that are a key or a digest rather than a number.
const HEXADECIMAL: usize = 32;
/// Letters of both cases among digits that are no name.
const MIXED: usize = 24;
/// Parts of a path are shorter on average than those of base64, which has a slash every 64 letters.
const BETWEEN_SLASHES: usize = 20;

static RUN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("[A-Za-z0-9_+/-]{24,}=*").ok());

/// Keys that say by their first letters what they are.
static MARKED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let marks = "AKIA|ASIA|AIza|ya29\\.|gh[oprsu]_|github_pat_|glpat-|hf_|hvs\\.|npm_|pypi-|dop_v1_|[prs]k_(?:live|test)_|sk-\
                 |SG\\.|SWMTKN-|tskey-|whsec_|xox[abeprs]-|eyJ[\\w-]+\\.eyJ";
    Regex::new(&format!(r"(^|[^\w-])((?:{marks})[\w.-]{{8,}})")).ok()
});

pub(super) fn without_opaque(text: &str) -> Cow<'_, str> {
    let (Some(run), Some(marked)) = (&*RUN, &*MARKED) else { return HIDDEN.into() };
    let unmarked = marked.replace_all(text, format!("${{1}}{HIDDEN}"));
    let shown = run.replace_all(&unmarked, |found: &Captures<'_>| {
        let run = &found[0];
        if is_opaque(run) { HIDDEN.to_owned() } else { parts(run) }
    });
    shown.into_owned().into()
}

/// A run may be a path that ends in something opaque.
fn parts(run: &str) -> String {
    let parts = run.split('/').map(|part| if is_opaque(part) { HIDDEN } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn is_opaque(run: &str) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let hexadecimal = |part: &str| part.len() >= HEXADECIMAL && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if run.split(|letter: char| !letter.is_ascii_alphanumeric()).any(hexadecimal) {
        return true;
    }
    let has_both_cases =
        run.bytes().any(|byte| byte.is_ascii_uppercase()) && run.bytes().any(|byte| byte.is_ascii_lowercase());
    let per_part = run.len() / (run.matches('/').count() + 1);
    run.len() >= MIXED && has_both_cases && digits >= 3 && per_part >= BETWEEN_SLASHES
}
