//! Pairing on trial, where a client asks more than one thing at a time and bytes were missed.
//!
//! A request that may have nothing before it under way is taken for one that certainly has not, and what follows is paired as if
//! that were so. It is, in hindsight, at the next moment when certainly nothing is under way, if as much was answered by then as
//! was asked: anything under way at the beginning would be one answer too many. Until then the exchanges are held back; where the
//! trial fails, their answers are handed out without their requests.

use super::pairing::{Answer, AnswerEnd};

/// Exchanges that are held back at most.
const HELD_MAX: usize = 2_048;

/// What was asked and answered on trial.
#[derive(Debug)]
pub(super) struct Wave {
    asked: usize,
    /// Answers that have ended.
    pub(super) held: Vec<(Answer, AnswerEnd)>,
}

impl Wave {
    /// It begins with one request.
    pub(super) const fn of_one() -> Self {
        Self { asked: 1, held: Vec::new() }
    }

    /// One more request belongs to it. False where it has too many.
    pub(super) fn ask(&mut self) -> bool {
        self.asked += 1;
        self.asked <= HELD_MAX
    }

    /// Whether all of it is answered.
    pub(super) fn is_complete(&self) -> bool {
        self.held.len() == self.asked
    }
}
