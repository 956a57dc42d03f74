//! One direction of a connection: cuts it into frames, and tells the streams what they hold.

use crate::{
    Direction, Nanos, Sink,
    stream::{Place, Reader, Run},
};

use super::{
    block::Block,
    detect::PREFACE,
    frame::{Frame, HEADER, Kind},
    hpack::Decoder,
    payload::Payload,
    streams::Streams,
};

#[derive(Debug)]
pub(super) enum State {
    /// So many bytes of the client's preface were read.
    Preface(usize),
    /// Between frames, or in a frame's header.
    Header,
    Payload(Payload),
    /// It is not known where a frame begins.
    Seek,
    Over,
}

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) state: State,
    /// The beginning of a frame's header.
    header: [u8; HEADER],
    header_read: usize,
    /// Where the present frame began.
    pub(super) start: Place,
    /// The beginning of a payload that came in several runs.
    pub(super) buffer: Vec<u8>,
    /// A header block that goes on in the next frame.
    pub(super) block: Option<Block>,
    pub(super) decoder: Decoder,
    /// Behind the last byte that was read.
    pub(super) last: Place,
    /// Where the place was lost.
    pub(super) lost_at: Option<u64>,
    /// Up to here bytes were searched for frames.
    pub(super) searched_to: u64,
    /// Where a DATA frame ends of which nothing more is needed: the kernel may follow such frames by itself from there. 0 before
    /// there was one.
    pub(super) data_end: u64,
}

impl Lane {
    pub(super) fn new(direction: Direction, adopted: bool) -> Self {
        let state = match direction {
            _ if adopted => State::Seek,
            Direction::Request => State::Preface(0),
            Direction::Response => State::Header,
        };
        Self {
            state,
            header: [0; HEADER],
            header_read: 0,
            start: Place::default(),
            buffer: Vec::new(),
            block: None,
            decoder: Decoder::default(),
            last: Place::default(),
            lost_at: None,
            searched_to: 0,
            data_end: 0,
        }
    }

    /// Where the kernel may begin to look for frames, if nothing before that is needed.
    pub(super) fn follow_from(&self) -> Option<u64> {
        let is_there = match self.state {
            State::Payload(_) => true,
            State::Header => self.header_read == 0,
            State::Preface(_) | State::Seek | State::Over => false,
        };
        (is_there && self.data_end > 0 && self.data_end >= self.last.offset).then_some(self.data_end)
    }

    /// Bytes before this offset tell nothing. The last of them does, if it ends something: when it came.
    pub(super) fn needless_until(&self) -> u64 {
        match &self.state {
            State::Payload(payload) if payload.is_needless() => self.data_end,
            State::Payload(payload) => self.last.offset.saturating_add(payload.needless()).saturating_sub(1),
            State::Over => u64::MAX,
            State::Preface(_) | State::Header | State::Seek => 0,
        }
    }

    pub(super) fn stop(&mut self) {
        self.state = State::Over;
        (self.buffer, self.block) = (Vec::new(), None);
    }
}

/// A lane that reads.
pub(super) struct Reading<'a> {
    pub(super) lane: &'a mut Lane,
    pub(super) direction: Direction,
    pub(super) streams: &'a mut Streams,
    pub(super) sink: &'a mut dyn Sink,
}

impl Reading<'_> {
    fn read(&mut self, run: Run<'_>) {
        let mut rest = run;
        while !rest.bytes.is_empty() {
            let used = self.step(rest);
            self.lane.last = rest.advance(used);
        }
    }

    /// Reads some bytes. Where it reads none, its state has moved on.
    fn step(&mut self, rest: Run<'_>) -> usize {
        match &mut self.lane.state {
            State::Over => rest.bytes.len(),
            State::Seek => self.seek(rest),
            State::Preface(read) => {
                let expected = &PREFACE[*read..];
                let used = expected.len().min(rest.bytes.len());
                let fits = rest.bytes[..used] == expected[..used];
                *read += used;
                if !fits {
                    self.lose(rest.at, rest.at.time);
                } else if used == expected.len() {
                    self.lane.state = State::Header;
                }
                used
            }
            State::Header => self.header(rest),
            State::Payload(_) => self.payload(rest),
        }
    }

    fn header(&mut self, rest: Run<'_>) -> usize {
        let lane = &mut *self.lane;
        if lane.header_read == 0 {
            lane.start = rest.at;
        }
        let used = (HEADER - lane.header_read).min(rest.bytes.len());
        lane.header[lane.header_read..][..used].copy_from_slice(&rest.bytes[..used]);
        lane.header_read += used;
        if lane.header_read == HEADER {
            lane.header_read = 0;
            let frame = Frame::parse(&lane.header);
            self.begin(frame, Place { offset: rest.at.offset + used as u64, time: rest.at.time });
        }
        used
    }

    /// A frame's header ends at `at`.
    fn begin(&mut self, frame: Frame, at: Place) {
        let in_block = self.lane.block.as_ref().map(|block| block.stream);
        let continued = (frame.kind == Kind::Continuation).then_some(frame.stream);
        // A header block is not interrupted (RFC 9113 section 4.3), so what is not in its place is no frame.
        if !frame.is_valid() || in_block != continued {
            self.lose(at, at.time);
            return;
        }
        self.begin_payload(frame);
        if frame.length == 0 {
            self.end_payload(&[], Some(at.time), at.time);
        }
    }

    /// From here on it is not known where frames begin; nothing that is missing came before `since`. What is known of the
    /// last frame is told.
    pub(super) fn lose(&mut self, at: Place, since: Nanos) {
        if let Some(block) = self.lane.block.take() {
            self.tell_block(block, None);
        }
        self.lane.buffer.clear();
        self.lane.header_read = 0;
        self.lane.decoder.forget();
        self.lane.state = State::Seek;
        self.lane.lost_at = Some(at.offset);
        self.streams.lose(self.direction, since, self.sink);
    }

    fn hole(&mut self, length: u64, at: Place, is_lost: bool) {
        let since = if is_lost { self.lane.last.time } else { at.time };
        match self.lane.state {
            State::Over | State::Seek => {}
            State::Preface(_) | State::Header => {
                if !is_lost {
                    self.sink.missed(length);
                }
                self.lose(at, since);
            }
            State::Payload(_) => self.hole_in_payload(length, at, is_lost, since),
        }
        self.lane.last = Place { offset: at.offset.saturating_add(length), time: at.time };
    }
}

impl Reader for Reading<'_> {
    fn bytes(&mut self, run: Run<'_>) {
        self.read(run);
    }

    fn unseen(&mut self, length: u64, at: Place) {
        self.hole(length, at, false);
    }

    fn lost(&mut self, length: u64, at: Place) {
        self.hole(length, at, true);
    }

    fn needless_until(&self) -> u64 {
        self.lane.needless_until()
    }
}
