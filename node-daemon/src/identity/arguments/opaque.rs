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

pub(super) fn without_opaque(text: &str) -> Cow<'_, str> {
    let Some(run) = &*RUN else { return HIDDEN.into() };
    run.replace_all(text, |found: &Captures<'_>| {
        let run = &found[0];
        if is_opaque(run) { HIDDEN.to_owned() } else { parts(run) }
    })
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
