//! Which answer belongs to which request: by correlation id, in the order of the requests.

use std::collections::VecDeque;

use goldwire_model::record::{Detail, ExchangeError, Protocol, Text};

use crate::{Exchange, Nanos, Position, Sink, stream::Place};

use super::{
    answer,
    api::{self, Api},
    belief::Belief,
    errors,
    frames::{BEGINNING, Frame},
    request::Header,
    topics::Topics,
};

/// Requests that may wait for an answer on one connection; clients have five under way, or some hundreds.
const PENDING_MAX: usize = 4_096;
/// Answers whose request was not read yet: it may wait behind a gap.
const EARLY_MAX: usize = 64;
/// Shown for a request of a kind that is not known.
const OTHER: &str = "other";

/// A request as it waits for its answer.
#[derive(Debug)]
struct Asked {
    start: Place,
    bytes: u64,
    api: Option<&'static Api>,
    version: i16,
    correlation: i32,
    destination: Option<Text>,
    /// How many gaps there were in the requests before it.
    gaps: u64,
}

/// What was seen of an answer.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    first: Option<Nanos>,
    last: Option<Nanos>,
    time: Nanos,
    bytes: u64,
}

impl Seen {
    const fn of(frame: &Frame<'_>) -> Self {
        let Frame { start, end, end_seen, .. } = frame;
        let (last, time) = if *end_seen { (Some(end.time), end.time) } else { (None, start.time) };
        Self { first: Some(start.time), last, time, bytes: end.offset.saturating_sub(start.offset) }
    }
}

/// An answer that nobody is known to have asked for.
#[derive(Debug)]
struct Early {
    head: Box<[u8]>,
    start: Place,
    end: Place,
    end_seen: bool,
}

#[derive(Debug, Default)]
pub(super) struct Pairing {
    pub(super) belief: Belief,
    pending: VecDeque<Asked>,
    early: VecDeque<Early>,
    topics: Topics,
    /// Gaps in the requests so far.
    gaps: u64,
    /// Answers to requests in a gap may still come.
    requests_missed: bool,
    /// Requests that certainly happened and were not read.
    unread: u64,
    /// So many requests at the front may have had their answers in a gap.
    doubtful: usize,
}

fn correlation(head: &[u8]) -> Option<i32> {
    head.get(4..)?.first_chunk().map(|id| i32::from_be_bytes(*id))
}

impl Pairing {
    /// Whether nobody waits.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// Where in the queue the request is that this answer belongs to.
    fn find(&self, head: &[u8]) -> Option<usize> {
        let id = correlation(head)?;
        self.pending.iter().position(|asked| asked.correlation == id)
    }

    /// The request that an answer which begins like this belongs to: its kind.
    pub(super) fn api_of(&self, head: &[u8]) -> Option<i16> {
        let asked = self.pending.get(self.find(head)?)?;
        asked.api.map(|api| api.key)
    }

    pub(super) fn is_asked(&self, head: &[u8]) -> bool {
        self.find(head).is_some()
    }

    /// A request is whole, or as much of it as will be seen. Frames that are no requests (SASL tokens of old clients) are
    /// passed over.
    pub(super) fn asked(&mut self, frame: Frame<'_>, sink: &mut dyn Sink) {
        let Some(header) = frame.head.get(4..).and_then(Header::parse) else {
            self.belief.asked(&frame, None);
            // Its header was not captured.
            if frame.head.len() < BEGINNING {
                self.gap_in_requests(true);
            }
            return;
        };
        let body = header.body();
        self.belief.asked(&frame, Some((&header, &body)));
        let destination = self.topics.of(&body, sink);
        let Header { api, version, correlation, .. } = header;
        let bytes = frame.end.offset.saturating_sub(frame.start.offset);
        let asked = Asked { start: frame.start, bytes, api, version, correlation, destination, gaps: self.gaps };
        if body.is_unanswered {
            let seen = Seen { time: frame.end.time, ..Seen::default() };
            return self.hand_out(Some(asked), None, None, seen, sink);
        }
        if let Some(early) = self.take_early(&asked) {
            let Early { head, start, end, end_seen } = early;
            return self.pair(asked, Frame { head: &head, start, end, end_seen }, sink);
        }
        if self.pending.len() >= PENDING_MAX && self.pending.pop_front().is_some() {
            self.doubtful = self.doubtful.saturating_sub(1);
            sink.lost(1);
        }
        self.pending.push_back(asked);
    }

    /// The answer to a request that was read late.
    fn take_early(&mut self, asked: &Asked) -> Option<Early> {
        let index = self.early.iter().position(|early| {
            correlation(&early.head) == Some(asked.correlation) && early.start.time >= asked.start.time
        })?;
        self.early.remove(index)
    }

    /// An answer is over.
    pub(super) fn answered(&mut self, frame: Frame<'_>, sink: &mut dyn Sink) {
        let Some(index) = self.find(frame.head) else {
            return if frame.head.len() >= BEGINNING { self.keep_early(frame, sink) } else { self.gap_in_answers() };
        };
        // Answers come in order, so those before it were missed.
        if index > 0 {
            sink.lost(index as u64);
        }
        self.doubtful = self.doubtful.saturating_sub(index + 1);
        let Some(asked) = self.pending.drain(..=index).next_back() else { return };
        if asked.gaps == self.gaps {
            self.end_gap(sink);
        }
        self.pair(asked, frame, sink);
    }

    fn keep_early(&mut self, frame: Frame<'_>, sink: &mut dyn Sink) {
        if !self.requests_missed {
            self.belief.heard_unasked();
        }
        if self.early.len() >= EARLY_MAX {
            self.give_up_early(sink);
        }
        let Frame { head, start, end, end_seen } = frame;
        self.early.push_back(Early { head: head.into(), start, end, end_seen });
    }

    /// Nobody will be found to have asked for the oldest: its request was in a gap, or it is no answer.
    fn give_up_early(&mut self, sink: &mut dyn Sink) {
        let Some(early) = self.early.pop_front() else { return };
        if !self.requests_missed {
            return;
        }
        self.unread = self.unread.saturating_sub(1);
        let Early { head, start, end, end_seen } = early;
        self.hand_out(None, None, None, Seen::of(&Frame { head: &head, start, end, end_seen }), sink);
    }

    /// All that was asked in gaps has been answered.
    fn end_gap(&mut self, sink: &mut dyn Sink) {
        while !self.early.is_empty() && self.requests_missed {
            self.give_up_early(sink);
        }
        self.requests_missed = false;
        let lost = std::mem::take(&mut self.unread);
        if lost > 0 {
            sink.lost(lost);
        }
    }

    fn pair(&mut self, asked: Asked, frame: Frame<'_>, sink: &mut dyn Sink) {
        self.belief.answered(&frame, asked.api, asked.version);
        let code = self.error_code(&asked, frame.head, sink);
        let code = code.and_then(|code| errors::with_name(code, |name| sink.text(name)));
        let error = code.as_ref().map(|_| ExchangeError::Status);
        self.hand_out(Some(asked), error, code, Seen::of(&frame), sink);
    }

    /// The answer's error code, if it can be read; Metadata is read for the names of topics too.
    fn error_code(&mut self, asked: &Asked, head: &[u8], sink: &mut dyn Sink) -> Option<i16> {
        let api = asked.api?;
        let fields = answer::fields(api, asked.version, head.get(BEGINNING..)?)?;
        if api.key != api::METADATA {
            return answer::error_code(api.key, asked.version, fields);
        }
        let (mut first, topics) = (None, &mut self.topics);
        answer::metadata(asked.version, fields, |told| {
            first.get_or_insert(told.error);
            if let (Some(id), Some(name)) = (told.id, told.name) {
                topics.learn(id, name, sink);
            }
        });
        first
    }

    /// Requests may have passed unread; `certain` where one has.
    pub(super) fn gap_in_requests(&mut self, certain: bool) {
        self.gaps += 1;
        self.requests_missed = true;
        self.unread += u64::from(certain);
    }

    /// Answers may have passed unread.
    pub(super) fn gap_in_answers(&mut self) {
        self.doubtful = self.pending.len();
    }

    /// The connection is over, and an answer was cut off that began like this.
    pub(super) fn cut_off(&mut self, frame: Frame<'_>, time: Nanos, sink: &mut dyn Sink) {
        let Some(index) = self.find(frame.head) else { return };
        self.doubtful = self.doubtful.saturating_sub(index + 1);
        if index > 0 {
            sink.lost(index as u64);
        }
        let Some(asked) = self.pending.drain(..=index).next_back() else { return };
        self.belief.answered(&frame, asked.api, asked.version);
        let seen = Seen { last: None, time, ..Seen::of(&frame) };
        self.hand_out(Some(asked), Some(ExchangeError::Truncated), None, seen, sink);
    }

    /// The connection is over: what is still asked has no answer, unless that may have been missed.
    pub(super) fn close(&mut self, time: Nanos, sink: &mut dyn Sink) {
        self.end_gap(sink);
        let mut pending = std::mem::take(&mut self.pending);
        let doubtful = self.doubtful.min(pending.len());
        pending.drain(..doubtful);
        if doubtful > 0 {
            sink.lost(doubtful as u64);
        }
        for asked in pending {
            let seen = Seen { time, ..Seen::default() };
            self.hand_out(Some(asked), Some(ExchangeError::NoAnswer), None, seen, sink);
        }
    }

    fn hand_out(
        &self,
        asked: Option<Asked>,
        error: Option<ExchangeError>,
        error_code: Option<Text>,
        seen: Seen,
        sink: &mut dyn Sink,
    ) {
        let operation = asked.as_ref().map(|asked| sink.text(asked.api.map_or(OTHER, |api| api.name)));
        let Seen { first: answer_first, last: answer_last, time, bytes: response_bytes } = seen;
        sink.exchange(Exchange {
            protocol: Protocol::Kafka,
            position: asked.as_ref().map(|asked| Position::Offset(asked.start.offset)),
            request_start: asked.as_ref().map(|asked| asked.start.time),
            answer_first,
            answer_last,
            time,
            request_bytes: asked.as_ref().map_or(0, |asked| asked.bytes),
            response_bytes,
            error,
            trace_id: None,
            span_id: None,
            detail: Detail::Messaging { operation, destination: asked.and_then(|asked| asked.destination), error_code },
        });
    }
}
