//! Cuts one direction's stream into messages that tell their length in front.

use crate::{
    Sink,
    stream::{Place, Run},
};

use super::connection::{Gap, Wire};
use crate::Direction;

/// What the first bytes of a message tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Too few of them are there.
    More,
    /// The whole message's length, and how many bytes of its beginning are wanted.
    Known { length: u64, keep: usize },
    /// No message begins like this.
    Wrong,
}

/// What follows a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The next one.
    Message,
    /// Nobody knows: what was said makes no sense.
    Lost,
    /// Nobody knows: what would tell was not captured.
    Unseen,
    /// Something else that is not read here.
    Nothing,
}

/// A message that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// Its beginning, with its length in front.
    pub(crate) bytes: &'a [u8],
    /// All of its length.
    pub(crate) length: u64,
    pub(crate) start: Place,
    /// Behind its last byte.
    pub(crate) end: Place,
}

/// The ends of segments that are looked at for the end of an answer.
const END: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The next message is looked for.
    Seek,
    /// In a message, or in front of one.
    Message,
    /// Nothing is read any more.
    Over,
}

#[derive(Debug)]
pub(crate) struct Frames {
    state: State,
    /// The beginning of a message that came in several runs; the last bytes that passed, where messages are looked for.
    buffer: Vec<u8>,
    /// Length of the present message, once that is known, and how much of it is wanted.
    measured: Option<(u64, usize)>,
    /// Bytes of the present message that passed by.
    passed: u64,
    start: Place,
    last: Place,
}

impl Frames {
    pub(crate) fn new(adopted: bool) -> Self {
        Self {
            state: if adopted { State::Seek } else { State::Message },
            buffer: Vec::new(),
            measured: None,
            passed: 0,
            start: Place::default(),
            last: Place::default(),
        }
    }

    /// Behind the last byte that was read.
    pub(crate) fn last(&self) -> Place {
        self.last
    }

    /// Where the message began that has not ended yet.
    pub(crate) fn begun(&self) -> Option<Place> {
        (self.state == State::Message && self.passed > 0).then_some(self.start)
    }

    /// Bytes before this offset tell nothing; the last of a message does, when it came.
    pub(crate) fn needless_until(&self) -> u64 {
        match (self.state, self.measured) {
            (State::Over, _) => u64::MAX,
            (State::Message, Some((length, keep))) if self.buffer.len() >= keep => {
                self.last.offset.saturating_add(length - self.passed).saturating_sub(1)
            }
            _ => 0,
        }
    }

    /// What is being followed is over; the next message is looked for.
    pub(crate) fn seek(&mut self) {
        if self.state != State::Over {
            self.state = State::Seek;
        }
        self.forget();
    }

    fn forget(&mut self) {
        self.buffer.clear();
        (self.measured, self.passed) = (None, 0);
    }

    pub(super) fn read<W: Wire>(&mut self, direction: Direction, run: Run<'_>, wire: &mut W, sink: &mut dyn Sink) {
        let mut rest = run;
        while !rest.bytes.is_empty() {
            let used = match self.state {
                State::Over => rest.bytes.len(),
                State::Seek => self.look(direction, rest, wire),
                State::Message => self.step(direction, rest, wire, sink),
            };
            self.last = rest.advance(used);
        }
        if self.state == State::Seek {
            self.look_at_end(direction, run, wire, sink);
        }
    }

    /// An end may come in more segments than one.
    fn look_at_end<W: Wire>(&mut self, direction: Direction, run: Run<'_>, wire: &mut W, sink: &mut dyn Sink) {
        let end = &run.bytes[run.bytes.len().saturating_sub(END)..];
        let room = END - end.len();
        self.buffer.drain(..self.buffer.len().saturating_sub(room));
        self.buffer.extend_from_slice(end);
        if run.ends_segment && wire.ends(direction, &self.buffer, self.last, sink) {
            self.forget();
            self.state = State::Message;
        }
    }

    fn look<W: Wire>(&mut self, direction: Direction, rest: Run<'_>, wire: &mut W) -> usize {
        if rest.starts_segment && wire.begins(direction, rest.bytes, rest.ends_segment) {
            self.forget();
            self.state = State::Message;
            return 0;
        }
        wire.pass_unread(direction, rest.at.time);
        rest.bytes.len()
    }

    fn step<W: Wire>(&mut self, direction: Direction, rest: Run<'_>, wire: &mut W, sink: &mut dyn Sink) -> usize {
        if self.passed > 0 {
            return self.go_on(direction, rest, wire, sink);
        }
        self.start = rest.at;
        match wire.measure(direction, rest.bytes) {
            Measure::Known { length, keep } if (1..=rest.bytes.len() as u64).contains(&length) => {
                let used = length as usize;
                let end = Place { offset: rest.at.offset + length, time: rest.at.time };
                let message = Message { bytes: &rest.bytes[..used.min(keep)], length, start: rest.at, end };
                let after = wire.message(direction, &message, sink);
                self.follow(direction, after, wire);
                used
            }
            _ => self.go_on(direction, rest, wire, sink),
        }
    }

    /// A message that is not there as a whole.
    fn go_on<W: Wire>(&mut self, direction: Direction, rest: Run<'_>, wire: &mut W, sink: &mut dyn Sink) -> usize {
        let Some((length, keep)) = self.measured else { return self.head(direction, rest, wire, sink) };
        let used = (length - self.passed).min(rest.bytes.len() as u64) as usize;
        let wanted = keep.saturating_sub(self.buffer.len()).min(used);
        self.buffer.extend_from_slice(&rest.bytes[..wanted]);
        let end = Place { offset: rest.at.offset + used as u64, time: rest.at.time };
        self.pass(direction, used as u64, end, wire, sink);
        used
    }

    /// A byte of what tells the length.
    fn head<W: Wire>(&mut self, direction: Direction, rest: Run<'_>, wire: &mut W, sink: &mut dyn Sink) -> usize {
        self.buffer.push(rest.bytes[0]);
        self.passed += 1;
        match wire.measure(direction, &self.buffer) {
            Measure::More => {}
            Measure::Known { length, keep } if length >= self.passed => {
                self.measured = Some((length, keep));
                let end = Place { offset: rest.at.offset + 1, time: rest.at.time };
                self.pass(direction, 0, end, wire, sink);
            }
            Measure::Known { .. } | Measure::Wrong => self.follow(direction, After::Lost, wire),
        }
        1
    }

    /// So many more bytes of the present message are behind us.
    fn pass<W: Wire>(&mut self, direction: Direction, used: u64, end: Place, wire: &mut W, sink: &mut dyn Sink) {
        self.passed += used;
        if self.measured.is_some_and(|(length, _)| length == self.passed) {
            let buffer = std::mem::take(&mut self.buffer);
            let message = Message { bytes: &buffer, length: self.passed, start: self.start, end };
            let after = wire.message(direction, &message, sink);
            self.buffer = buffer;
            self.follow(direction, after, wire);
        }
    }

    fn follow<W: Wire>(&mut self, direction: Direction, after: After, wire: &mut W) {
        self.forget();
        self.state = match after {
            After::Message => State::Message,
            After::Nothing => State::Over,
            After::Lost | After::Unseen => {
                let gap = Gap { lost: after == After::Lost, time: self.last.time, ..Gap::default() };
                wire.gap(direction, gap);
                State::Seek
            }
        };
    }

    /// Bytes passed by without being captured, or were lost.
    pub(super) fn hole<W: Wire>(
        &mut self,
        direction: Direction,
        (length, at): (u64, Place),
        lost: bool,
        wire: &mut W,
        sink: &mut dyn Sink,
    ) {
        let end = Place { offset: at.offset.saturating_add(length), time: at.time };
        self.last = end;
        if self.state == State::Over {
            return;
        }
        let left = self.measured.map_or(0, |(length, _)| length - self.passed);
        // What comes behind the hole does not belong to the beginning.
        if let Some((_, keep)) = &mut self.measured {
            *keep = (*keep).min(self.buffer.len());
        }
        if left > length || (left == length && !lost) {
            self.pass(direction, length, end, wire, sink);
            return;
        }
        let mut gap = Gap { lost, length, time: at.time, begun: None };
        if left > 0 && !lost {
            gap.length -= left;
            self.pass(direction, left, Place { offset: at.offset + left, time: at.time }, wire, sink);
        } else {
            gap.begun = self.buffer.first().copied().filter(|_| self.state == State::Message);
        }
        if self.state != State::Over {
            self.seek();
            wire.gap(direction, gap);
        }
    }
}
