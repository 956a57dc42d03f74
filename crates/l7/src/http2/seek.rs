//! Finds frames again where the place was lost.

use crate::{
    Direction,
    stream::{Place, Run},
};

use super::{
    chain::{self, Chain},
    detect::{PREFACE, are_frames, is_unmistakable},
    frame::{Frame, Kind},
    lane::{Reading, State},
};

impl Reading<'_> {
    /// Passes over bytes up to a place where a frame certainly begins.
    pub(super) fn seek(&mut self, rest: Run<'_>) -> usize {
        if rest.starts_segment && self.direction == Direction::Request && rest.bytes.starts_with(PREFACE) {
            self.lane.state = State::Preface(0);
            self.streams.begin();
            self.regain(rest.at);
            return 0;
        }
        let found = if rest.starts_segment && self.begins_frame(rest) { Some(0) } else { self.find(rest) };
        let Some(at) = found else { return rest.bytes.len() };
        self.lane.state = State::Header;
        self.regain(Place { offset: rest.at.offset + at as u64, ..rest.at });
        at
    }

    /// The header of a frame on a stream that is open is enough, at the start of a segment.
    fn begins_frame(&self, rest: Run<'_>) -> bool {
        let admits = |frame: &Frame| self.streams.admits(self.direction, frame);
        let Some(chain) = Chain::read(rest.bytes, self.direction, admits) else { return false };
        self.is_known(&chain.first) || are_frames(&chain, rest.bytes, rest.ends_segment)
    }

    /// Each byte is searched once, however often the place is lost among them.
    fn find(&mut self, rest: Run<'_>) -> Option<usize> {
        let end = rest.at.offset + rest.bytes.len() as u64;
        if end <= self.lane.searched_to {
            return None;
        }
        self.lane.searched_to = end;
        let admits = |frame: &Frame| self.streams.admits(self.direction, frame);
        let convinces = |frame: &Frame, behind: &[u8]| self.is_known(frame) || is_unmistakable(frame, behind);
        chain::find(rest.bytes, rest.ends_segment, self.direction, admits, convinces)
    }

    /// It is on a stream of which more is expected.
    fn is_known(&self, frame: &Frame) -> bool {
        let has_content = matches!(frame.kind, Kind::Data | Kind::Headers);
        has_content && self.streams.is_open(self.direction, frame.stream)
    }

    fn regain(&mut self, at: Place) {
        let missed = self.lane.lost_at.take().map_or(0, |lost_at| at.offset.saturating_sub(lost_at));
        self.streams.regain(self.direction, missed, at.time);
    }
}
