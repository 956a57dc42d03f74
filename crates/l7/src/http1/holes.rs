//! What a lane does about bytes it does not get.

use crate::stream::Place;

use super::{
    body::Body,
    lane::{Lane, Role, State},
};

impl Lane {
    /// Bytes passed by without being captured, or were lost.
    pub(super) fn hole<R: Role>(&mut self, length: u64, at: Place, lost: bool, role: &mut R) {
        let end = Place { offset: at.offset.saturating_add(length), time: at.time };
        match self.state {
            State::Over => {}
            State::Seek => {
                self.abandon();
                if lost {
                    role.gap(false, at.time);
                }
            }
            State::Start => miss(self, length, at, lost, role),
            State::Head => {
                self.break_head(role);
                role.gap(false, at.time);
                self.mark_blind_lost(lost);
            }
            // Answers to HEAD have none, whatever length they say.
            State::Body(Body::Length(_)) if lost && at.offset == self.body_at && role.may_have_no_body() => {
                self.state = State::Body(Body::Blind { lost });
            }
            State::Body(Body::Length(left)) => self.hole_in_length(left, length, at, lost, role),
            State::Body(Body::Chunked(mut chunked)) => {
                let followed = chunked.skip(length);
                self.state = State::Body(if followed { Body::Chunked(chunked) } else { Body::Blind { lost } });
            }
            State::Body(Body::Blind { .. }) => self.mark_blind_lost(lost),
            State::Body(Body::UntilClose | Body::Tunnel) => {}
        }
        if lost && self.is_blind() {
            role.gap(false, at.time);
            self.last.offset = end.offset;
        } else {
            self.last = end;
        }
    }

    fn mark_blind_lost(&mut self, now_lost: bool) {
        if let State::Body(Body::Blind { lost }) = &mut self.state {
            *lost |= now_lost;
        }
    }

    fn hole_in_length<R: Role>(&mut self, left: u64, length: u64, at: Place, lost: bool, role: &mut R) {
        let used = left.min(length);
        let end = Place { offset: at.offset + used, time: at.time };
        if left > length || !lost {
            self.shorten(left - used, end, role);
        } else {
            self.state = State::Start;
            role.ended_unseen(self.start, end.offset);
        }
        if length > left {
            miss(self, length - left, at, lost, role);
        }
    }
}

/// A message began where nothing was captured.
fn miss<R: Role>(lane: &mut Lane, bytes: u64, at: Place, lost: bool, role: &mut R) {
    lane.state = State::Seek;
    // Of events that were lost, whoever lost them counts the bytes.
    if !lost {
        role.missed(bytes);
    }
    role.gap(true, at.time);
}
