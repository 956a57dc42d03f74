//! What is in a frame: DATA is passed on as it comes, small frames are read when they are whole, others passed over.

use crate::{
    Direction, Nanos,
    stream::{Place, Run},
};

use super::{
    block::BLOCK_MAX,
    frame::{Frame, HEADER, Kind, PADDED},
    lane::{Reading, State},
    stream::Reset,
    streams::{Content, Piece, Refusal},
};

/// Buffers that have grown beyond this are not kept.
const KEPT_BUFFER: usize = 4 * 1024;

/// Shorter DATA frames are not worth following in the kernel.
const FOLLOWED_MIN: u32 = 4096;

/// A frame whose payload is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payload {
    frame: Frame,
    /// Bytes of it still to come.
    left: u64,
    /// Of DATA: bytes of padding at its end, once that is known.
    padding: Option<u64>,
    /// Of DATA: bytes ahead that tell nothing.
    needless: u64,
    /// Some of it was not captured, and what is behind that is of no use.
    is_cut: bool,
}

impl Payload {
    pub(super) fn new(frame: Frame) -> Self {
        let padding = if frame.has(PADDED) { None } else { Some(0) };
        Self { frame, left: u64::from(frame.length), padding, needless: 0, is_cut: false }
    }

    pub(super) fn needless(&self) -> u64 {
        self.needless
    }

    /// Nothing of it is needed any more, not even when it ends.
    pub(super) fn is_needless(&self) -> bool {
        let is_worth_it = self.is_data() && self.frame.length >= FOLLOWED_MIN;
        is_worth_it && !self.frame.ends_stream() && self.padding.is_some() && self.needless >= self.left
    }

    fn is_data(&self) -> bool {
        self.frame.kind == Kind::Data
    }

    fn content_left(&self) -> u64 {
        self.left.saturating_sub(self.padding.unwrap_or(0))
    }

    /// Takes the next bytes of DATA: what of them is content.
    fn take<'a>(&mut self, bytes: &'a [u8]) -> Content<'a> {
        let mut content = bytes;
        if self.padding.is_none()
            && let Some((padding, behind)) = bytes.split_first()
        {
            self.padding = Some(u64::from(*padding));
            self.left -= 1;
            content = behind;
        }
        let length = self.content_left().min(content.len() as u64) as usize;
        self.left -= content.len() as u64;
        Content::Seen(&content[..length])
    }

    /// The same for bytes that were not captured.
    fn pass(&mut self, length: u64) -> Content<'static> {
        let content = match self.padding {
            Some(_) => Content::Unseen(self.content_left().min(length)),
            None => Content::Unknown,
        };
        self.padding.get_or_insert(0);
        self.left -= length;
        content
    }
}

impl Reading<'_> {
    /// Behind a frame's header.
    pub(super) fn begin_payload(&mut self, frame: Frame) {
        let mut payload = Payload::new(frame);
        if frame.kind == Kind::Data && payload.padding.is_some() {
            payload.needless = self.streams.needless(self.direction, frame.stream).min(payload.left);
        }
        self.enter(payload);
    }

    fn enter(&mut self, payload: Payload) {
        if payload.is_needless() {
            self.lane.data_end = self.lane.start.offset + payload.frame.size();
        }
        self.lane.state = State::Payload(payload);
    }

    pub(super) fn payload(&mut self, rest: Run<'_>) -> usize {
        let State::Payload(mut payload) = self.lane.state else { return 0 };
        let used = payload.left.min(rest.bytes.len() as u64) as usize;
        let (bytes, time) = (&rest.bytes[..used], rest.at.time);
        match payload.frame.kind {
            Kind::Data => {
                let content = payload.take(bytes);
                self.data(payload, content, used as u64, Some(time), time);
            }
            Kind::Headers | Kind::Promise | Kind::Continuation | Kind::Reset | Kind::GoAway => {
                self.gather(payload, bytes, time);
            }
            Kind::Priority | Kind::Settings | Kind::Ping | Kind::Window | Kind::Other => {
                self.pass_over(payload, used as u64);
            }
        }
        used
    }

    /// Bytes of the payload passed by, or were lost; perhaps more than that.
    pub(super) fn hole_in_payload(&mut self, length: u64, at: Place, is_lost: bool, since: Nanos) {
        let State::Payload(mut payload) = self.lane.state else { return };
        let (left, end) = (payload.left, (!is_lost).then_some(at.time));
        let passed = left.min(length);
        if payload.is_data() {
            let content = payload.pass(passed);
            self.data(payload, content, passed, end, at.time);
        } else {
            payload.is_cut = true;
            payload.left -= passed;
            self.lane.state = State::Payload(payload);
            if payload.left == 0 {
                let seen = std::mem::take(&mut self.lane.buffer);
                self.end_payload(&seen, end, at.time);
            }
        }
        if length > left {
            self.lose(Place { offset: at.offset + left, time: at.time }, since);
        }
    }

    /// Passes a piece of DATA on. `end` is the time of its last byte, where that was seen.
    fn data(&mut self, mut payload: Payload, content: Content<'_>, length: u64, end: Option<Nanos>, now: Nanos) {
        let Payload { frame, left, .. } = payload;
        let is_first = left + length == u64::from(frame.length);
        let piece = Piece {
            stream: frame.stream,
            content,
            bytes: length + if is_first { HEADER as u64 } else { 0 },
            time: now,
            end: (left == 0 && frame.ends_stream()).then_some(end),
        };
        let needless = self.streams.data(self.direction, &piece, self.sink);
        payload.needless = match payload.padding {
            None => 0,
            Some(_) if needless >= payload.content_left() => left,
            Some(_) => needless,
        };
        self.enter(payload);
        if left == 0 {
            self.lane.state = State::Header;
        }
    }

    /// Reads a payload when it is whole: where it is, or in the buffer.
    fn gather(&mut self, mut payload: Payload, bytes: &[u8], now: Nanos) {
        let is_whole_here = payload.left == u64::from(payload.frame.length);
        payload.left -= bytes.len() as u64;
        self.lane.state = State::Payload(payload);
        if is_whole_here && payload.left == 0 {
            self.end_payload(bytes, Some(now), now);
            return;
        }
        if !payload.is_cut {
            let room = BLOCK_MAX.saturating_sub(self.lane.buffer.len()).min(bytes.len());
            self.lane.buffer.extend_from_slice(&bytes[..room]);
            payload.is_cut = room < bytes.len();
            self.lane.state = State::Payload(payload);
        }
        if payload.left == 0 {
            let mut whole = std::mem::take(&mut self.lane.buffer);
            self.end_payload(&whole, Some(now), now);
            whole.clear();
            if whole.capacity() <= KEPT_BUFFER {
                self.lane.buffer = whole;
            }
        }
    }

    fn pass_over(&mut self, mut payload: Payload, length: u64) {
        payload.left -= length;
        self.lane.state = if payload.left == 0 { State::Header } else { State::Payload(payload) };
    }

    /// A frame is over: `bytes` are its payload, as far as they are there and of use.
    pub(super) fn end_payload(&mut self, bytes: &[u8], end: Option<Nanos>, now: Nanos) {
        let State::Payload(payload) = self.lane.state else { return };
        let Payload { frame, is_cut, .. } = payload;
        self.lane.state = State::Header;
        match frame.kind {
            Kind::Data => self.data(payload, Content::Seen(&[]), 0, end, now),
            Kind::Headers | Kind::Promise | Kind::Continuation => self.fragment(&frame, bytes, is_cut, end),
            Kind::Reset => {
                let reset = Reset { time: now, by: self.direction, code: number_at(bytes, 0) };
                self.streams.reset(frame.stream, reset, self.sink);
            }
            Kind::GoAway if self.direction == Direction::Response => self.go_away(bytes, now),
            _ => {}
        }
    }

    /// RFC 9113 section 6.8: the last stream that was or may yet be processed stands first, then why.
    fn go_away(&mut self, payload: &[u8], now: Nanos) {
        if let Some(last) = number_at(payload, 0).map(|last| last & 0x7fff_ffff) {
            self.streams.go_away(Refusal { last, code: number_at(payload, 4) }, now, self.sink);
        }
    }
}

fn number_at(payload: &[u8], at: usize) -> Option<u32> {
    payload.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}
