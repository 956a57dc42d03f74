//! What becomes of commands when bytes were missed, when a trial is over, and at the end.

use goldwire_model::record::ExchangeError;

use crate::{Nanos, Sink, stream::Place};

use super::{
    answer::Answer,
    asked::{Seen, exchange},
    command::Meaning,
    pairing::{Open, Pairing},
};

impl Pairing {
    /// Commands may have passed unread; `certain` where one has.
    pub(super) fn gap_in_requests(&mut self, certain: bool, sink: &mut dyn Sink) {
        self.fail_trial(sink);
        (self.aligned, self.contradicted) = (false, false);
        self.rhythm.miss();
        self.miss_pair(u64::from(certain), sink);
    }

    /// Answers may have passed unread. One of them began before the gap at `first`, if it is told; it was seen to go on unless
    /// the bytes were `lost`.
    pub(super) fn gap_in_answers(
        &mut self,
        begun: Option<(&Answer, Place)>,
        lost: bool,
        at: Place,
        sink: &mut dyn Sink,
    ) {
        if self.fail_trial(sink) {
            return self.rhythm.miss();
        }
        let begun = begun.filter(|(answer, _)| answer.has_begun() && !self.is_aside(answer));
        let first = self.confirmed.take().map(|(first, ..)| first).or(begun.map(|(_, first)| first));
        if let Some(first) = first {
            let code = begun.and_then(|(answer, _)| answer.error_code()).map(|code| sink.text(code));
            let asked = self.pending.pop_front();
            let is_alone = self.aligned && self.pending.is_empty();
            self.open = asked.map(|asked| Open { asked, first, is_alone, code });
        }
        let missed = self.pending.len() as u64;
        self.pending.clear();
        (self.aligned, self.contradicted, self.blind) = (false, false, true);
        self.rhythm.miss();
        self.miss_pair(missed, sink);
        if lost && let Some(open) = &mut self.open {
            open.is_alone = false;
            self.end_open(at, at.time, sink);
        }
    }

    /// What was under way is over at `now`, and its end is where the server's bytes end, if it can be told at all.
    pub(super) fn end_open(&mut self, end: Place, now: Nanos, sink: &mut dyn Sink) {
        let Some(Open { asked, first, is_alone, code }) = self.open.take() else { return };
        let has_end = is_alone && self.rhythm.has_its_answer(now);
        let (last, time) = if has_end { (Some(end.time), end.time) } else { (None, first.time) };
        let bytes = end.offset.saturating_sub(first.offset);
        let error = code.as_ref().map(|_| ExchangeError::Status);
        sink.exchange(exchange(Some(asked), error, code, Seen { first: Some(first.time), last, time, bytes }));
    }

    /// Whether a command that begins at `now` may have nothing before it under way.
    pub(super) fn may_try(&self, now: Nanos) -> bool {
        self.blind && !self.answers_wait && self.rhythm.may_have_all_answers(now)
    }

    /// Nothing is under way: what was supposed is right if everything has its answer.
    pub(super) fn end_trial(&mut self, sink: &mut dyn Sink) {
        if self.pending.is_empty() && self.confirmed.is_none() {
            self.trial.succeed(sink);
        } else {
            self.fail_trial(sink);
        }
    }

    /// Whether there was a trial, which is over with nothing gained.
    pub(super) fn fail_trial(&mut self, sink: &mut dyn Sink) -> bool {
        let was_on = self.trial.is_on();
        if was_on {
            let lost = self.trial.fail() + self.pending.len() as u64;
            self.pending.clear();
            self.confirmed = None;
            (self.aligned, self.blind) = (false, true);
            if lost > 0 {
                sink.lost(lost);
            }
        }
        was_on
    }

    /// Whether exchanges are held back that time may confirm.
    pub(super) const fn is_on_trial(&self) -> bool {
        self.trial.is_on()
    }

    /// Time goes on: in a silence everything was answered.
    pub(super) fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        if self.trial.is_on() && !self.answers_wait && self.rhythm.is_silent(now) {
            self.end_trial(sink);
        }
    }

    /// So many commands will not be paired. Where nothing is read that could explain them, they are lost.
    pub(super) fn miss_pair(&mut self, commands: u64, sink: &mut dyn Sink) {
        self.unpaired += commands;
        if self.blind {
            self.settle(sink);
        }
    }

    /// What answers without a command do not explain was lost.
    pub(super) fn settle(&mut self, sink: &mut dyn Sink) {
        let explained = self.unpaired.min(self.orphans);
        let lost = std::mem::take(&mut self.unpaired) - explained;
        self.orphans -= explained;
        if lost > 0 {
            sink.lost(lost);
        }
    }

    /// The connection is over, and this answer with it.
    pub(super) fn cut_off(&mut self, answer: &Answer, first: Place, end: Place, time: Nanos, sink: &mut dyn Sink) {
        if self.fail_trial(sink) {
            return;
        }
        let first = self.confirmed.take().map_or(first, |(first, ..)| first);
        if !self.is_aside(answer)
            && let Some(asked) = self.pending.pop_front()
        {
            let bytes = end.offset.saturating_sub(first.offset);
            let seen = Seen { first: Some(first.time), last: None, time, bytes };
            sink.exchange(exchange(Some(asked), Some(ExchangeError::Truncated), None, seen));
        }
    }

    /// The connection is over: what is still asked has no answer. Shutting down the server has none by design.
    pub(super) fn close(&mut self, time: Nanos, sink: &mut dyn Sink) {
        self.expire(time, sink);
        self.fail_trial(sink);
        for asked in std::mem::take(&mut self.pending) {
            let is_wanted = asked.said.meaning == Meaning::Shutdown;
            let error = (!is_wanted).then_some(ExchangeError::NoAnswer);
            sink.exchange(exchange(Some(asked), error, None, Seen { time, ..Seen::default() }));
        }
        self.settle(sink);
    }
}
