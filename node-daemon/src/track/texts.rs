//! Words that come again and again, kept once.

use std::{collections::HashMap, collections::HashSet};

use goldwire_l7::http;
use goldwire_model::record::Text;
use rustc_hash::{FxBuildHasher, FxHashMap};

/// Words kept in one generation. Two generations are kept, so that a word in use is never forgotten.
const GENERATION: usize = 16_384;
/// Distinct routes, and distinct patterns of keys. A program that puts ids of unknown shape into them shall not fill the history
/// with them.
const PATTERNS: usize = 4_096;
/// Stands for every one beyond those.
const OTHER: &str = "{other}";

/// Bounded store of shared text.
#[derive(Debug)]
pub(super) struct Texts {
    young: HashSet<Text, FxBuildHasher>,
    old: HashSet<Text, FxBuildHasher>,
    /// Routes of paths seen lately; emptied when full.
    by_path: FxHashMap<Text, Text>,
    routes: Patterns,
    keys: Patterns,
}

/// A bounded number of texts.
#[derive(Debug, Default)]
struct Patterns(HashSet<Text, FxBuildHasher>);

impl Texts {
    pub(super) fn new() -> Self {
        Self {
            young: HashSet::default(),
            old: HashSet::default(),
            by_path: HashMap::default(),
            routes: Patterns::default(),
            keys: Patterns::default(),
        }
    }

    /// The shared copy of a word.
    pub(super) fn share(&mut self, word: &str) -> Text {
        if let Some(known) = self.young.get(word) {
            return known.clone();
        }
        let text = self.old.get(word).cloned().unwrap_or_else(|| Text::from(word));
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text.clone());
        text
    }

    /// The route of a path, `{other}` where there are too many.
    pub(super) fn route(&mut self, path: &Text) -> Text {
        if let Some(known) = self.by_path.get(path) {
            return known.clone();
        }
        let route = self.routes.known_or_other(&http::route(path));
        if self.by_path.len() >= GENERATION {
            self.by_path = HashMap::default();
        }
        self.by_path.insert(path.clone(), route.clone());
        route
    }

    /// A pattern of keys, `{other}` where there are too many.
    pub(super) fn key_pattern(&mut self, pattern: &str) -> Text {
        self.keys.known_or_other(pattern)
    }
}

impl Patterns {
    fn known_or_other(&mut self, pattern: &str) -> Text {
        if let Some(known) = self.0.get(pattern) {
            return known.clone();
        }
        let text = Text::from(if self.0.len() < PATTERNS { pattern } else { OTHER });
        self.0.insert(text.clone());
        text
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_word_is_kept_once() {
        let mut texts = Texts::new();
        let first = texts.share("GET");
        assert!(Arc::ptr_eq(&first, &texts.share("GET")));
    }

    #[test]
    fn words_routes_and_keys_are_bounded() {
        let mut texts = Texts::new();
        let kept = texts.share("kept");
        for index in 0..100_000 {
            texts.share(&format!("word {index}"));
            texts.route(&format!("/word{index}x").into());
            texts.key_pattern(&format!("word{index}x:{{id}}"));
            assert!(Arc::ptr_eq(&kept, &texts.share("kept")));
        }
        assert!(texts.young.len() <= GENERATION && texts.old.len() <= GENERATION);
        assert!(texts.by_path.len() <= GENERATION);
        assert!(texts.routes.0.len() <= PATTERNS + 1 && texts.keys.0.len() <= PATTERNS + 1);
        assert_eq!(&*texts.route(&"/one-more-x".into()), OTHER);
        assert_eq!(&*texts.key_pattern("one-more-x"), OTHER);
    }
}
