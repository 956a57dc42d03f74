//! One direction of a connection: finds heads, follows bodies, and tells its role what it found.

use crate::{
    Detection, Direction, Nanos,
    stream::{Place, Reader, Run},
};

use super::{
    body::Body,
    chunked::{Progress, ends_like_chunked},
    detect::{detect, is_beginning},
    head::{Parsed, end_of_head, ends_head},
};

/// A head larger than this is not read to its end.
const HEAD_MAX: usize = 64 * 1024;
/// What a direction means.
pub(super) trait Role {
    const DIRECTION: Direction;

    /// A message may begin at `start` with these bytes. Where they hold a whole head, it is taken in.
    fn head(&mut self, bytes: &[u8], start: Place) -> Parsed<Body>;

    /// A message began, and the rest of its head was not captured or makes no sense.
    fn broken_head(&mut self, seen: &[u8], start: Place) -> Body;

    /// Whether at the place of a body there may be the next message in truth.
    fn may_have_no_body(&self) -> bool;

    /// Whether something else was asked already, so that bytes whose end is not known may be more than one message.
    fn is_followed(&self) -> bool;

    /// The message ended before `end`.
    fn ended(&mut self, start: Place, end: Place);

    /// The message ended before `end`, at a time that was not seen.
    fn ended_unseen(&mut self, start: Place, end: u64);

    /// Messages may have passed unread here, before `time`; `certain` where at least one has begun.
    fn gap(&mut self, certain: bool, time: Nanos);

    /// So many bytes were not captured in which messages began.
    fn missed(&mut self, bytes: u64);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No message is followed; the next is looked for at the starts of segments.
    Seek,
    /// The next byte is the first of a message.
    Start,
    /// A head that is not whole yet is in the buffer.
    Head,
    Body(Body),
    /// Not HTTP any more.
    Over,
}

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) state: State,
    /// The beginning of a head that came in several runs; in [`State::Seek`], of what may become one.
    pub(super) buffer: Vec<u8>,
    /// Where the present message began.
    pub(super) start: Place,
    /// Where its body begins.
    pub(super) body_at: u64,
    /// It may have none, whatever its head says.
    is_doubtful: bool,
    /// Behind the last byte that was read.
    pub(super) last: Place,
    /// A message head was read.
    proven: bool,
    /// The beginning of the present head is certain to be one.
    pub(super) likely: bool,
}

impl Lane {
    pub(super) fn new(adopted: bool) -> Self {
        let state = if adopted { State::Seek } else { State::Start };
        Self {
            state,
            buffer: Vec::new(),
            start: Place::default(),
            body_at: 0,
            is_doubtful: false,
            last: Place::default(),
            proven: false,
            likely: false,
        }
    }

    /// Between two messages.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Start | State::Seek)
    }

    pub(super) fn is_blind(&self) -> bool {
        matches!(self.state, State::Body(Body::Blind { .. }))
    }

    pub(super) fn last(&self) -> Place {
        self.last
    }

    /// The beginning of a message whose head is not whole, and where it began.
    pub(super) fn begun_head(&self) -> Option<(&[u8], Place)> {
        (self.state == State::Head).then_some((self.buffer.as_slice(), self.start))
    }

    /// Where the last message ends that was read: behind its body where that was read, else behind its head.
    pub(super) fn end_of_message(&self) -> u64 {
        if self.state == State::Start { self.last.offset } else { self.body_at }
    }

    /// Bytes before this offset tell nothing. The last byte of a body does: when it came.
    pub(super) fn needless_until(&self) -> u64 {
        match self.state {
            State::Body(_) if self.is_doubtful && self.last.offset == self.body_at => 0,
            State::Body(body) => self.last.offset.saturating_add(body.needless()).saturating_sub(1),
            State::Over => u64::MAX,
            _ => 0,
        }
    }

    /// What has begun is taken care of; the next message is looked for.
    pub(super) fn abandon(&mut self) {
        self.state = State::Seek;
        self.buffer.clear();
    }

    pub(super) fn stop(&mut self) {
        self.state = State::Over;
        self.buffer = Vec::new();
    }

    /// Ends a message whose end could not be seen, because something else says that it is over.
    pub(super) fn end_blind(&mut self, role: &mut impl Role) {
        let State::Body(Body::Blind { lost }) = self.state else { return };
        self.state = State::Seek;
        if lost {
            role.ended_unseen(self.start, self.last.offset);
        } else {
            role.ended(self.start, self.last);
        }
    }

    /// Ends a message that may have no body, where nothing of one came.
    pub(super) fn end_without_body(&mut self, role: &mut impl Role) {
        let has_body = !self.is_doubtful || self.last.offset != self.body_at;
        if !has_body && matches!(self.state, State::Body(Body::Length(_) | Body::Chunked(_))) {
            self.end(self.last, role);
        }
    }

    /// The stream is complete, and with it a body that goes on until then.
    pub(super) fn end_at_close(&mut self, role: &mut impl Role) {
        if matches!(self.state, State::Body(Body::UntilClose)) {
            self.state = State::Over;
            role.ended(self.start, self.last);
        }
    }

    fn read<R: Role>(&mut self, run: Run<'_>, role: &mut R) {
        let mut rest = run;
        while !rest.bytes.is_empty() {
            let used = self.step(rest, role);
            self.last = rest.advance(used);
        }
        if run.ends_segment && self.is_blind() && ends_like_chunked(run.bytes, run.starts_segment) {
            self.end_blind(role);
        }
    }

    /// Reads some bytes. Where it reads none, its state has moved on.
    fn step<R: Role>(&mut self, rest: Run<'_>, role: &mut R) -> usize {
        match self.state {
            State::Over => rest.bytes.len(),
            State::Seek => self.seek(rest, role),
            State::Start => self.begin(rest, role),
            State::Head => self.continue_head(rest, role),
            State::Body(Body::Blind { .. }) => self.read_blind(rest, role),
            State::Body(body) => self.read_body(body, rest, role),
        }
    }

    /// Empty lines in front of a message are passed over, RFC 9112 section 2.2.
    fn begin<R: Role>(&mut self, rest: Run<'_>, role: &mut R) -> usize {
        if matches!(rest.bytes[0], b'\r' | b'\n') {
            return 1;
        }
        self.start = rest.at;
        match role.head(rest.bytes, self.start) {
            Parsed::Whole(body, length) => self.enter(body, length, rest.at, role),
            Parsed::Partial => self.buffer_head(rest, role),
            Parsed::Invalid => self.refuse(rest, role),
        }
    }

    fn buffer_head<R: Role>(&mut self, rest: Run<'_>, role: &mut R) -> usize {
        let detection = detect(R::DIRECTION, rest.bytes);
        if detection == Detection::No {
            return self.refuse(rest, role);
        }
        self.likely = detection == Detection::Yes;
        self.buffer.clear();
        self.buffer.extend_from_slice(rest.bytes);
        self.state = State::Head;
        rest.bytes.len()
    }

    fn continue_head<R: Role>(&mut self, rest: Run<'_>, role: &mut R) -> usize {
        let before = self.buffer.len();
        let used = end_of_head(&self.buffer, rest.bytes).unwrap_or(rest.bytes.len());
        self.buffer.extend_from_slice(&rest.bytes[..used]);
        if !self.likely {
            match detect(R::DIRECTION, &self.buffer) {
                Detection::No => return self.refuse(rest, role),
                Detection::Yes => self.likely = true,
                Detection::NeedMore => {}
            }
        }
        if self.buffer.len() > HEAD_MAX {
            self.break_head(role);
            return used;
        }
        if !ends_head(&self.buffer) {
            return used;
        }
        let head = std::mem::take(&mut self.buffer);
        let parsed = role.head(&head, self.start);
        self.buffer = head;
        match parsed {
            Parsed::Whole(body, length) => {
                self.enter(body, length.saturating_sub(before), rest.at, role);
            }
            Parsed::Partial | Parsed::Invalid => self.break_head(role),
        }
        used
    }

    /// The head is whole.
    fn enter<R: Role>(&mut self, body: Body, used: usize, at: Place, role: &mut R) -> usize {
        self.proven = true;
        self.buffer.clear();
        self.state = State::Body(body);
        let end = Place { offset: at.offset + used as u64, time: at.time };
        self.body_at = end.offset;
        self.is_doubtful = role.may_have_no_body();
        match body {
            Body::Length(0) => self.end(end, role),
            Body::Tunnel => {
                self.end(end, role);
                self.stop();
            }
            _ => {}
        }
        used
    }

    fn end<R: Role>(&mut self, end: Place, role: &mut R) {
        self.state = State::Start;
        role.ended(self.start, end);
    }

    /// What was taken for a head cannot be read further.
    pub(super) fn break_head<R: Role>(&mut self, role: &mut R) {
        let seen = std::mem::take(&mut self.buffer);
        self.proven = true;
        self.state = State::Body(role.broken_head(&seen, self.start));
    }

    /// These bytes are no message. A segment that starts like one is tried afresh.
    fn refuse<R: Role>(&mut self, rest: Run<'_>, role: &mut R) -> usize {
        let was_in_head = self.state == State::Head;
        self.buffer.clear();
        self.state = State::Seek;
        if was_in_head && rest.starts_segment && is_beginning(R::DIRECTION, rest.bytes) {
            return 0;
        }
        if detect(R::DIRECTION, rest.bytes) == Detection::Yes {
            self.buffer.extend_from_slice(rest.bytes);
            self.break_head(role);
        } else if self.proven {
            role.gap(false, rest.at.time);
        }
        rest.bytes.len()
    }

    fn read_body<R: Role>(&mut self, body: Body, rest: Run<'_>, role: &mut R) -> usize {
        let available = rest.bytes.len();
        match body {
            _ if rest.at.offset == self.body_at
                && role.may_have_no_body()
                && detect(R::DIRECTION, rest.bytes) != Detection::No =>
            {
                self.read_doubtful_body(rest, role)
            }
            Body::Length(left) => {
                let used = left.min(available as u64);
                self.shorten(left - used, Place { offset: rest.at.offset + used, time: rest.at.time }, role);
                used as usize
            }
            Body::Chunked(mut chunked) => match chunked.read(rest.bytes) {
                Progress::More => {
                    self.state = State::Body(Body::Chunked(chunked));
                    available
                }
                Progress::Ended(used) => {
                    self.end(Place { offset: rest.at.offset + used as u64, time: rest.at.time }, role);
                    used
                }
                Progress::Broken => {
                    self.state = State::Body(Body::BLIND);
                    available
                }
            },
            Body::UntilClose | Body::Blind { .. } | Body::Tunnel => available,
        }
    }

    /// What stands at the place of a body begins like the next message, as far as it is there.
    fn read_doubtful_body<R: Role>(&mut self, rest: Run<'_>, role: &mut R) -> usize {
        if is_beginning(R::DIRECTION, rest.bytes) {
            self.end(self.last, role);
            return 0;
        }
        self.state = State::Body(Body::BLIND);
        self.read_blind(rest, role)
    }

    pub(super) fn shorten<R: Role>(&mut self, left: u64, at: Place, role: &mut R) {
        self.state = State::Body(Body::Length(left));
        if left == 0 {
            self.end(at, role);
        }
    }

    fn read_blind<R: Role>(&mut self, rest: Run<'_>, role: &mut R) -> usize {
        if rest.starts_segment && is_beginning(R::DIRECTION, rest.bytes) {
            self.end_blind(role);
            self.state = State::Start;
            return 0;
        }
        if role.may_have_no_body() || role.is_followed() {
            role.gap(false, rest.at.time);
        }
        rest.bytes.len()
    }
}

/// A lane that reads for its role.
pub(super) struct Reading<'a, R> {
    pub(super) lane: &'a mut Lane,
    pub(super) role: R,
}

impl<R: Role> Reader for Reading<'_, R> {
    fn bytes(&mut self, run: Run<'_>) {
        self.lane.read(run, &mut self.role);
    }

    fn unseen(&mut self, length: u64, at: Place) {
        self.lane.hole(length, at, false, &mut self.role);
    }

    fn lost(&mut self, length: u64, at: Place) {
        self.lane.hole(length, at, true, &mut self.role);
    }

    fn needless_until(&self) -> u64 {
        self.lane.needless_until()
    }
}
