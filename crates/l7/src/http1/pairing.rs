//! Which answer belongs to which request.
//!
//! Answers come in the order of their requests (RFC 9112 section 9.3.2), so a queue pairs them as long as nothing was
//! missed. After a gap the queue cannot be trusted:
//!
//! * Requests from before a gap in the requests keep their places: their answers come first.
//! * On a connection that asks one at a time, an answer belongs to the last request before it. Requests in front of that
//!   one had their answers in the gap; they count as lost.
//! * On a pipelined connection nobody can tell. Answers are handed out with method unknown, each once, until a request
//!   comes at a moment when everything before it has been answered, or when nothing has been answered for long.

use std::collections::VecDeque;

use goldwire_model::record::{Detail, ExchangeError, Protocol, Text};

use crate::{Exchange, Nanos, Sink, http::TraceContext, stream::Place};

/// Requests that may wait for an answer on one connection.
const PENDING_MAX: usize = 65_536;

/// After so long without an answer nothing is under way any more.
const QUIET: Nanos = 10_000_000_000;

/// An answer out of order may still explain an unpaired request for so long.
const SETTLE: Nanos = 5_000_000_000;

/// A request as it waits for its answer.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) start: Place,
    /// Bytes of the whole message, once it has ended.
    pub(super) bytes: Option<u64>,
    pub(super) said: Said,
}

/// What a request's head says.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) method: Option<Text>,
    pub(super) path: Option<Text>,
    pub(super) route: Option<Text>,
    pub(super) host: Option<Text>,
    pub(super) user_agent: Option<Text>,
    pub(super) trace: TraceContext,
}

/// A final answer that has begun.
#[derive(Debug)]
struct Answer {
    status: u16,
    first: Place,
    asked: Option<Asked>,
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
    /// The queue can be trusted.
    aligned: bool,
    /// Where it cannot: so many requests at its front still can, because they came before the gap.
    trusted: usize,
    /// A gap in the answers is not explained yet.
    answers_missed: bool,
    /// A second request was seen before the first was answered.
    pipelined: bool,
    /// Requests that certainly happened and were not paired.
    unpaired: u64,
    /// Answers handed out without their request, each of which explains one unpaired request.
    orphans: u64,
    /// Since when requests are unpaired.
    unpaired_since: Option<Nanos>,
    last_answer: Nanos,
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
            aligned: !adopted,
            trusted: 0,
            answers_missed: false,
            pipelined: false,
            unpaired: 0,
            orphans: 0,
            unpaired_since: None,
            last_answer: 0,
            request_position: 0,
            tunnel: false,
        }
    }

    /// Nothing is asked and nothing is being answered.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.answer.is_none()
    }

    /// More than one thing was asked at a time.
    pub(super) fn is_pipelined(&self) -> bool {
        self.pipelined
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

    /// An answer is under way whose request is not known.
    pub(super) fn answers_unknown(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.asked.is_none())
    }

    pub(super) fn asked(&mut self, asked: Asked, sink: &mut dyn Sink) {
        if !self.aligned && self.is_quiet_before(asked.start.time) {
            self.unpaired += self.pending.len() as u64;
            self.pending.clear();
            self.align();
        }
        self.settle_old(asked.start.time, sink);
        if self.pending.len() >= PENDING_MAX {
            self.unpaired += 1;
            self.aligned = false;
            return;
        }
        self.pending.push_back(asked);
    }

    /// All that was asked before `time` has been answered, or will not be.
    fn is_quiet_before(&self, time: Nanos) -> bool {
        let asked = self.unpaired + self.pending.len() as u64;
        let ended = self.answer.is_none() && self.last_answer > 0 && self.last_answer <= time;
        ended && (self.orphans >= asked || time - self.last_answer > QUIET)
    }

    /// The request that began at `start` ended at `end`. It may have its answer, or part of it, already.
    pub(super) fn request_ended(&mut self, start: Place, end: u64) {
        let answered = self.answer.as_mut().and_then(|answer| answer.asked.as_mut());
        let last = self.pending.back_mut().or(answered);
        if let Some(asked) = last.filter(|asked| asked.start == start) {
            asked.bytes = Some(end.saturating_sub(start.offset));
        }
    }

    /// Requests may have passed unread; `certain` where one has.
    pub(super) fn gap_in_requests(&mut self, certain: bool) {
        if self.aligned {
            self.trusted = self.pending.len();
        }
        self.aligned = false;
        self.unpaired += u64::from(certain);
    }

    /// Answers may have passed unread; `certain` where one has, which was for the first that waits, as far as that is known.
    pub(super) fn gap_in_answers(&mut self, certain: bool) {
        let front_is_first = self.aligned || self.trusted > 0;
        if certain && front_is_first && self.pending.pop_front().is_some() {
            self.unpaired += 1;
        }
        self.aligned = false;
        self.trusted = 0;
        self.answers_missed = true;
    }

    /// A final answer begins.
    pub(super) fn answer_begins(&mut self, status: u16, first: Place) {
        self.pipelined |= self.pending.len() > 1 && !self.answers_missed;
        let asked = match (self.aligned || self.trusted > 0, self.pipelined) {
            // Nothing is answered before it is asked.
            (true, _) => self.pending.pop_front_if(|asked| asked.start.time <= first.time),
            (false, false) => self.last_asked_before(first.time),
            (false, true) => None,
        };
        self.trusted = self.trusted.saturating_sub(1);
        self.orphans += u64::from(asked.is_none());
        self.answer = Some(Answer { status, first, asked });
    }

    fn last_asked_before(&mut self, time: Nanos) -> Option<Asked> {
        let before = self.pending.partition_point(|asked| asked.start.time <= time);
        let asked = self.pending.drain(..before).next_back();
        if asked.is_some() {
            self.unpaired += before as u64 - 1;
            self.align();
        }
        asked
    }

    fn align(&mut self) {
        self.aligned = true;
        self.trusted = 0;
        self.answers_missed = false;
    }

    fn settle_old(&mut self, now: Nanos, sink: &mut dyn Sink) {
        if self.unpaired > 0 && now.saturating_sub(*self.unpaired_since.get_or_insert(now)) > SETTLE {
            self.settle(sink);
        }
    }

    /// What orphans do not explain was lost.
    fn settle(&mut self, sink: &mut dyn Sink) {
        let lost = self.unpaired.saturating_sub(self.orphans);
        (self.unpaired, self.orphans, self.unpaired_since) = (0, 0, None);
        if lost > 0 {
            sink.lost(lost);
        }
    }

    /// The present answer is over; interim answers (1xx) are none.
    pub(super) fn answer_ended(&mut self, end: AnswerEnd, sink: &mut dyn Sink) {
        let Some(answer) = self.answer.take() else { return };
        let (offset, time, last, cut) = match end {
            AnswerEnd::Seen(end) => (end.offset, end.time, Some(end.time), false),
            AnswerEnd::Unseen(offset) => (offset, answer.first.time, None, false),
            AnswerEnd::Cut(end) => (end.offset, end.time, None, true),
        };
        self.last_answer = time;
        let error = match (cut, answer.status) {
            (true, _) => Some(ExchangeError::Truncated),
            (false, 500..) => Some(ExchangeError::Status),
            (false, _) => None,
        };
        let response_bytes = offset.saturating_sub(answer.first.offset);
        let seen = Seen { first: Some(answer.first.time), last, time, response_bytes, error };
        sink.exchange(self.exchange(answer.asked, Some(answer.status), seen));
    }

    /// The connection is over: what is still asked has no answer, unless the answer may have been missed.
    pub(super) fn close(&mut self, time: Nanos, sink: &mut dyn Sink) {
        let missed = self.answers_missed || (!self.aligned && self.orphans > 0);
        let certain = if missed { self.trusted } else { self.pending.len() };
        let mut pending = std::mem::take(&mut self.pending);
        for asked in pending.drain(..certain.min(pending.len())) {
            let seen = Seen { first: None, last: None, time, response_bytes: 0, error: Some(ExchangeError::NoAnswer) };
            sink.exchange(self.exchange(Some(asked), None, seen));
        }
        self.unpaired += pending.len() as u64;
        self.settle(sink);
    }

    fn exchange(&self, asked: Option<Asked>, status: Option<u16>, seen: Seen) -> Exchange {
        let Seen { first: answer_first, last: answer_last, time, response_bytes, error } = seen;
        let request_start = asked.as_ref().map(|asked| asked.start.time);
        let request_bytes = asked.as_ref().map_or(0, |asked| self.request_bytes(asked));
        let Said { method, path, route, host, user_agent, trace } = asked.map(|asked| asked.said).unwrap_or_default();
        Exchange {
            protocol: Protocol::Http,
            request_start,
            answer_first,
            answer_last,
            time,
            request_bytes,
            response_bytes,
            error,
            trace_id: trace.trace_id,
            span_id: trace.span_id,
            detail: Detail::Http { method, path, route, host, status, user_agent },
        }
    }

    /// A request that has not ended counts as far as it was seen.
    fn request_bytes(&self, asked: &Asked) -> u64 {
        asked.bytes.unwrap_or_else(|| self.request_position.saturating_sub(asked.start.offset))
    }
}

/// What was seen of an answer, in the words of an exchange.
struct Seen {
    first: Option<Nanos>,
    last: Option<Nanos>,
    time: Nanos,
    response_bytes: u64,
    error: Option<ExchangeError>,
}
