//! Finds frames again where the place was lost.

use crate::{Direction, stream::Run};

use super::{
    chain::{self, Chain},
    detect::PREFACE,
    frame::{Frame, Kind},
    lane::{Reading, State},
    streams::Streams,
};

impl Reading<'_> {
    /// Passes over bytes up to a place where a frame certainly begins.
    pub(super) fn seek(&mut self, rest: Run<'_>) -> usize {
        if rest.starts_segment && self.direction == Direction::Request && rest.bytes.starts_with(PREFACE) {
            self.lane.state = State::Preface(0);
            self.streams.begin();
            self.regain(rest.at.offset);
            return 0;
        }
        let found = if rest.starts_segment && self.begins_frame(rest) { Some(0) } else { self.find(rest) };
        let Some(at) = found else { return rest.bytes.len() };
        self.lane.state = State::Header;
        self.regain(rest.at.offset + at as u64);
        at
    }

    /// The connection is known to be HTTP/2, so a frame as long as the segment is enough, and so is the header of one on a
    /// stream that is open.
    fn begins_frame(&self, rest: Run<'_>) -> bool {
        let Some(chain) = self.chain(rest) else { return false };
        let goes_on = matches!(chain.first.kind, Kind::Data | Kind::Headers) && chain.first.length > 0;
        let is_known = goes_on && self.streams.is_open(self.direction, chain.first.stream);
        chain.is_sure() || (chain.is_single() && (is_known || (chain.is_exact && rest.ends_segment)))
    }

    fn chain(&self, rest: Run<'_>) -> Option<Chain> {
        Chain::read(rest.bytes, self.direction, admission(self.streams, self.direction))
    }

    /// Each byte is searched once, however often the place is lost among them.
    fn find(&mut self, rest: Run<'_>) -> Option<usize> {
        let end = rest.at.offset + rest.bytes.len() as u64;
        if end <= self.lane.searched_to {
            return None;
        }
        self.lane.searched_to = end;
        chain::find(rest.bytes, rest.ends_segment, self.direction, admission(self.streams, self.direction))
    }

    fn regain(&mut self, offset: u64) {
        let missed = self.lane.lost_at.take().map_or(0, |lost_at| offset.saturating_sub(lost_at));
        self.streams.regain(self.direction, missed);
    }
}

fn admission(streams: &Streams, direction: Direction) -> impl Fn(&Frame) -> bool {
    move |frame| streams.admits(direction, frame)
}
