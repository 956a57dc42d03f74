//! What can be said of exchanges whose end was not seen.

use goldwire_model::record::ExchangeError;

use crate::{Nanos, Sink, sql::Step, stream::Place};

use super::{
    steps::{Asked, Group, What},
    wire::{End, Postgresql},
};

impl Postgresql {
    /// A round is over of whose answer a part was not captured. `completed` is where its last command was: then all of them
    /// were, since an error would have ended the round.
    pub(super) fn end_unseen_round(&mut self, completed: Option<Place>, end: Place, sink: &mut dyn Sink) {
        let is_one =
            self.rounds.certain().take_while(|step| !step.ends_round()).filter(|step| step.is_exchange()).count()
                + usize::from(self.rounds.front().is_some_and(|front| matches!(front.what, What::Query(_))))
                == 1;
        let is_clear = is_one && !self.rounds.is_ambiguous() && !self.is_skipping;
        match completed {
            _ if !self.rounds.is_answering() => {}
            Some(completed) if is_clear => self.complete_round(completed, end, sink),
            _ if self.rounds.is_ambiguous() => self.distrust(),
            _ if self.is_skipping => {}
            _ => self.lose_round(sink),
        }
        self.end_round(end);
    }

    /// All steps of the present round were done, one of them an exchange.
    fn complete_round(&mut self, completed: Place, end: Place, sink: &mut dyn Sink) {
        while let Some(front) = self.rounds.front() {
            if front.begins && self.group.start != Some(front.start) {
                self.group = Group::begun(front, None);
            }
            match front.what {
                What::Query(_) => return self.queried(End::at(end), sink),
                What::Execute { .. } => self.executed(End::at(completed), sink),
                What::Sync | What::Startup => return,
                _ => {
                    if let Some(step) = self.rounds.take() {
                        self.done(step);
                    }
                }
            }
        }
    }

    /// The connection is over.
    pub(super) fn end(&mut self, begun: Option<Place>, last: Place, time: Nanos, sink: &mut dyn Sink) {
        if let Some(begun) = begun.filter(|_| !self.rounds.is_answering() && self.rounds.front().is_some())
            && self.rounds.begin_answer(begun.time, sink)
            && let Some(front) = self.rounds.front()
        {
            self.group = Group::begun(front, Some(begun));
        }
        if self.rounds.is_unseen() {
            self.lose_round(sink);
        }
        if self.is_skipping {
            self.end_round(last);
        }
        if self.group.is_told {
            self.rounds.take();
            self.group = Group::default();
        }
        for step in self.rounds.close(sink) {
            self.end_step(step, last, time, sink);
        }
    }

    /// A step that has no answer, or not all of it.
    fn end_step(&mut self, step: Asked, last: Place, time: Nanos, sink: &mut dyn Sink) {
        if step.begins && self.group.start != Some(step.start) {
            self.group = Group::begun(&step, None);
        }
        if !step.is_exchange() {
            return self.done(step);
        }
        let failed = self.group.failed.take();
        let (last, error) = match (&failed, self.group.first) {
            // The server said why, and closed.
            (Some(_), _) => (Some(last), ExchangeError::Status),
            (None, Some(_)) => (Some(last), ExchangeError::Truncated),
            (None, None) => (None, ExchangeError::NoAnswer),
        };
        let statement = self.statement_of(&step);
        let end = End { last, time, error: Some(error) };
        self.tell(statement, step.bytes, failed.flatten().as_deref(), end, sink);
    }
}
