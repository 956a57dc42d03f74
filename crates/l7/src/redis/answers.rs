//! What the server sends: one value an answer, and some that are none.

use crate::{
    Nanos, Sink,
    stream::{Place, Reader, Run},
};

use super::{
    answer::Answer,
    pairing::Pairing,
    value::{Progress, Walk},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The place was lost. An element of an answer looks like an answer, so nothing is read until the pairing knows that
    /// nothing is under way.
    Blind,
    /// The next byte is the first of a message.
    Start,
    Value,
    Over,
}

#[derive(Debug)]
pub(super) struct Lane {
    state: State,
    walk: Walk,
    answer: Answer,
    /// Where the present message began.
    start: Place,
    /// Behind the last byte that was read.
    last: Place,
}

impl Lane {
    pub(super) fn new(adopted: bool) -> Self {
        Self {
            state: if adopted { State::Blind } else { State::Start },
            walk: Walk::default(),
            answer: Answer::default(),
            start: Place::default(),
            last: Place::default(),
        }
    }

    pub(super) const fn last(&self) -> Place {
        self.last
    }

    pub(super) fn stop(&mut self) {
        self.state = State::Over;
    }

    /// Nothing is under way, so that the next byte is the first of a message.
    pub(super) fn begin_anew(&mut self) {
        if self.state != State::Over {
            self.state = State::Start;
            self.walk.reset();
        }
    }

    /// Bytes before this offset tell nothing. The last byte of a value does: when it came.
    pub(super) fn needless_until(&self) -> u64 {
        match self.state {
            State::Value => self.last.offset.saturating_add(self.walk.needless()).saturating_sub(1),
            State::Over => u64::MAX,
            State::Blind | State::Start => 0,
        }
    }
}

/// A lane that reads.
pub(super) struct Answering<'a> {
    pub(super) lane: &'a mut Lane,
    pub(super) pairing: &'a mut Pairing,
    pub(super) sink: &'a mut dyn Sink,
}

impl Answering<'_> {
    /// A trial has failed since these bytes were last looked at.
    fn follow(&mut self) {
        if self.pairing.blind && self.lane.state != State::Over {
            self.lane.state = State::Blind;
        }
    }

    /// Reads some bytes. Where it reads none, its state has moved on.
    fn step(&mut self, rest: Run<'_>) -> usize {
        match self.lane.state {
            State::Blind | State::Over => rest.bytes.len(),
            State::Start => self.begin(rest),
            State::Value => self.read_value(rest),
        }
    }

    fn begin(&mut self, rest: Run<'_>) -> usize {
        // A master that prepares a dump sends empty lines meanwhile.
        if matches!(rest.bytes[0], b'\r' | b'\n') {
            return 1;
        }
        if rest.bytes[0] == b'$' && self.pairing.expects_dump() {
            self.pairing.dump_begins(rest.at, self.sink);
            self.lane.stop();
            return 0;
        }
        self.lane.start = rest.at;
        self.lane.answer.clear();
        self.lane.walk.reset();
        self.lane.state = State::Value;
        0
    }

    fn read_value(&mut self, rest: Run<'_>) -> usize {
        let (used, progress) = self.lane.walk.read(rest.bytes, &mut self.lane.answer);
        match progress {
            Progress::More => used,
            Progress::Ended => {
                self.end(Place { offset: rest.at.offset + used as u64, time: rest.at.time }, true);
                used
            }
            Progress::Broken => {
                self.go_blind(rest.at, false);
                rest.bytes.len()
            }
        }
    }

    fn end(&mut self, end: Place, end_seen: bool) {
        self.lane.state = State::Start;
        self.pairing.answered(&self.lane.answer, self.lane.start, end, end_seen, self.sink);
        if self.pairing.over {
            self.lane.stop();
        }
    }

    fn go_blind(&mut self, at: Place, lost: bool) {
        let begun = (self.lane.state == State::Value).then_some((&self.lane.answer, self.lane.start));
        self.lane.state = State::Blind;
        self.pairing.gap_in_answers(begun, lost, at, self.sink);
    }

    /// Bytes passed by without being captured, or were lost.
    fn hole(&mut self, length: u64, at: Place, lost: bool) {
        self.follow();
        let mut length = length;
        let mut at = at;
        if self.lane.state == State::Value {
            let (used, progress) = self.lane.walk.skip(length);
            length -= used;
            at.offset += used;
            match progress {
                Progress::More => {}
                Progress::Ended => self.end(at, !lost),
                Progress::Broken => self.go_blind(at, lost),
            }
        }
        let is_missed = match self.lane.state {
            State::Start => length > 0,
            State::Blind => lost && length > 0,
            State::Value | State::Over => false,
        };
        if is_missed {
            if !lost {
                self.sink.missed(length);
            }
            self.go_blind(at, lost);
        }
        self.lane.last = Place { offset: at.offset + length, time: at.time };
        if !lost {
            self.pairing.rhythm.response(at.time, false);
        }
    }

    /// The stream is over, and what is not whole never will be.
    pub(super) fn close(&mut self, time: Nanos) {
        self.follow();
        if self.lane.state == State::Value {
            self.pairing.cut_off(&self.lane.answer, self.lane.start, self.lane.last, time, self.sink);
        }
        self.pairing.end_open(self.lane.last, time, self.sink);
        self.lane.stop();
    }
}

impl Reader for Answering<'_> {
    fn bytes(&mut self, run: Run<'_>) {
        let mut rest = run;
        while !rest.bytes.is_empty() {
            self.follow();
            let used = self.step(rest);
            self.lane.last = rest.advance(used);
        }
        self.pairing.rhythm.response(run.at.time, run.ends_segment && run.bytes.ends_with(b"\n"));
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
