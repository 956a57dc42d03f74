//! Words that come again and again, kept once.

use std::{collections::HashMap, collections::HashSet};

use goldwire_l7::http;
use goldwire_model::record::Text;
use rustc_hash::{FxBuildHasher, FxHashMap};

/// Words kept in one generation. Two generations are kept, so that a word in use is never forgotten.
const GENERATION: usize = 16_384;
/// Distinct routes. A server that puts ids of unknown shape into its paths shall not fill the history with them.
const ROUTES: usize = 4_096;
/// Stands for every route beyond those.
const OTHER_ROUTE: &str = "{other}";

/// Bounded store of shared text.
#[derive(Debug)]
pub(super) struct Texts {
    young: HashSet<Text, FxBuildHasher>,
    old: HashSet<Text, FxBuildHasher>,
    routes: Routes,
}

#[derive(Debug, Default)]
struct Routes {
    /// Of paths seen lately; emptied when full.
    by_path: FxHashMap<Text, Text>,
    distinct: HashSet<Text, FxBuildHasher>,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self { young: HashSet::default(), old: HashSet::default(), routes: Routes::default() }
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
        if let Some(known) = self.routes.by_path.get(path) {
            return known.clone();
        }
        let route = self.routes.distinct_route(&http::route(path));
        if self.routes.by_path.len() >= GENERATION {
            self.routes.by_path = HashMap::default();
        }
        self.routes.by_path.insert(path.clone(), route.clone());
        route
    }
}

impl Routes {
    fn distinct_route(&mut self, route: &str) -> Text {
        if let Some(known) = self.distinct.get(route) {
            return known.clone();
        }
        let text = Text::from(if self.distinct.len() < ROUTES { route } else { OTHER_ROUTE });
        self.distinct.insert(text.clone());
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
    fn words_and_routes_are_bounded() {
        let mut texts = Texts::new();
        let kept = texts.share("kept");
        for index in 0..100_000 {
            texts.share(&format!("word {index}"));
            texts.route(&format!("/word{index}x").into());
            assert!(Arc::ptr_eq(&kept, &texts.share("kept")));
        }
        assert!(texts.young.len() <= GENERATION && texts.old.len() <= GENERATION);
        assert!(texts.routes.by_path.len() <= GENERATION && texts.routes.distinct.len() <= ROUTES + 1);
        assert_eq!(&*texts.route(&"/one-more-x".into()), OTHER_ROUTE);
    }
}
