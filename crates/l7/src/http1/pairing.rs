//! Which answer belongs to which request.
//!
//! Answers come in the order of their requests (RFC 9112 section 9.3.2), so a queue pairs them as long as nothing was
//! missed. After that a pairing is certain in these cases, and in no other:
//!
//! * The request was asked before the first gap in the requests, and the answers have none: it keeps its place.
//! * The client asks one at a time (it was never seen to do otherwise), so that whatever is asked, everything before it has
//!   been answered. Then an answer belongs to the last request before it if no other was seen or missed since that request
//!   began. If some were missed, it also does if no request was missed between that one and the first behind the answer. As
//!   long as the latter was not seen the exchange is held back: one at a time.
//! * Nothing passed for [`QUIET`] before the request began, or all that was asked is answered and no request was missed.
//! * Nothing was under way when the request began ([`Rhythm`]), or, as is seen in hindsight, a while before it ([`Wave`]).
//!
//! All other answers are handed out with method unknown, each once. A request that none of them may belong to is lost.

use std::collections::VecDeque;

use goldwire_model::record::ExchangeError;

use crate::{
    Nanos, Sink,
    stream::{Place, Rhythm},
};

use super::{
    asked::{Asked, Seen, exchange},
    wave::Wave,
};

mod trial;

/// Requests that may wait for an answer on one connection.
const PENDING_MAX: usize = 65_536;

/// After so long without an answer nothing is under way any more.
const QUIET: Nanos = 10_000_000_000;

/// An answer out of order may still explain an unpaired request for so long.
const SETTLE: Nanos = 5_000_000_000;

/// A final answer that has begun.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    first: Place,
    asked: Option<Asked>,
    /// A request may have been missed behind the one that this is for, if there was: the next one tells.
    is_unsure: bool,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum AnswerEnd {
    /// With its last byte.
    Seen(Place),
    /// Before this offset, at a time that was not seen.
    Unseen(u64),
    /// It was cut off behind this offset when the connection ended.
    Cut(Place),
}

#[derive(Debug)]
pub(super) struct Pairing {
    pending: VecDeque<Asked>,
    answer: Option<Answer>,
    /// An answer that has ended, and is unsure.
    held: Option<(Answer, AnswerEnd)>,
    /// The queue can be trusted.
    aligned: bool,
    /// Where it cannot: so many requests at its front still can, because they came before the gap.
    trusted: usize,
    /// A gap in the answers is not explained yet: when what is behind the last one came.
    answers_missed_at: Option<Nanos>,
    /// Requests may have been missed behind the last that was seen.
    requests_missed: bool,
    /// The same, since the queue could last be trusted.
    requests_were_missed: bool,
    /// The requests were seen to the end of their stream.
    all_asked: bool,
    /// A second request was seen before the first was answered.
    pipelined: bool,
    /// When everything was answered.
    rhythm: Rhythm,
    /// What is tried behind a gap.
    wave: Option<Wave>,
    /// Bytes of the server wait behind a gap.
    pub(super) answers_wait: bool,
    /// Requests that certainly happened and were not paired.
    unpaired: u64,
    /// Answers handed out without their request, each of which explains one unpaired request.
    orphans: u64,
    /// Since when requests are unpaired.
    unpaired_since: Option<Nanos>,
    /// When the last answer ended.
    last_answer: Nanos,
    /// When the last answer began.
    last_begun: Nanos,
    /// Answers that came before their requests could be read, as it seems.
    early: u64,
    last_request: Nanos,
    /// How far the request stream was read.
    pub(super) request_position: u64,
    /// The connection is no longer HTTP.
    pub(super) tunnel: bool,
}

impl Pairing {
    pub(super) fn new(adopted: bool) -> Self {
        Self {
            pending: VecDeque::new(),
            answer: None,
            held: None,
            aligned: !adopted,
            trusted: 0,
            answers_missed_at: None,
            requests_missed: adopted,
            requests_were_missed: adopted,
            all_asked: false,
            pipelined: false,
            rhythm: Rhythm::default(),
            wave: None,
            answers_wait: false,
            unpaired: 0,
            orphans: 0,
            unpaired_since: None,
            last_answer: 0,
            last_begun: 0,
            early: 0,
            last_request: 0,
            request_position: 0,
            tunnel: false,
        }
    }

    /// Nothing is asked and nothing is being answered.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.answer.is_none()
    }

    /// More than one thing was asked at a time, or is now, so that there may be many answers in a buffer.
    pub(super) fn asks_ahead(&self) -> bool {
        self.pipelined || self.pending.len() > 1
    }

    /// Something is asked behind what is answered now.
    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whatever is answered now, or next, was asked in bytes that were not seen.
    pub(super) fn answers_the_unseen(&self) -> bool {
        self.pending.is_empty() && self.answer.as_ref().is_none_or(|answer| answer.asked.is_none())
    }

    /// An answer is under way, nothing else is asked, and never more than one thing was.
    pub(super) fn answers_one_at_a_time(&self) -> bool {
        self.pending.is_empty() && self.answer.is_some() && !self.pipelined
    }

    /// The method that the present answer, or else the next, is for.
    pub(super) fn answered_method(&self) -> Option<&str> {
        self.answer.as_ref()?.asked.as_ref()?.said.method.as_deref()
    }

    /// What is answered now is not known, or not for sure: its bytes may be answers to more than one request.
    pub(super) fn answers_unknown(&self) -> bool {
        self.answer.as_ref().is_none_or(|answer| answer.asked.is_none() || answer.is_unsure)
    }

    pub(super) fn asked(&mut self, mut asked: Asked, sink: &mut dyn Sink) {
        let time = asked.start.time;
        asked.is_behind_gap = std::mem::take(&mut self.requests_missed);
        if !self.aligned {
            self.ask_behind_gap(asked.is_behind_gap, time, sink);
        }
        if self.unsure().is_some_and(|answer| !asked.is_behind_gap && answer.first.time <= time) {
            self.make_sure(sink);
        } else {
            self.give_up_unsure(sink);
        }
        if !self.aligned && !asked.is_behind_gap && self.is_quiet_before(time) {
            self.give_up_wave(sink);
            self.pass_pending();
            self.align();
        }
        let unanswered = self.aligned.then(|| self.pending.len() + usize::from(self.answer.is_some()));
        self.rhythm.request(time, unanswered);
        self.last_request = self.last_request.max(time);
        self.settle_old(time, sink);
        if self.is_answered_early(time) {
            self.unpaired += 1;
            return;
        }
        if self.pending.len() >= PENDING_MAX {
            self.unpaired += 1;
            self.aligned = false;
            return;
        }
        self.pending.push_back(asked);
    }

    /// Whether a request that began at `time` has had its answer before it could be read.
    fn is_answered_early(&mut self, time: Nanos) -> bool {
        let is_it = self.aligned && self.early > 0 && time <= self.last_begun;
        self.early = if is_it { self.early - 1 } else { 0 };
        is_it
    }

    /// All that was asked before `time` has been answered, or will not be.
    fn is_quiet_before(&self, time: Nanos) -> bool {
        let asked = self.unpaired + self.pending.len() as u64;
        let ended =
            self.answer.is_none() && self.last_answer > 0 && self.last_answer <= time && self.none_begun_since(time);
        let are_answered = self.orphans >= asked && !self.requests_were_missed;
        ended && (are_answered || time.saturating_sub(self.last_answer.max(self.last_request)) > QUIET)
    }

    /// The answer that may belong to another request than it seems.
    fn unsure(&self) -> Option<&Answer> {
        self.held.as_ref().map(|(answer, _)| answer).or(self.answer.as_ref().filter(|answer| answer.is_unsure))
    }

    /// The stream of requests has ended, and was read to its end.
    pub(super) fn end_requests(&mut self, sink: &mut dyn Sink) {
        self.all_asked = true;
        self.make_sure(sink);
    }

    /// No request was missed behind the one that the unsure answer seems to be for.
    fn make_sure(&mut self, sink: &mut dyn Sink) {
        if let Some(answer) = self.answer.as_mut().filter(|_| self.wave.is_none()) {
            answer.is_unsure = false;
        }
        if let Some((answer, end)) = self.held.take() {
            self.hand_out(answer, end, sink);
        }
    }

    /// It cannot be known any more whose answer it is.
    fn give_up_unsure(&mut self, sink: &mut dyn Sink) {
        let under_way = self.answer.as_mut().filter(|answer| answer.is_unsure);
        let held = self.held.as_mut().map(|(answer, _)| answer);
        for answer in under_way.into_iter().chain(held) {
            let was_asked = answer.asked.take().is_some();
            answer.is_unsure = false;
            self.unpaired += u64::from(was_asked);
            self.orphans += u64::from(was_asked);
        }
        self.make_sure(sink);
    }

    /// The request that began at `start` ended at `end`. It may have its answer, or part of it, already.
    pub(super) fn request_ended(&mut self, start: Place, end: u64) {
        let in_wave = self.wave.as_mut().and_then(|wave| wave.held.last_mut());
        let held = self.held.as_mut().or(in_wave).map(|(answer, _)| answer);
        let answered = self.answer.as_mut().or(held).and_then(|answer| answer.asked.as_mut());
        let last = self.pending.back_mut().or(answered);
        if let Some(asked) = last.filter(|asked| asked.start == start) {
            asked.bytes = Some(end.saturating_sub(start.offset));
        }
    }

    /// Requests may have passed unread; `certain` where one has.
    pub(super) fn gap_in_requests(&mut self, certain: bool, sink: &mut dyn Sink) {
        self.give_up_wave(sink);
        self.rhythm.miss();
        self.give_up_unsure(sink);
        (self.requests_missed, self.requests_were_missed) = (true, true);
        if self.aligned {
            self.trusted = self.pending.len();
        }
        self.aligned = false;
        self.unpaired += u64::from(certain);
    }

    /// Answers may have passed unread before `time`; `certain` where one has, which was for the first that waits, as far as that
    /// is known.
    pub(super) fn gap_in_answers(&mut self, certain: bool, time: Nanos, sink: &mut dyn Sink) {
        self.give_up_wave(sink);
        self.rhythm.miss();
        let front_is_first = self.aligned || self.trusted > 0;
        if certain && front_is_first && self.pending.pop_front().is_some() {
            self.unpaired += 1;
        }
        self.aligned = false;
        self.trusted = 0;
        self.answers_missed_at = self.answers_missed_at.max(Some(time));
    }

    /// A final answer begins.
    pub(super) fn answer_begins(&mut self, status: u16, first: Place, sink: &mut dyn Sink) {
        if self.answer.is_some() {
            self.give_up_wave(sink);
        }
        // What it is for was not seen, or else the one before it was for something else.
        self.give_up_unsure(sink);
        self.pipelined |= self.pending.len() > 1 && self.answers_missed_at.is_none();
        let (asked, is_unsure) = match (self.aligned || self.trusted > 0, self.pipelined) {
            // Nothing is answered before it is asked.
            (true, _) => (self.pending.pop_front_if(|asked| asked.start.time <= first.time), false),
            (false, false) => {
                self.wave = None;
                self.last_asked_before(first.time)
            }
            (false, true) => self.next_on_trial(first.time, sink),
        };
        self.trusted = self.trusted.saturating_sub(1);
        self.orphans += u64::from(asked.is_none());
        self.early += u64::from(asked.is_none() && self.aligned);
        self.last_begun = self.last_begun.max(first.time);
        self.rhythm.response(first.time, false);
        self.answer = Some(Answer { status, first, asked, is_unsure });
    }

    /// The request that an answer at `time` is for, where one is asked at a time; and whether that is unsure.
    fn last_asked_before(&mut self, time: Nanos) -> (Option<Asked>, bool) {
        let before = self.pending.partition_point(|asked| asked.start.time <= time);
        let asked = self.pending.drain(..before).next_back();
        self.unpaired += (before as u64).saturating_sub(1);
        let Some(asked) = asked else { return (None, false) };
        if self.none_begun_since(asked.start.time) {
            self.align();
            return (Some(asked), false);
        }
        let may_be_others = self.pending.front().map_or(self.requests_missed, |next| next.is_behind_gap);
        if may_be_others || self.last_begun > asked.start.time {
            self.unpaired += 1;
            return (None, false);
        }
        (Some(asked), self.pending.is_empty() && !self.all_asked)
    }

    /// Whether no answer may have begun since `time`.
    fn none_begun_since(&self, time: Nanos) -> bool {
        self.last_begun <= time && self.answers_missed_at.is_none_or(|missed| missed < time)
    }

    /// The next answer is for the first request that waits.
    fn align(&mut self) {
        self.aligned = true;
        self.trusted = 0;
        self.answers_missed_at = None;
        self.requests_were_missed = false;
    }

    fn settle_old(&mut self, now: Nanos, sink: &mut dyn Sink) {
        if self.unpaired > 0 && now.saturating_sub(*self.unpaired_since.get_or_insert(now)) > SETTLE {
            self.settle(sink);
        }
    }

    /// What orphans do not explain was lost.
    fn settle(&mut self, sink: &mut dyn Sink) {
        let explained = self.unpaired.min(self.orphans);
        let lost = self.unpaired - explained;
        // Where requests wait that nobody may get an answer for, it is the others that explain them.
        let left = if self.aligned { 0 } else { self.orphans - explained };
        (self.unpaired, self.orphans, self.unpaired_since) = (0, left, None);
        if lost > 0 {
            sink.lost(lost);
        }
    }

    /// The present answer is over; interim answers (1xx) are none.
    pub(super) fn answer_ended(&mut self, end: AnswerEnd, sink: &mut dyn Sink) {
        let Some(answer) = self.answer.take() else { return };
        if let AnswerEnd::Seen(end) = end {
            self.rhythm.response(end.time, true);
        }
        self.last_answer = match end {
            AnswerEnd::Seen(end) | AnswerEnd::Cut(end) => end.time,
            AnswerEnd::Unseen(_) => answer.first.time,
        };
        if let Some(wave) = self.wave.as_mut().filter(|_| answer.is_unsure) {
            wave.held.push((answer, end));
        } else if answer.is_unsure {
            self.held = Some((answer, end));
        } else {
            self.hand_out(answer, end, sink);
        }
    }

    fn hand_out(&self, answer: Answer, end: AnswerEnd, sink: &mut dyn Sink) {
        let fault = (answer.status >= 500).then_some(ExchangeError::Status);
        let (offset, time, last, error) = match end {
            AnswerEnd::Seen(end) => (end.offset, end.time, Some(end.time), fault),
            AnswerEnd::Unseen(offset) => (offset, answer.first.time, None, fault),
            AnswerEnd::Cut(end) => (end.offset, end.time, None, Some(ExchangeError::Truncated)),
        };
        let response_bytes = offset.saturating_sub(answer.first.offset);
        let seen = Seen { first: Some(answer.first.time), last, time, response_bytes, error };
        sink.exchange(exchange(answer.asked, Some(answer.status), self.request_position, seen));
    }

    /// The connection is over: what is still asked has no answer, unless the answer may have been missed.
    pub(super) fn close(&mut self, time: Nanos, sink: &mut dyn Sink) {
        let error = Some(ExchangeError::NoAnswer);
        // A server that closes may leave as much unanswered as was under way when the trial began.
        if self.rhythm.was_seen_to_overlap() {
            self.give_up_wave(sink);
        }
        self.end_wave(sink);
        self.give_up_unsure(sink);
        let begins = self.pending.front().map(|asked| asked.start.time);
        let missed = begins.is_some_and(|time| !self.none_begun_since(time)) || (!self.aligned && self.orphans > 0);
        let certain = if missed { self.trusted } else { self.pending.len() };
        let mut pending = std::mem::take(&mut self.pending);
        for asked in pending.drain(..certain.min(pending.len())) {
            let seen = Seen { first: None, last: None, time, response_bytes: 0, error };
            sink.exchange(exchange(Some(asked), None, self.request_position, seen));
        }
        self.unpaired += pending.len() as u64;
        self.settle(sink);
    }
}
