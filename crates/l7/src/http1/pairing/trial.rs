//! Behind a gap: pairings are tried on what is asked at a time, and stand when as much was answered.

use crate::{
    Nanos, Sink,
    http1::{asked::Asked, wave::Wave},
};

use super::{Pairing, QUIET};

impl Pairing {
    /// Begins the queue afresh, or tries to, where everything before this request has its answer.
    pub(super) fn ask_behind_gap(&mut self, is_behind_gap: bool, time: Nanos, sink: &mut dyn Sink) {
        // What was asked before a connection was joined would be answered as well, and so betray itself.
        let is_joined = self.rhythm.is_fresh();
        let may_begin = (is_joined || !is_behind_gap) && !self.answers_wait && self.answer.is_none();
        if may_begin && self.rhythm.has_all_answers_as_usual(time) {
            self.end_wave(sink);
            if !self.aligned {
                self.pass_pending();
                self.align();
                self.settle(sink);
            }
        } else if let Some(wave) = &mut self.wave {
            if !wave.ask() {
                self.give_up_wave(sink);
            }
        } else if may_begin && self.trusted == 0 && self.rhythm.may_have_all_answers(time) {
            self.pass_pending();
            self.wave = Some(Wave::of_one());
        }
    }

    /// What is still asked was answered in bytes that were missed.
    pub(super) fn pass_pending(&mut self) {
        self.unpaired += self.pending.len() as u64;
        self.pending.clear();
    }

    /// Nothing is under way. Where as much was answered as was asked, what was tried is right.
    pub(super) fn end_wave(&mut self, sink: &mut dyn Sink) {
        let is_over = self.answer.is_none() && self.pending.is_empty();
        let Some(wave) = self.wave.take_if(|wave| is_over && wave.is_complete()) else {
            return self.give_up_wave(sink);
        };
        wave.held.into_iter().for_each(|(answer, end)| self.hand_out(answer, end, sink));
        self.align();
        self.settle(sink);
    }

    /// Nobody can tell whose the answers are.
    pub(super) fn give_up_wave(&mut self, sink: &mut dyn Sink) {
        let Some(wave) = self.wave.take() else { return };
        for (mut answer, end) in wave.held {
            self.orphan(answer.asked.take().is_some());
            self.hand_out(answer, end, sink);
        }
        if let Some(answer) = self.answer.as_mut().filter(|answer| answer.is_unsure) {
            answer.is_unsure = false;
            let was_asked = answer.asked.take().is_some();
            self.orphan(was_asked);
        }
    }

    /// An answer turned out not to be certainly for what it seemed to be for.
    pub(super) fn orphan(&mut self, was_asked: bool) {
        self.unpaired += u64::from(was_asked);
        self.orphans += u64::from(was_asked);
    }

    /// The client has all answers whenever it asks again, as far as was seen.
    pub(in crate::http1) fn waits_for_all(&self) -> bool {
        self.rhythm.waits_for_all()
    }

    /// Whether exchanges are held back until time or the next wave tells.
    pub(in crate::http1) fn is_on_trial(&self) -> bool {
        self.wave.as_ref().is_some_and(|wave| !wave.held.is_empty())
    }

    /// Time goes on: in a silence everything was answered.
    pub(in crate::http1) fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        let is_quiet = now.saturating_sub(self.last_answer.max(self.last_request)) > QUIET;
        if is_quiet && !self.answers_wait && self.wave.as_ref().is_some_and(Wave::is_complete) {
            self.end_wave(sink);
        }
    }

    /// The next request of the wave that is tried, which an answer at `time` is for if the wave is right; and whether that is unsure.
    pub(super) fn next_on_trial(&mut self, time: Nanos, sink: &mut dyn Sink) -> (Option<Asked>, bool) {
        let asked = self.wave.as_ref().and_then(|_| self.pending.pop_front_if(|asked| asked.start.time <= time));
        if asked.is_none() {
            self.give_up_wave(sink);
        }
        let is_unsure = asked.is_some();
        (asked, is_unsure)
    }
}
