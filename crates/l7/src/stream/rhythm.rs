//! When a client has all its answers: what tells, after bytes were missed, where to begin again.
//!
//! Answers of HTTP/1 and of RESP have no ids and no mark, so a place can be found again only at a moment when nothing is under
//! way. Three things show such a moment, in front of a request and behind some answer, where nothing was missed between the two:
//!
//! * The client has always waited for all answers before it asked again ([`ROUNDS`] times and never otherwise).
//! * Nothing passed for [`SILENCE`]: whatever was asked before was answered.
//! * It ends a pause much longer than answers take, which is the [`PAUSES`]th, and what ended them was never an answer. Were
//!   something under way in pauses, its answer would have come in one of them.

use crate::Nanos;

/// So many times a client must have waited for all answers to be believed to do so always.
const ROUNDS: u8 = 4;
/// Far more than commands take; those that block for longer have a connection for themselves.
const SILENCE: Nanos = 3_000_000_000;
/// Pauses that are asked for.
const PAUSES: u8 = 4;
/// A pause is so many times the usual time to an answer.
const PAUSE: Nanos = 4;

/// The times of a connection's bytes.
#[derive(Debug, Default)]
pub(crate) struct Rhythm {
    /// When the last byte passed, either way.
    last: Nanos,
    request: Nanos,
    /// Something was answered since the last request.
    answered: bool,
    /// What was answered last ended as answers end, with a line and with a segment.
    ended: bool,
    /// Usual time from a request to the first byte behind it.
    usual: Nanos,
    rounds: u8,
    pauses: u8,
    /// The client asked while answers were still to come, unless they were missed.
    seems_to_overlap: bool,
    /// The client was seen to ask before it had all answers.
    overlaps: bool,
}

impl Rhythm {
    /// Whether the client, which begins to ask at `now`, has all answers to what it asked before.
    pub(crate) fn has_all_answers(&self, now: Nanos) -> bool {
        let ends_pauses = self.is_pause(now) && self.pauses + 1 >= PAUSES;
        let is_shown = self.rounds >= ROUNDS || ends_pauses || self.silence(now) >= SILENCE;
        self.has_some_answer(now) && is_shown
    }

    /// The same, shown by the client's way and not by time: of servers that may be slow.
    pub(crate) fn has_all_answers_as_usual(&self, now: Nanos) -> bool {
        self.has_some_answer(now) && self.waits_for_all()
    }

    /// The same, where just one answer can be under way and its end was not seen.
    pub(crate) fn has_its_answer(&self, now: Nanos) -> bool {
        self.has_some_answer(now) && !self.overlaps
    }

    /// The same, as far as nothing speaks against it.
    pub(crate) fn may_have_all_answers(&self, now: Nanos) -> bool {
        self.has_some_answer(now) || self.last == 0
    }

    /// Nothing has passed for so long that there is nothing under way.
    pub(crate) const fn is_silent(&self, now: Nanos) -> bool {
        self.answered && self.ended && self.silence(now) >= SILENCE
    }

    /// Requests that waited behind a gap are read late: what was answered meanwhile tells nothing about the time before them.
    fn has_some_answer(&self, now: Nanos) -> bool {
        self.answered && self.ended && self.is_new(now)
    }

    /// Whether nothing was read that came later.
    pub(crate) const fn is_new(&self, now: Nanos) -> bool {
        now >= self.last
    }

    /// Whether the client asked before it had all answers.
    pub(crate) const fn was_seen_to_overlap(&self) -> bool {
        self.overlaps
    }

    /// Whether nothing was seen yet.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.last == 0
    }

    /// Whether it is the client's way to wait for all answers.
    pub(crate) const fn waits_for_all(&self) -> bool {
        self.rounds >= ROUNDS
    }

    const fn silence(&self, now: Nanos) -> Nanos {
        now.saturating_sub(self.last)
    }

    fn is_pause(&self, now: Nanos) -> bool {
        self.usual > 0 && self.silence(now) / PAUSE >= self.usual
    }

    /// A request begins, while so many others have no answer, as far as that is known.
    pub(crate) fn request(&mut self, now: Nanos, unanswered: Option<usize>) {
        if !self.is_new(now) {
            return;
        }
        if self.answered {
            self.pauses = PAUSES.min(self.pauses + u8::from(self.is_pause(now)));
            match unanswered {
                Some(0) => self.rounds = self.rounds.saturating_add(1),
                Some(_) => self.seems_to_overlap = true,
                None => {}
            }
        }
        self.answered = false;
        (self.request, self.last) = (now, now);
    }

    /// Bytes of the server; `ended` where they end with a line and with a segment.
    pub(crate) fn response(&mut self, now: Nanos, ended: bool) {
        if self.answered && self.is_pause(now) {
            // Something was under way in that pause.
            self.pauses = 0;
        }
        // One that began before the request, and is only read now, tells nothing about it.
        if self.seems_to_overlap && now >= self.request {
            (self.rounds, self.overlaps, self.seems_to_overlap) = (0, true, false);
        }
        if !self.answered {
            let time = now.saturating_sub(self.request);
            self.usual = if self.usual == 0 { time } else { self.usual - self.usual / 8 + time / 8 };
        }
        (self.answered, self.ended, self.last) = (true, ended, now);
    }

    /// What was concluded has turned out to be wrong.
    pub(crate) fn forget(&mut self) {
        (self.rounds, self.pauses, self.overlaps) = (0, 0, true);
    }

    /// Bytes passed that nobody saw. What is answered next may be what they asked.
    pub(crate) fn miss(&mut self) {
        (self.pauses, self.answered, self.seems_to_overlap) = (0, false, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_waits_is_known_after_some_rounds() {
        let mut rhythm = Rhythm::default();
        for round in 0..=u64::from(ROUNDS) {
            assert!(!rhythm.waits_for_all());
            rhythm.request(round * 10, Some(0));
            rhythm.response(round * 10 + 5, true);
        }
        rhythm.request(99, Some(0));
        assert!(rhythm.waits_for_all() && !rhythm.has_all_answers(100));
        rhythm.response(101, true);
        assert!(rhythm.has_all_answers(102));
        rhythm.request(102, Some(1));
        assert!(rhythm.waits_for_all(), "the answer may have been missed");
        rhythm.response(103, true);
        assert!(!rhythm.waits_for_all());
    }

    #[test]
    fn pauses_tell_unless_an_answer_ends_one() {
        let mut rhythm = Rhythm::default();
        for round in 0..=u64::from(PAUSES) {
            rhythm.request(round * 100, None);
            rhythm.response(round * 100 + 10, true);
        }
        assert!(rhythm.has_all_answers(10_000) && !rhythm.has_all_answers(420));
        rhythm.response(490, true);
        assert!(!rhythm.has_all_answers(10_000));
    }

    #[test]
    fn silence_tells_if_there_was_an_answer_before_it() {
        let mut rhythm = Rhythm::default();
        rhythm.request(1, None);
        assert!(!rhythm.has_all_answers(1 + SILENCE));
        rhythm.response(2, false);
        assert!(!rhythm.has_all_answers(2 + SILENCE));
        rhythm.response(3, true);
        assert!(rhythm.has_all_answers(3 + SILENCE) && !rhythm.has_all_answers(2 + SILENCE));
    }
}
