//! What the client sends: commands as arrays of bulk strings, or inline as lines.

use crate::{
    Detection, Direction, Sink,
    stream::{Place, Reader, Run},
};

use super::{
    answers,
    asked::Asked,
    command::{Said, Words, said},
    detect::detect,
    pairing::Pairing,
    value::{Progress, Walk},
};

/// An inline command longer than this is none; servers refuse them at the same length.
const INLINE_MAX: usize = 64 * 1024;
/// Of an inline command so much is kept.
const INLINE_KEPT: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No command is followed; the next is looked for at the starts of segments.
    Seek,
    /// The next byte is the first of a command.
    Start,
    Array,
    /// A line, so many bytes of it.
    Inline(usize),
    Over,
}

#[derive(Debug)]
pub(super) struct Lane {
    state: State,
    walk: Walk,
    words: Words,
    line: Vec<u8>,
    /// Where the present command began.
    start: Place,
    /// Behind the last byte that was read.
    last: Place,
    /// Memory that is used again.
    scratch: String,
}

impl Lane {
    pub(super) fn new(adopted: bool) -> Self {
        Self {
            state: if adopted { State::Seek } else { State::Start },
            walk: Walk::default(),
            words: Words::default(),
            line: Vec::new(),
            start: Place::default(),
            last: Place::default(),
            scratch: String::new(),
        }
    }

    pub(super) const fn last(&self) -> Place {
        self.last
    }

    pub(super) fn stop(&mut self) {
        self.state = State::Over;
    }

    /// Bytes before this offset tell nothing.
    pub(super) fn needless_until(&self) -> u64 {
        match self.state {
            State::Array => self.last.offset.saturating_add(self.walk.needless()).saturating_sub(1),
            State::Over => u64::MAX,
            State::Seek | State::Start | State::Inline(_) => 0,
        }
    }
}

/// A lane that reads.
pub(super) struct Asking<'a> {
    pub(super) lane: &'a mut Lane,
    pub(super) answers: &'a mut answers::Lane,
    pub(super) pairing: &'a mut Pairing,
    pub(super) sink: &'a mut dyn Sink,
}

impl Asking<'_> {
    /// Reads some bytes. Where it reads none, its state has moved on.
    fn step(&mut self, rest: Run<'_>) -> usize {
        match self.lane.state {
            State::Over => rest.bytes.len(),
            State::Seek => self.seek(rest),
            State::Start => self.begin(rest),
            State::Array => self.read_array(rest),
            State::Inline(length) => self.read_line(rest, length),
        }
    }

    fn seek(&mut self, rest: Run<'_>) -> usize {
        if rest.starts_segment && detect(Direction::Request, rest.bytes) == Detection::Yes {
            self.lane.state = State::Start;
            return 0;
        }
        // There may have been a command in them.
        self.pairing.gap_in_requests(false, self.sink);
        rest.bytes.len()
    }

    fn begin(&mut self, rest: Run<'_>) -> usize {
        if matches!(rest.bytes[0], b'\r' | b'\n') {
            return 1;
        }
        self.lane.start = rest.at;
        self.lane.words.clear();
        self.lane.line.clear();
        self.lane.walk.reset();
        self.lane.state = if rest.bytes[0] == b'*' { State::Array } else { State::Inline(0) };
        if self.pairing.request_begins(rest.at, self.answers.last(), self.sink) {
            self.answers.begin_anew();
        }
        0
    }

    fn read_array(&mut self, rest: Run<'_>) -> usize {
        let (used, progress) = self.lane.walk.read(rest.bytes, &mut self.lane.words);
        let end = Place { offset: rest.at.offset + used as u64, time: rest.at.time };
        match progress {
            Progress::More => used,
            Progress::Ended => self.end(end, used),
            Progress::Broken => self.refuse(rest),
        }
    }

    fn read_line(&mut self, rest: Run<'_>, before: usize) -> usize {
        let end = rest.bytes.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(rest.bytes.len(), |end| end + 1);
        let kept = used.min(INLINE_KEPT - self.lane.line.len());
        self.lane.line.extend_from_slice(&rest.bytes[..kept]);
        self.lane.state = State::Inline(before + used);
        let is_text = self.lane.line.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t' | 0x80..));
        if before + used > INLINE_MAX || !is_text {
            return self.refuse(rest);
        }
        if end.is_none() {
            return used;
        }
        self.lane.words.take_inline(&self.lane.line);
        self.end(Place { offset: rest.at.offset + used as u64, time: rest.at.time }, used)
    }

    /// The command is whole.
    fn end(&mut self, end: Place, used: usize) -> usize {
        self.lane.state = State::Start;
        if self.lane.words.are_command() {
            self.ask(end);
        }
        used
    }

    fn ask(&mut self, end: Place) {
        let said: Said = said(&self.lane.words, &mut self.lane.scratch, self.sink);
        self.pairing.asked(Asked { start: self.lane.start, end, said }, self.sink);
    }

    /// These bytes are no command. A segment that starts like one is tried afresh.
    fn refuse(&mut self, rest: Run<'_>) -> usize {
        self.lane.state = State::Seek;
        self.pairing.gap_in_requests(true, self.sink);
        let begins_anew = rest.starts_segment && rest.at.offset > self.lane.start.offset;
        if begins_anew && detect(Direction::Request, rest.bytes) == Detection::Yes { 0 } else { rest.bytes.len() }
    }

    /// Bytes passed by without being captured, or were lost.
    fn hole(&mut self, length: u64, at: Place, lost: bool) {
        let mut length = length;
        let mut at = at;
        if self.lane.state == State::Array {
            let (used, progress) = self.lane.walk.skip(length);
            length -= used;
            at.offset += used;
            match progress {
                Progress::More => {}
                Progress::Ended => _ = self.end(at, 0),
                Progress::Broken => self.break_off(at),
            }
        }
        self.lane.last = Place { offset: at.offset + length, time: at.time };
        match self.lane.state {
            State::Start if length > 0 => {
                if !lost {
                    self.sink.missed(length);
                }
                self.lane.state = State::Seek;
                self.pairing.gap_in_requests(true, self.sink);
            }
            State::Inline(_) => self.break_off(at),
            State::Seek if lost => self.pairing.gap_in_requests(false, self.sink),
            _ => {}
        }
    }

    /// The rest of the present command cannot be followed. It was asked all the same.
    fn break_off(&mut self, at: Place) {
        self.lane.state = State::Seek;
        let is_known = self.lane.words.are_known();
        if is_known {
            self.ask(at);
        }
        self.pairing.gap_in_requests(!is_known, self.sink);
    }

    /// The stream is over: a command whose name is known was asked, though it is not whole.
    pub(super) fn close(&mut self) {
        if self.lane.state == State::Array && self.lane.words.are_known() {
            self.ask(self.lane.last);
        }
        self.lane.stop();
    }
}

impl Reader for Asking<'_> {
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
