//! How a lane that has lost its way, or never knew it, finds the next message.

use crate::stream::Run;

use super::{
    detect::{BEGINNING_MAX, is_beginning, may_become_beginning},
    lane::{Lane, Role, State},
};

impl Lane {
    /// What is passed over may hold a message that does not begin with its segment. One that begins with a few bytes of their
    /// own is known when the next segment is there: programs read one byte to hear of the peer's end while they work on an
    /// answer (Go's net/http), and it may be the first of the next request.
    pub(super) fn seek<R: Role>(&mut self, rest: Run<'_>, role: &mut R) -> usize {
        let held = self.buffer.len();
        if held == 0 && rest.starts_segment {
            if is_beginning(R::DIRECTION, rest.bytes) {
                self.state = State::Start;
                return 0;
            }
            self.start = rest.at;
        }
        if held > 0 || rest.starts_segment {
            self.buffer.extend_from_slice(&rest.bytes[..rest.bytes.len().min(BEGINNING_MAX)]);
            if rest.ends_segment && may_become_beginning(R::DIRECTION, &self.buffer) {
                return rest.bytes.len();
            }
            let begins = is_beginning(R::DIRECTION, &self.buffer);
            self.buffer.truncate(if begins { held } else { 0 });
            if held > 0 {
                self.state = if begins { State::Head } else { State::Seek };
                self.likely = false;
                return 0;
            }
        }
        role.gap(false, rest.at.time);
        rest.bytes.len()
    }
}
