//! Which exchanges of a conversation are over, so that nothing is counted twice.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::Nanos;

use super::message::Question;

/// Exchanges that are remembered on one conversation.
const REMEMBERED_MAX: usize = 64;
/// How much later an answer may come than the one before it, or than its query was given up.
const LATE: Nanos = 30_000_000_000;

#[derive(Debug)]
struct Over {
    /// Of id and question.
    hash: u64,
    time: Nanos,
}

/// The last exchanges that are over.
#[derive(Debug, Default)]
pub(super) struct Settled {
    last: VecDeque<Over>,
    /// When the last that was forgotten was over.
    forgotten: Option<Nanos>,
}

impl Settled {
    pub(super) fn add(&mut self, id: u16, question: &Question, time: Nanos) {
        if self.last.len() >= REMEMBERED_MAX {
            self.forgotten = self.last.pop_front().map(|over| over.time);
        }
        self.last.push_back(Over { hash: hash(id, question), time });
    }

    /// Whether an answer is certainly to none of those that are over. Where many come, too few are remembered to say so.
    pub(super) fn is_new(&self, id: u16, question: &Question, time: Nanos) -> bool {
        let hash = hash(id, question);
        let may_be_forgotten = self.forgotten.is_some_and(|forgotten| time.saturating_sub(forgotten) <= LATE);
        !may_be_forgotten && self.last.iter().all(|over| over.hash != hash)
    }
}

fn hash(id: u16, question: &Question) -> u64 {
    let mut hasher = DefaultHasher::new();
    (id, question).hash(&mut hasher);
    hasher.finish()
}
