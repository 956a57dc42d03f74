//! Which answer belongs to what was asked.
//!
//! A client asks in rounds of one or more steps, and a server answers the steps in their order, so a queue pairs them as long
//! as nothing was missed. After a gap the queue cannot be trusted:
//!
//! * Steps from before a gap in what was asked keep their places: their answers come first.
//! * On a connection that asks one round at a time, an answer that begins belongs to the last round before it. Rounds in front
//!   of that one had their answers in the gap; what they held counts as lost.
//! * On a connection that asks more rounds at a time nobody can tell. What is asked and answered counts as lost, until a round
//!   begins when everything before it has been answered, as the client's way tells ([`Rhythm`]), or when nothing has been
//!   answered for long.

use std::collections::VecDeque;

use crate::{
    Nanos, Sink,
    stream::{Place, Rhythm},
};

/// Steps that may wait for an answer on one connection. A client that sends more without reading is stopped by its socket's
/// buffers long before.
const STEPS_MAX: usize = 16_384;
/// After so long without an answer nothing is under way any more.
const QUIET: Nanos = 10_000_000_000;
/// An answer out of order may still explain what was asked for so long.
const SETTLE: Nanos = 5_000_000_000;

/// A part of a round that has an answer of its own.
pub(crate) trait Step {
    /// Where it begins.
    fn start(&self) -> Place;
    /// The round ends with it.
    fn ends_round(&self) -> bool;
    /// Its answer makes an exchange.
    fn is_exchange(&self) -> bool;
    /// Others may be missing in front of it.
    fn behind_gap(&mut self) -> &mut bool;
}

#[derive(Debug)]
pub(crate) struct Rounds<S> {
    steps: VecDeque<S>,
    /// Where the queue cannot be trusted: so many steps at its front still can, because they came before the gap.
    trusted: Option<usize>,
    /// The answer to the first round has begun.
    answering: bool,
    /// The present answer cannot be followed, because not all of it was captured.
    unseen: bool,
    /// A second round was seen before the first was answered.
    pipelined: bool,
    /// A gap in the answers is not explained yet.
    answers_missed: bool,
    /// Exchanges that were asked for and have no answer that is certainly theirs.
    unpaired: u64,
    /// Exchanges of answers that nothing certain asked for. They may be the same.
    orphans: u64,
    /// When exchanges were asked for of which not even that could be read.
    unread: VecDeque<Nanos>,
    /// Since when there are any of these.
    open_since: Option<Nanos>,
    /// Steps may be missing behind the last one.
    broken: bool,
    last_answer: Nanos,
    /// When everything was answered.
    rhythm: Rhythm,
}

impl<S: Step> Rounds<S> {
    pub(crate) fn new(adopted: bool) -> Self {
        Self {
            steps: VecDeque::new(),
            trusted: adopted.then_some(0),
            answering: false,
            unseen: false,
            pipelined: false,
            answers_missed: false,
            unpaired: 0,
            orphans: 0,
            unread: VecDeque::new(),
            open_since: None,
            broken: false,
            last_answer: 0,
            rhythm: Rhythm::default(),
        }
    }

    /// More than one thing was asked at a time, or is now, so that there may be many answers in a buffer.
    pub(crate) fn asks_ahead(&self) -> bool {
        self.pipelined || self.steps.iter().filter(|step| step.is_exchange()).nth(1).is_some()
    }

    /// An answer is under way.
    pub(crate) fn is_answering(&self) -> bool {
        self.answering
    }

    /// Nothing is missing, so that what is answered is what was asked.
    pub(crate) fn is_certain(&self) -> bool {
        self.trusted.is_none()
    }

    /// Nothing is asked, nothing is answered, and nothing is missing.
    pub(crate) fn is_idle(&self) -> bool {
        self.trusted.is_none() && !self.answering && self.steps.is_empty()
    }

    /// All that was asked, certain or not.
    pub(crate) fn all(&self) -> impl Iterator<Item = &S> {
        self.steps.iter()
    }

    /// Whether nothing certain is waiting for the answer that comes now, or next.
    pub(crate) fn answers_the_unseen(&self) -> bool {
        self.front().is_none()
    }

    /// The step that is answered now, or next, where that is certain.
    pub(crate) fn front(&self) -> Option<&S> {
        self.steps.front().filter(|_| self.trusted != Some(0))
    }

    /// Steps that are certainly next.
    pub(crate) fn certain(&self) -> impl Iterator<Item = &S> {
        self.steps.iter().take(self.trusted.unwrap_or(usize::MAX))
    }

    /// Something more is asked.
    pub(crate) fn ask(&mut self, mut step: S, sink: &mut dyn Sink) {
        let is_behind_gap = std::mem::take(&mut self.broken);
        *step.behind_gap() = is_behind_gap;
        if is_behind_gap || self.steps.back().map_or(!self.answering, Step::ends_round) {
            self.begin_round(step.start().time, is_behind_gap, sink);
        }
        if self.steps.len() >= STEPS_MAX {
            self.distrust();
            self.unpaired += u64::from(step.is_exchange());
            return;
        }
        self.steps.push_back(step);
    }

    fn begin_round(&mut self, time: Nanos, is_behind_gap: bool, sink: &mut dyn Sink) {
        let has_all = !is_behind_gap && !self.answering && self.rhythm.has_all_answers_as_usual(time);
        if self.trusted.is_some() && (has_all || self.is_quiet_before(time)) {
            self.unpaired += exchanges(&self.steps);
            self.steps.clear();
            self.align(time, sink);
        }
        let unanswered = self.trusted.is_none().then(|| self.steps.len() + usize::from(self.answering));
        self.rhythm.request(time, unanswered);
        let is_open = self.unpaired + self.orphans > 0 || !self.unread.is_empty();
        if is_open && time.saturating_sub(*self.open_since.get_or_insert(time)) > SETTLE {
            self.settle(time, sink);
        }
    }

    /// All that was asked before `time` has been answered, or will not be.
    fn is_quiet_before(&self, time: Nanos) -> bool {
        !self.answering && self.last_answer > 0 && time.saturating_sub(self.last_answer) > QUIET
    }

    /// An answer begins, if none is under way. True where it is certain what it answers.
    pub(crate) fn begin_answer(&mut self, time: Nanos, sink: &mut dyn Sink) -> bool {
        self.rhythm.response(time, false);
        let asked = self.steps.partition_point(|step| step.start().time <= time);
        let mut before = self.steps.iter().take(asked.saturating_sub(1));
        self.pipelined |= !self.answers_missed && before.any(Step::ends_round);
        let is_unclear = asked == 0 || self.pipelined || self.is_followed_by_gap(asked);
        self.answering = match self.trusted {
            Some(0) if is_unclear => false,
            Some(0) => {
                self.align_behind(asked, time, sink);
                true
            }
            _ => asked > 0,
        };
        if !self.answering {
            self.trusted.get_or_insert(0);
        }
        self.answering
    }

    /// What was asked so far may not be all.
    fn is_followed_by_gap(&mut self, asked: usize) -> bool {
        self.steps.get_mut(asked).map_or(self.broken, |next| *next.behind_gap())
    }

    /// Of what was asked so far, rounds in front of the last had their answers in the gap.
    fn align_behind(&mut self, asked: usize, time: Nanos, sink: &mut dyn Sink) {
        let rounds = self.steps.iter().take(asked - 1).filter(|step| step.ends_round()).count();
        for _ in 0..rounds {
            self.unpaired += self.drop_round();
        }
        self.align(time, sink);
    }

    /// The front step is answered.
    pub(crate) fn take(&mut self) -> Option<S> {
        self.front()?;
        self.trusted = self.trusted.map(|trusted| trusted - 1);
        self.steps.pop_front()
    }

    /// The round is over: takes what is left of it.
    pub(crate) fn end_round(&mut self, time: Nanos) {
        if self.answering {
            while self.take().is_some_and(|step| !step.ends_round()) {}
        }
        (self.answering, self.unseen) = (false, false);
        self.last_answer = time;
        self.rhythm.response(time, true);
    }

    /// An answer ended that belongs to nothing certain.
    pub(crate) fn end_orphan(&mut self, exchanges: u64, time: Nanos) {
        self.answering = false;
        self.orphans += exchanges;
        self.last_answer = time;
        self.rhythm.response(time, true);
        if exchanges > 0 {
            self.trusted.get_or_insert(0);
        }
    }

    /// Ends of rounds that are right behind the front step are none.
    pub(crate) fn pass_ends_behind_front(&mut self) {
        while self.certain().nth(1).is_some_and(|step| step.ends_round() && !step.is_exchange()) {
            self.steps.remove(1);
            self.trusted = self.trusted.map(|trusted| trusted - 1);
        }
    }

    /// Steps may have passed unread by `time`; `certain` where an exchange was asked for.
    pub(crate) fn gap_in_requests(&mut self, certain: bool, time: Nanos) {
        self.trusted.get_or_insert(self.steps.len());
        self.broken = true;
        self.rhythm.miss();
        if certain && self.unread.len() < STEPS_MAX {
            self.unread.push_back(time);
        }
    }

    /// Answers may have passed unread.
    pub(crate) fn gap_in_answers(&mut self) {
        self.rhythm.miss();
        self.distrust();
        self.answers_missed = true;
    }

    /// An answer passes unread. It is to the last that was asked by now, and what came before that was answered as well.
    pub(crate) fn pass_unread(&mut self, time: Nanos) {
        let asked = self.steps.partition_point(|step| step.start().time <= time);
        self.unpaired += self.steps.drain(..asked).filter(Step::is_exchange).count() as u64;
    }

    /// The rest of the present answer cannot be followed.
    pub(crate) fn answer_unseen(&mut self) {
        self.unseen = true;
    }

    /// The present answer can be followed again.
    pub(crate) fn answer_seen(&mut self) {
        self.unseen = false;
    }

    /// The end of the answer under way was not seen, and it is over when another round is asked.
    pub(crate) fn ends_unseen(&self) -> bool {
        self.unseen && !self.pipelined && self.steps.iter().any(Step::ends_round)
    }

    /// The present answer cannot be followed to its end.
    pub(crate) fn is_unseen(&self) -> bool {
        self.unseen
    }

    /// The round under way is over, and what became of it was not seen.
    pub(crate) fn lose_round(&mut self, sink: &mut dyn Sink) {
        self.unpaired += if self.answering { self.drop_round() } else { 0 };
        (self.answering, self.unseen) = (false, false);
        if self.trusted.is_none() {
            self.settle(self.last_answer, sink);
        }
    }

    /// The round under way is over, and all that it held was handed out.
    pub(crate) fn pass_round(&mut self) {
        if self.answering {
            self.drop_round();
        }
        (self.answering, self.unseen) = (false, false);
    }

    /// The last that was asked.
    pub(crate) fn last_mut(&mut self) -> Option<&mut S> {
        self.steps.back_mut()
    }

    /// The step that is being answered.
    pub(crate) fn front_mut(&mut self) -> Option<&mut S> {
        self.steps.front_mut().filter(|_| self.trusted != Some(0))
    }

    /// More than one round waits for its answer.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.trusted.is_some() || self.steps.iter().filter(|step| step.ends_round()).count() > 1
    }

    /// What is answered now is not what was thought.
    pub(crate) fn distrust(&mut self) {
        if self.answering {
            self.unpaired += self.drop_round();
        }
        (self.answering, self.unseen, self.trusted) = (false, false, Some(0));
    }

    fn drop_round(&mut self) -> u64 {
        let certain = self.trusted.filter(|trusted| *trusted > 0).unwrap_or(usize::MAX).min(self.steps.len());
        let end = self.steps.iter().position(Step::ends_round).map_or(certain, |last| certain.min(last + 1));
        self.trusted = self.trusted.map(|trusted| trusted.saturating_sub(end));
        self.steps.drain(..end).filter(Step::is_exchange).count() as u64
    }

    fn align(&mut self, time: Nanos, sink: &mut dyn Sink) {
        (self.trusted, self.answers_missed) = (None, false);
        self.settle(time, sink);
    }

    /// What was asked for until `time` has no other answers than those that were seen.
    fn settle(&mut self, time: Nanos, sink: &mut dyn Sink) {
        let unread = self.unread.iter().take_while(|asked| **asked <= time).count();
        self.unread.drain(..unread);
        let lost = (self.unpaired + unread as u64).max(self.orphans);
        (self.unpaired, self.orphans, self.open_since) = (0, 0, None);
        if lost > 0 {
            sink.lost(lost);
        }
    }

    /// The connection is over: what is left certainly has no answer. The rest counts as lost.
    pub(crate) fn close(&mut self, sink: &mut dyn Sink) -> VecDeque<S> {
        let missed = self.answers_missed || (self.trusted.is_some() && self.orphans > 0);
        let certain = if missed { self.trusted.unwrap_or(0) } else { self.steps.len() };
        let rest = self.steps.split_off(certain.min(self.steps.len()));
        self.unpaired += exchanges(&rest);
        self.settle(Nanos::MAX, sink);
        std::mem::take(&mut self.steps)
    }
}

fn exchanges<S: Step>(steps: &VecDeque<S>) -> u64 {
    steps.iter().filter(|step| step.is_exchange()).count() as u64
}
