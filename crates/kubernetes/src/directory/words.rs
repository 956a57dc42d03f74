//! One copy of each text, set of labels and container, however many pods bear it.

use std::{hash::Hash, sync::Arc};

use goldwire_model::record::Text;
use rustc_hash::FxHashSet;

use crate::Container;

type Labels = Arc<[(Text, Text)]>;

/// Fewer than this are not worth a sweep.
const FEW: usize = 1_024;

#[derive(Debug, Default)]
pub(super) struct Words {
    texts: FxHashSet<Text>,
    labels: FxHashSet<Labels>,
    containers: FxHashSet<Arc<Container>>,
    /// How many were in use after the last sweep.
    used: usize,
}

impl Words {
    pub(super) fn text(&mut self, text: &str) -> Text {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let new = Text::from(text);
        self.texts.insert(new.clone());
        new
    }

    pub(super) fn labels(&mut self, labels: &[(&str, &str)]) -> Labels {
        let labels: Vec<(Text, Text)> = labels.iter().map(|(key, value)| (self.text(key), self.text(value))).collect();
        if let Some(known) = self.labels.get(labels.as_slice()) {
            return known.clone();
        }
        let new = Labels::from(labels);
        self.labels.insert(new.clone());
        new
    }

    pub(super) fn container(&mut self, name: &str, image: Option<&str>) -> Arc<Container> {
        let container = Container { name: self.text(name), image: image.map(|image| self.text(image)) };
        if let Some(known) = self.containers.get(&container) {
            return known.clone();
        }
        let new = Arc::new(container);
        self.containers.insert(new.clone());
        new
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len() + self.labels.len() + self.containers.len()
    }

    /// Forgets what nobody uses, once there is twice as much as was in use the last time.
    pub(super) fn sweep(&mut self) {
        if self.len() < FEW + 2 * self.used {
            return;
        }
        keep_used(&mut self.containers);
        keep_used(&mut self.labels);
        keep_used(&mut self.texts);
        self.used = self.len();
    }
}

fn keep_used<T: ?Sized + Eq + Hash>(words: &mut FxHashSet<Arc<T>>) {
    words.retain(|word| Arc::strong_count(word) > 1);
    if words.capacity() > 4 * words.len() {
        words.shrink_to(2 * words.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_copy_of_each() {
        let mut words = Words::default();
        assert!(Arc::ptr_eq(&words.text("a"), &words.text("a")));
        assert!(Arc::ptr_eq(&words.labels(&[("app", "a")]), &words.labels(&[("app", "a")])));
        assert!(Arc::ptr_eq(&words.container("a", None), &words.container("a", None)));
    }

    #[test]
    fn what_nobody_uses_is_forgotten() {
        let mut words = Words::default();
        let kept = words.labels(&[("app", "kept")]);
        for number in 0..10 * FEW {
            words.text(&number.to_string());
            words.sweep();
        }
        assert!(words.len() <= FEW + 6, "{}", words.len());
        assert!(Arc::ptr_eq(&kept, &words.labels(&[("app", "kept")])));
    }
}
