//! What becomes of streams when bytes were not seen.
//!
//! An end may have been among them. A stream of which something is seen later had not ended. One of which nothing is seen
//! any more is given up after a while: with what was seen of its answer, or as lost.

use crate::{Direction, Nanos, Sink};

use super::{
    stream::{End, Stream},
    streams::{LINGER, OPEN_MAX, Streams},
};

/// How long a stream may be silent that may have ended unseen. Streams that live long are silent for long.
const SILENT: Nanos = 60_000_000_000;

/// The shortest request: a header frame with one byte of block. Bounds how many can have passed in a gap.
const SHORTEST_REQUEST: u64 = 10;

impl Streams {
    /// The connection begins here, though it was joined: nothing was said before.
    pub(super) fn begin(&mut self) {
        if self.newest == 0 {
            (self.oldest, self.missed) = (Some(1), false);
        }
    }

    /// Frames may pass unread from here on, none of them before `since`.
    pub(super) fn lose(&mut self, direction: Direction, since: Nanos, sink: &mut dyn Sink) {
        self.blind[direction as usize] = true;
        let mut open = self.open.iter().filter(|(_, stream)| !stream.half(direction).is_over());
        self.sole[direction as usize] = match (open.next(), open.next()) {
            (Some((id, _)), None) => Some(*id),
            _ => None,
        };
        for stream in self.open.values_mut() {
            if direction == Direction::Request || !stream.was_reset_before(since) {
                stream.half_mut(direction).lose(since);
            }
        }
        self.is_unsettled = true;
        if direction == Direction::Request {
            self.missed = true;
            self.settle_answered(sink);
        }
    }

    /// Frames are read again, so many bytes later. Where one stream was open all the time, they are its own.
    pub(super) fn regain(&mut self, direction: Direction, bytes: u64, now: Nanos) {
        self.blind[direction as usize] = false;
        self.regained_at[direction as usize] = Some(now);
        let sole = self.sole[direction as usize].take();
        if let Some(stream) = sole.and_then(|id| self.open.get_mut(&id)) {
            stream.half_mut(direction).bytes += bytes;
        }
        if direction == Direction::Request {
            self.missed_bytes += bytes;
        }
    }

    /// Requests whose ends will not be seen any more keep no answer waiting.
    fn settle_answered(&mut self, sink: &mut dyn Sink) {
        let answered = self.open.iter().filter(|(_, stream)| stream.response.is_over()).map(|(id, _)| *id);
        for id in answered.collect::<Vec<_>>() {
            self.settle(id, sink);
        }
    }

    /// A stream that opened while answers passed unread may have its answer among them.
    pub(super) fn begin_in_doubt(&mut self, id: u32, now: Nanos) {
        let answers = Direction::Response as usize;
        if !self.blind[answers] && self.regained_at[answers].is_none_or(|regained| regained < now) {
            return;
        }
        self.sole[answers] = None;
        self.is_unsettled = true;
        if let Some(stream) = self.open.get_mut(&id) {
            stream.response.lose(now);
        }
    }

    /// A stream opens behind a gap. Clients count their streams by two, so those that were left out opened in the gap: they
    /// wait for their answers as others do.
    pub(super) fn reveal(&mut self, id: u32, now: Nanos, sink: &mut dyn Sink) {
        if self.oldest.is_none() {
            self.oldest = Some(id);
        } else if self.missed {
            let first = if self.newest == 0 { 1 } else { self.newest.saturating_add(2) };
            let most = u64::from(id.saturating_sub(first) / 2).min(self.missed_bytes / SHORTEST_REQUEST);
            let followed = most.min(OPEN_MAX as u64) as u32;
            for left_out in (1..=followed).map(|back| id - 2 * back) {
                self.miss(left_out, now);
            }
            if most > u64::from(followed) {
                sink.lost(most - u64::from(followed));
            }
        }
        (self.missed, self.missed_bytes) = (false, 0);
        self.over_ahead = self.over_ahead.split_off(&id);
    }

    fn miss(&mut self, id: u32, now: Nanos) {
        if self.over_ahead.contains(&id) {
            return;
        }
        let stream = self.open.entry(id).or_insert_with(|| {
            let mut stream = Stream::unasked(id, now);
            stream.response.lose(now);
            stream
        });
        stream.is_missed = true;
        self.is_unsettled = true;
    }

    /// The oldest are given up where there are too many.
    pub(super) fn keep_within_bounds(&mut self, now: Nanos, sink: &mut dyn Sink) {
        while self.open.len() > OPEN_MAX
            && let Some((id, mut oldest)) = self.open.pop_first()
        {
            oldest.response.lose(now);
            self.end(id, oldest, now, sink);
        }
    }

    /// Time goes on.
    pub(super) fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        if !self.is_unsettled {
            return;
        }
        let requests_wait = self.requests_wait;
        let is_over = |stream: &Stream| match stream.response.end {
            _ if !stream.is_asked() && requests_wait => false,
            End::Seen(_) => now.saturating_sub(stream.last) > LINGER,
            End::Unsure(since) => now.saturating_sub(since.max(stream.last)) > SILENT,
            End::Open => stream.reset.is_some_and(|reset| now.saturating_sub(reset.time) > LINGER),
        };
        let over = self.open.iter().filter(|(_, stream)| is_over(stream)).map(|(id, _)| *id);
        for id in over.collect::<Vec<_>>() {
            if let Some(stream) = self.remove(id) {
                self.end(id, stream, now, sink);
            }
        }
        self.is_unsettled = self.open.values().any(|stream| stream.response.end != End::Open || stream.reset.is_some());
    }
}
