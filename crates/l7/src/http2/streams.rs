//! All streams of a connection that are open, and what their frames mean for them.
//!
//! A stream's number pairs its request and its answer, so nothing is paired wrongly whatever was missed. What can be in
//! doubt is whether an end has passed unseen (see `doubt.rs`).

use std::collections::{BTreeMap, BTreeSet};

use goldwire_model::record::Protocol;

use crate::{Direction, Exchange, Nanos, Sink, stream::MISSING};

use super::{
    frame::{Frame, Kind, is_of_client},
    stream::{End, Failure, Head, Reset, Stream},
};

/// Streams that are followed at once; the oldest is given up beyond. Servers allow some hundreds.
pub(super) const OPEN_MAX: usize = 4096;

/// How long an answer that has ended waits for the end of its request, which may be under way.
pub(super) const LINGER: Nanos = MISSING;

/// What a piece of a DATA frame holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    Seen(&'a [u8]),
    /// So many bytes were not captured.
    Unseen(u64),
    /// Nor is it known how many of them are padding.
    Unknown,
}

/// A piece of a DATA frame.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub(super) stream: u32,
    pub(super) content: Content<'a>,
    /// Bytes on the wire: padding, and with the first piece the frame's header.
    pub(super) bytes: u64,
    pub(super) time: Nanos,
    /// The stream ended with it: when, where that was seen.
    pub(super) end: Option<Option<Nanos>>,
}

/// GOAWAY.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    /// The last stream that was looked at, or will be.
    pub(super) last: u32,
    /// Absent where it was not captured.
    pub(super) code: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Streams {
    pub(super) open: BTreeMap<u32, Stream>,
    /// The newest that the client opened; older ones that are not open are over.
    pub(super) newest: u32,
    /// The oldest that was opened since the observation began. What is below was opened before.
    pub(super) oldest: Option<u32>,
    /// Requests behind the newest may have passed unseen.
    pub(super) missed: bool,
    /// In so many bytes.
    pub(super) missed_bytes: u64,
    /// Streams behind the newest that are over: their requests were missed.
    pub(super) over_ahead: BTreeSet<u32>,
    /// By direction: frames pass unread.
    pub(super) blind: [bool; 2],
    /// By direction: when that last ended.
    pub(super) regained_at: [Option<Nanos>; 2],
    /// By direction: the one stream that was open when that began.
    pub(super) sole: [Option<u32>; 2],
    /// Requests are held back behind a gap that may still be filled.
    pub(super) requests_wait: bool,
    /// Time may end something.
    pub(super) is_unsettled: bool,
    pub(super) is_grpc: bool,
    refusal: Option<Refusal>,
}

impl Streams {
    pub(super) fn new(adopted: bool) -> Self {
        Self {
            open: BTreeMap::new(),
            newest: 0,
            oldest: (!adopted).then_some(1),
            missed: adopted,
            missed_bytes: 0,
            over_ahead: BTreeSet::new(),
            blind: [adopted; 2],
            regained_at: [None; 2],
            sole: [None; 2],
            requests_wait: false,
            is_unsettled: false,
            is_grpc: false,
            refusal: None,
        }
    }

    pub(super) fn headers(&mut self, direction: Direction, head: Head, sink: &mut dyn Sink) {
        if !is_of_client(head.stream) {
            return;
        }
        self.is_grpc |= head.fields.is_grpc == Some(true) || head.fields.grpc_status.is_some();
        match direction {
            Direction::Request => self.ask(head, sink),
            Direction::Response => self.answer(head, sink),
        }
    }

    fn ask(&mut self, head: Head, sink: &mut dyn Sink) {
        let (id, start) = (head.stream, head.start);
        // Where none was missed, the first block of a stream is a head even if nothing of it can be read.
        let is_head = head.fields.is_head || (id > self.newest && !self.missed);
        if id > self.newest && is_head {
            let is_over = self.over_ahead.contains(&id);
            self.reveal(id, start, sink);
            self.newest = id;
            if !is_over {
                self.open.entry(id).or_insert_with(|| Stream::unasked(id, start));
                self.begin_in_doubt(id, start);
                self.keep_within_bounds(start, sink);
            }
        }
        if let Some(stream) = self.open.get_mut(&id) {
            stream.ask(head, is_head);
            self.settle(id, sink);
        }
    }

    fn answer(&mut self, head: Head, sink: &mut dyn Sink) {
        let (id, start) = (head.stream, head.start);
        if head.fields.is_head && self.may_be_unasked(id) {
            let was_before = self.was_before(id);
            let stream = self.open.entry(id).or_insert_with(|| Stream::unasked(id, start));
            stream.is_missed |= was_before;
            self.keep_within_bounds(start, sink);
        }
        if let Some(stream) = self.open.get_mut(&id).filter(|stream| !stream.was_reset_before(start)) {
            stream.answer(head);
            self.settle(id, sink);
        }
    }

    /// It was opened before the observation began.
    pub(super) fn was_before(&self, id: u32) -> bool {
        self.oldest.is_none_or(|oldest| id < oldest)
    }

    /// Its request was not seen, and may come or have been missed.
    fn may_be_unasked(&self, id: u32) -> bool {
        (id > self.newest && !self.over_ahead.contains(&id)) || self.was_before(id)
    }

    /// Takes a piece of a DATA frame, and says how many bytes behind it tell nothing.
    pub(super) fn data(&mut self, direction: Direction, piece: &Piece<'_>, sink: &mut dyn Sink) -> u64 {
        let is_late = |stream: &Stream| direction == Direction::Response && stream.was_reset_before(piece.time);
        let Some(stream) = self.open.get_mut(&piece.stream).filter(|stream| !is_late(stream)) else { return u64::MAX };
        stream.last = piece.time;
        let half = stream.half_mut(direction);
        half.take(piece.bytes);
        match piece.content {
            Content::Seen(bytes) => half.messages.read(bytes),
            Content::Unseen(length) => half.messages.skip(length),
            Content::Unknown => half.messages.lose(),
        }
        if let Some(end) = piece.end {
            half.end = End::Seen(end);
            self.settle(piece.stream, sink);
        }
        self.needless(direction, piece.stream)
    }

    /// How many bytes of a stream's DATA tell nothing from here on.
    pub(super) fn needless(&self, direction: Direction, id: u32) -> u64 {
        self.open.get(&id).map_or(u64::MAX, |stream| stream.needless(direction))
    }

    /// RST_STREAM: what has not ended by now will not (RFC 9113 section 6.4). After the client's it may yet turn out that an
    /// answer before it was not seen, and after the server's that its request is on the way.
    pub(super) fn reset(&mut self, id: u32, reset: Reset, sink: &mut dyn Sink) {
        let Some(stream) = self.open.get_mut(&id) else { return };
        stream.reset.get_or_insert(reset);
        let may_be_answered = reset.by == Direction::Request && stream.response.end == End::Open;
        if may_be_answered || !self.open.get(&id).is_some_and(|stream| self.is_known(id, stream)) {
            self.is_unsettled = true;
        } else if let Some(stream) = self.remove(id) {
            self.end(id, stream, reset.time, sink);
        }
    }

    /// GOAWAY of the server: later streams than the last were not processed, nor will those be that the client opens before it
    /// hears of that (section 6.8).
    pub(super) fn go_away(&mut self, refusal: Refusal, time: Nanos, sink: &mut dyn Sink) {
        self.refusal = Some(refusal);
        for (id, mut stream) in self.open.split_off(&refusal.last.saturating_add(1)) {
            if stream.is_begun() {
                self.open.insert(id, stream);
            } else {
                stream.response.end = End::Open;
                self.end(id, stream, time, sink);
            }
        }
    }

    /// The connection is over.
    pub(super) fn close(&mut self, time: Nanos, sink: &mut dyn Sink) {
        self.requests_wait = false;
        for (id, stream) in std::mem::take(&mut self.open) {
            self.end(id, stream, time, sink);
        }
        self.is_unsettled = false;
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<Stream> {
        let stream = self.open.remove(&id)?;
        if id > self.newest && self.over_ahead.len() < OPEN_MAX {
            self.over_ahead.insert(id);
        }
        Some(stream)
    }

    /// Nothing more comes on this stream.
    pub(super) fn end(&mut self, id: u32, stream: Stream, time: Nanos, sink: &mut dyn Sink) {
        let is_known = self.is_known(id, &stream);
        match stream.response.end {
            // An answer that nobody asked for: to the request that upgraded to HTTP/2, which was counted as HTTP/1.
            _ if !is_known => {}
            End::Seen(_) => self.hand_out(stream.answered(sink), sink),
            End::Unsure(_) if stream.is_begun() => self.hand_out(stream.left_open(sink), sink),
            End::Unsure(_) => sink.lost(1),
            End::Open => {
                let failure = self.failure(id, &stream);
                self.hand_out(stream.unanswered(failure, time, sink), sink);
            }
        }
    }

    fn failure(&self, id: u32, stream: &Stream) -> Failure {
        let refusal = self.refusal.filter(|refusal| id > refusal.last && !stream.is_begun());
        match (stream.reset, refusal) {
            (Some(reset), _) => Failure::Reset(reset),
            (None, Some(refusal)) => Failure::Refused(refusal.code),
            (None, None) => Failure::Closed,
        }
    }

    /// Whether it is an exchange: its request was seen, or is known to have passed.
    fn is_known(&self, id: u32, stream: &Stream) -> bool {
        stream.is_asked() || self.misses_request(id, stream)
    }

    /// Whether the request of a stream is known to have passed unseen.
    fn misses_request(&self, id: u32, stream: &Stream) -> bool {
        stream.is_missed || (id > self.newest && self.missed && !self.requests_wait)
    }

    /// Hands out an exchange as soon as both its sides have ended, or the request's end will not be seen.
    pub(super) fn settle(&mut self, id: u32, sink: &mut dyn Sink) {
        let Some(stream) = self.open.get(&id).filter(|stream| stream.response.is_over()) else { return };
        let is_settled = if stream.is_asked() {
            stream.request.end != End::Open || stream.opens_tunnel()
        } else {
            self.misses_request(id, stream)
        };
        if !is_settled {
            self.is_unsettled = true;
        } else if let Some(stream) = self.remove(id) {
            self.hand_out(stream.answered(sink), sink);
        }
    }

    fn hand_out(&mut self, exchange: Exchange, sink: &mut dyn Sink) {
        self.is_grpc |= exchange.protocol == Protocol::Grpc;
        sink.exchange(exchange);
    }

    /// Whether a frame may be expected, where it is not certain that it is one.
    pub(super) fn admits(&self, direction: Direction, frame: &Frame) -> bool {
        match frame.stream {
            0 => true,
            id if !is_of_client(id) => false,
            id if self.is_open(direction, id) || self.was_before(id) => true,
            id if id <= self.newest => matches!(frame.kind, Kind::Window | Kind::Reset | Kind::Priority),
            id => {
                let opens = direction == Direction::Request && frame.kind == Kind::Headers;
                (opens || self.missed) && (id - self.newest) as usize / 2 <= OPEN_MAX
            }
        }
    }

    /// Whether more of this stream is expected in this direction.
    pub(super) fn is_open(&self, direction: Direction, id: u32) -> bool {
        self.open.get(&id).is_some_and(|stream| !stream.half(direction).is_over())
    }
}
