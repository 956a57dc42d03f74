//! One direction: cuts the stream into frames, each behind four bytes of size, and keeps the first bytes of each.

use crate::stream::{Place, Reader, Run};

use super::detect::{SIZE_MAX, size};

/// The size itself.
const SIZE: usize = 4;
/// Size and correlation id of an answer: so much must be there to tell how much more is of interest.
pub(super) const BEGINNING: usize = 8;

/// A frame that is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// Its first bytes, the size included.
    pub(super) head: &'a [u8],
    pub(super) start: Place,
    pub(super) end: Place,
    /// The time of its end is known.
    pub(super) end_seen: bool,
}

/// What a direction means.
pub(super) trait Role {
    /// The smallest size of a frame.
    const SIZE_MIN: u32;

    /// Whether a segment in the middle of the stream surely begins with a frame.
    fn is_frame(&self, bytes: &[u8]) -> bool;

    /// How many bytes of a frame that begins like this are of interest.
    fn kept(&self, beginning: &[u8]) -> usize;

    /// A frame is over.
    fn frame(&mut self, frame: Frame<'_>);

    /// Frames may have passed unread; `certain` where one has begun.
    fn gap(&mut self, certain: bool);

    /// So many bytes were not captured in which frames began.
    fn missed(&mut self, bytes: u64);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The place was lost; a frame is looked for at the starts of segments.
    Seek,
    /// The size comes next, or is there in part.
    Size,
    /// So many bytes of a frame are still to come.
    Frame(u64),
    Over,
}

#[derive(Debug)]
pub(super) struct Lane {
    state: State,
    head: Vec<u8>,
    /// So many bytes are kept of the present frame; fewer where some were not captured.
    wanted: usize,
    start: Place,
    /// Behind the last byte that was read.
    last: Place,
}

impl Lane {
    pub(super) fn new(adopted: bool) -> Self {
        let state = if adopted { State::Seek } else { State::Size };
        Self { state, head: Vec::new(), wanted: 0, start: Place::default(), last: Place::default() }
    }

    pub(super) const fn last(&self) -> Place {
        self.last
    }

    /// Whether frames are looked for, and not followed.
    pub(super) fn has_lost_place(&self) -> bool {
        self.state == State::Seek
    }

    pub(super) fn stop(&mut self) {
        (self.state, self.head) = (State::Over, Vec::new());
    }

    /// The frame that is under way, as far as it was seen.
    pub(super) fn begun(&self) -> Option<Frame<'_>> {
        let frame = Frame { head: &self.head, start: self.start, end: self.last, end_seen: false };
        matches!(self.state, State::Frame(_)).then_some(frame)
    }

    /// Bytes before this offset tell nothing. A frame's last byte does: when it came.
    pub(super) fn needless_until(&self) -> u64 {
        match self.state {
            State::Frame(left) if self.head.len() >= self.wanted => (self.last.offset + left).saturating_sub(1),
            State::Over => u64::MAX,
            _ => 0,
        }
    }
}

/// A lane that reads for its role.
pub(super) struct Reading<'a, R> {
    pub(super) lane: &'a mut Lane,
    pub(super) role: R,
}

impl<R: Role> Reading<'_, R> {
    /// Reads some bytes. Where it reads none, its state has moved on.
    fn step(&mut self, rest: Run<'_>) -> usize {
        match self.lane.state {
            State::Over => rest.bytes.len(),
            State::Seek => {
                if rest.starts_segment && self.role.is_frame(rest.bytes) {
                    self.lane.state = State::Size;
                    return 0;
                }
                rest.bytes.len()
            }
            State::Size => self.read_size(rest),
            State::Frame(left) => self.read_frame(rest, left),
        }
    }

    fn read_size(&mut self, rest: Run<'_>) -> usize {
        if self.lane.head.is_empty() {
            self.lane.start = rest.at;
        }
        let used = rest.bytes.len().min(SIZE - self.lane.head.len());
        self.lane.head.extend_from_slice(&rest.bytes[..used]);
        match size(&self.lane.head) {
            None => {}
            Some(size) if (R::SIZE_MIN..=SIZE_MAX).contains(&size) => {
                self.lane.state = State::Frame(u64::from(size));
                self.lane.wanted = BEGINNING.min(SIZE + size as usize);
            }
            Some(_) => self.lose_place(true),
        }
        used
    }

    fn read_frame(&mut self, rest: Run<'_>, left: u64) -> usize {
        let whole = left.min(rest.bytes.len() as u64) as usize;
        let missing = self.lane.wanted.saturating_sub(self.lane.head.len());
        let used = if missing > 0 { whole.min(missing) } else { whole };
        if missing > 0 {
            self.lane.head.extend_from_slice(&rest.bytes[..used]);
            if self.lane.head.len() == BEGINNING {
                self.lane.wanted = self.role.kept(&self.lane.head).max(BEGINNING);
            }
        }
        let end = Place { offset: rest.at.offset + used as u64, time: rest.at.time };
        self.shorten(left - used as u64, end, true);
        used
    }

    fn shorten(&mut self, left: u64, at: Place, seen: bool) {
        self.lane.state = State::Frame(left);
        if left == 0 {
            self.lane.state = State::Size;
            let head = std::mem::take(&mut self.lane.head);
            self.role.frame(Frame { head: &head, start: self.lane.start, end: at, end_seen: seen });
            // What Metadata needed is not held for longer.
            if head.capacity() <= 4_096 {
                self.lane.head = head;
                self.lane.head.clear();
            }
        }
    }

    fn lose_place(&mut self, certain: bool) {
        self.lane.head.clear();
        self.lane.state = State::Seek;
        self.role.gap(certain);
    }

    /// Bytes passed by without being captured, or were lost.
    fn hole(&mut self, length: u64, at: Place, lost: bool) {
        let mut rest = length;
        if let State::Frame(left) = self.lane.state {
            let used = left.min(length);
            self.lane.wanted = self.lane.wanted.min(self.lane.head.len());
            rest -= used;
            self.shorten(left - used, Place { offset: at.offset + used, time: at.time }, !lost);
        }
        self.lane.last = Place { offset: at.offset + length, time: at.time };
        match self.lane.state {
            State::Size if rest > 0 => {
                if !lost {
                    self.role.missed(rest);
                }
                self.lose_place(true);
            }
            State::Seek if lost => self.role.gap(false),
            _ => {}
        }
    }
}

impl<R: Role> Reader for Reading<'_, R> {
    fn bytes(&mut self, run: Run<'_>) {
        let mut rest = run;
        while !rest.bytes.is_empty() {
            let used = self.step(rest);
            self.lane.last = rest.advance(used);
        }
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
