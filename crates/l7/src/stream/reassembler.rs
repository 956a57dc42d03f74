//! Puts segments of one direction in order, drops what comes twice, and tells what is missing.
//!
//! The common case (the next segment in order) touches no memory of its own. Only segments that arrive ahead of a
//! missing one are copied and held, within bounds.

use crate::segment::{Nanos, OwnedSegment, Segment};

/// Segments held ahead of a gap; beyond this the gap is given up.
const HELD_SEGMENTS: usize = 256;
/// How long a missing segment may be under way: some retransmission timeouts of the peer.
pub const MISSING: Nanos = 3_000_000_000;
/// Captured bytes held ahead of a gap.
const HELD_BYTES: usize = 128 * 1024;

/// A place in the stream, and when it was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Bytes before it.
    pub offset: u64,
    /// When it was reached.
    pub time: Nanos,
}

/// Captured bytes, next in the stream.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Never empty.
    pub bytes: &'a [u8],
    /// Where the first byte is.
    pub at: Place,
    /// The first byte is the first of a segment: messages like to start there.
    pub starts_segment: bool,
    /// The last byte is the last of a segment: messages like to end there.
    pub ends_segment: bool,
}

impl Run<'_> {
    /// Goes on behind the first `used` bytes, and says where that is.
    pub fn advance(&mut self, used: usize) -> Place {
        self.bytes = &self.bytes[used..];
        self.at.offset += used as u64;
        self.starts_segment &= used == 0;
        self.at
    }
}

/// Reads a stream in order.
pub trait Reader {
    /// The next bytes.
    fn bytes(&mut self, run: Run<'_>);

    /// The next `length` bytes passed by and were not captured.
    fn unseen(&mut self, length: u64, at: Place);

    /// The next `length` bytes were never seen: their events were lost, or the observation began behind them. `at.time` is
    /// that of the segment behind the gap.
    fn lost(&mut self, length: u64, at: Place);

    /// Bytes before this offset are not needed, so that a gap in front of it is none.
    fn needless_until(&self) -> u64;
}

/// One direction's order.
#[derive(Debug, Default)]
pub struct Reassembler {
    /// Next byte to be read; absent until the first segment of an adopted stream says where it is.
    position: Option<u64>,
    /// Sorted by offset.
    held: Vec<OwnedSegment>,
    held_bytes: usize,
}

impl Reassembler {
    /// Of a stream that was joined in its middle, or is seen from its first byte.
    #[must_use]
    pub fn new(adopted: bool) -> Self {
        if adopted { Self::adopted() } else { Self::from_start() }
    }

    /// Of a stream seen from its first byte, at offset 0.
    #[must_use]
    pub fn from_start() -> Self {
        Self { position: Some(0), ..Self::default() }
    }

    /// Of a stream joined in its middle: it begins with whatever comes first.
    #[must_use]
    pub fn adopted() -> Self {
        Self::default()
    }

    /// Offset of the next byte to be read.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position.unwrap_or(0)
    }

    /// Whether segments wait behind a gap.
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes one more segment, and reads what is now in order.
    pub fn push(&mut self, segment: Segment<'_>, reader: &mut impl Reader) {
        let segment = segment.normalised();
        let position = *self.position.get_or_insert(segment.offset);
        if segment.length == 0 || segment.end() <= position {
            return;
        }
        if segment.offset > position.max(reader.needless_until()) && !segment.sent_here {
            self.hold(&segment);
            if self.held.len() > HELD_SEGMENTS || self.held_bytes > HELD_BYTES {
                self.give_up(reader);
            }
            return;
        }
        self.give_up_before(segment.offset, reader);
        self.read(segment, reader);
        self.read_held(segment.time, reader);
    }

    /// Gives up on gaps that segments have been waiting behind for longer than [`MISSING`].
    pub fn expire(&mut self, now: Nanos, reader: &mut impl Reader) {
        let before = now.saturating_sub(MISSING);
        while self.held.iter().any(|held| held.time < before) {
            self.give_up(reader);
        }
    }

    /// Gives up on every gap: reads all that is held.
    pub fn flush(&mut self, reader: &mut impl Reader) {
        while self.waits() {
            self.give_up(reader);
        }
    }

    /// The stream ends at `end`: all that is missing before it is lost.
    pub fn end_at(&mut self, end: Place, reader: &mut impl Reader) {
        self.flush(reader);
        let position = self.position();
        if self.position.is_some() && end.offset > position {
            self.position = Some(end.offset);
            reader.lost(end.offset - position, Place { offset: position, time: end.time });
        }
    }

    /// The first gap is lost: reads on behind it.
    pub fn give_up(&mut self, reader: &mut impl Reader) {
        if self.held.is_empty() {
            return;
        }
        let first = self.take_first();
        self.read(first.borrowed(), reader);
        self.read_held(first.time, reader);
    }

    /// Own sends are in order: what waits before `offset` waits for nothing.
    fn give_up_before(&mut self, offset: u64, reader: &mut impl Reader) {
        while self.held.first().is_some_and(|first| first.offset < offset) && self.position() < offset {
            self.give_up(reader);
        }
    }

    fn hold(&mut self, segment: &Segment<'_>) {
        let at = self.held.partition_point(|held| held.offset < segment.offset);
        if self.held.get(at).is_some_and(|same| same.offset == segment.offset && same.length >= segment.length) {
            return;
        }
        let held = OwnedSegment::copy_of(segment);
        self.held_bytes += held.captured();
        self.held.insert(at, held);
    }

    fn take_first(&mut self) -> OwnedSegment {
        let first = self.held.remove(0);
        self.held_bytes -= first.captured();
        first
    }

    /// Reads what was held and is now next. It could not be read before `time`, so that is its time.
    fn read_held(&mut self, time: Nanos, reader: &mut impl Reader) {
        while let Some(first) = self.held.first() {
            if first.offset > self.position().max(reader.needless_until()) {
                return;
            }
            let first = self.take_first();
            self.read(Segment { time: first.time.max(time), ..first.borrowed() }, reader);
        }
    }

    fn read(&mut self, segment: Segment<'_>, reader: &mut impl Reader) {
        let position = self.position();
        self.skip_gap(position, &segment, reader);
        let fresh = segment.after(position);
        if fresh.length == 0 {
            return;
        }
        self.position = Some(fresh.end());
        read_captured(&fresh, fresh.offset == segment.offset, reader);
    }

    fn skip_gap(&self, position: u64, segment: &Segment<'_>, reader: &mut impl Reader) {
        let gap = segment.offset.saturating_sub(position);
        let needless = reader.needless_until().saturating_sub(position).min(gap);
        let at = Place { offset: position, time: segment.time };
        if needless > 0 {
            reader.unseen(needless, at);
        }
        if gap > needless {
            reader.lost(gap - needless, Place { offset: position + needless, ..at });
        }
    }
}

/// Prefix, hole and tail, in that order.
fn read_captured(segment: &Segment<'_>, starts_segment: bool, reader: &mut impl Reader) {
    let Segment { offset, prefix, tail, time, .. } = *segment;
    let unseen = segment.unseen();
    let ends_with_prefix = unseen == 0 && tail.is_empty();
    if !prefix.is_empty() {
        let at = Place { offset, time };
        reader.bytes(Run { bytes: prefix, at, starts_segment, ends_segment: ends_with_prefix });
    }
    let hole = offset + prefix.len() as u64;
    if unseen > 0 {
        reader.unseen(unseen, Place { offset: hole, time });
    }
    if !tail.is_empty() {
        let at = Place { offset: hole + unseen, time };
        reader.bytes(Run { bytes: tail, at, starts_segment: false, ends_segment: true });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes down what it reads: captured bytes as they are, `.` for unseen, `!` for lost.
    #[derive(Default)]
    struct Notes {
        text: String,
        needless_until: u64,
        last: Nanos,
    }

    impl Reader for Notes {
        fn bytes(&mut self, run: Run<'_>) {
            self.text.push_str(&String::from_utf8_lossy(run.bytes));
            self.last = run.at.time;
        }
        fn unseen(&mut self, length: u64, _: Place) {
            self.text.push_str(&".".repeat(length as usize));
        }
        fn lost(&mut self, length: u64, _: Place) {
            self.text.push_str(&"!".repeat(length as usize));
        }
        fn needless_until(&self) -> u64 {
            self.needless_until
        }
    }

    fn run(segments: &[(u64, &str)]) -> (Reassembler, Notes) {
        let (mut order, mut notes) = (Reassembler::from_start(), Notes::default());
        for (time, (offset, text)) in segments.iter().enumerate() {
            order.push(Segment::whole(*offset, text.as_bytes(), time as u64), &mut notes);
        }
        (order, notes)
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        assert_eq!(run(&[(0, "abc"), (3, "def")]).1.text, "abcdef");
        assert_eq!(run(&[(3, "def"), (0, "abc")]).1.text, "abcdef");
        assert_eq!(run(&[(0, "abc"), (0, "abc"), (1, "bcd"), (3, "def")]).1.text, "abcdef");
        assert_eq!(run(&[(4, "e"), (2, "cd"), (4, "ef"), (0, "ab")]).1.text, "abcdef");
    }

    #[test]
    fn a_gap_holds_what_is_behind_it_until_given_up() {
        let (mut order, mut notes) = run(&[(0, "ab"), (4, "ef"), (8, "ij")]);
        assert_eq!(notes.text, "ab");
        order.give_up(&mut notes);
        assert_eq!(notes.text, "ab!!ef");
        order.flush(&mut notes);
        assert_eq!(notes.text, "ab!!ef!!ij");
        assert!(!order.waits());
    }

    #[test]
    fn held_bytes_are_read_when_the_gap_is_filled() {
        let (_, notes) = run(&[(2, "cd"), (4, "ef"), (0, "ab")]);
        assert_eq!((notes.text.as_str(), notes.last), ("abcdef", 2));
    }

    #[test]
    fn gaps_in_needless_bytes_are_none() {
        let (mut order, mut notes) = (Reassembler::from_start(), Notes { needless_until: 6, ..Notes::default() });
        order.push(Segment::whole(0, b"ab", 0), &mut notes);
        order.push(Segment::whole(5, b"fg", 1), &mut notes);
        assert_eq!(notes.text, "ab...fg");
    }

    #[test]
    fn own_sends_are_never_waited_for() {
        let (mut order, mut notes) = (Reassembler::from_start(), Notes::default());
        order.push(Segment { sent_here: true, ..Segment::whole(3, b"def", 0) }, &mut notes);
        assert_eq!(notes.text, "!!!def");
    }

    #[test]
    fn holding_is_bounded() {
        let (mut order, mut notes) = (Reassembler::from_start(), Notes::default());
        for index in 0..10_000_u64 {
            order.push(Segment::whole(1 + index * 2, b"x", index), &mut notes);
            assert!(order.held.len() <= HELD_SEGMENTS + 1);
        }
        assert!(notes.text.starts_with("!x!x"));
    }

    #[test]
    fn an_adopted_stream_begins_with_its_first_segment() {
        let (mut order, mut notes) = (Reassembler::adopted(), Notes::default());
        order.push(Segment::whole(5_000, b"abc", 0), &mut notes);
        assert_eq!(notes.text, "abc");
    }

    #[test]
    fn expiry_looks_at_the_time_of_what_waits() {
        let (mut order, mut notes) = run(&[(0, "ab"), (4, "ef")]);
        order.expire(MISSING + 1, &mut notes);
        assert_eq!(notes.text, "ab");
        order.expire(MISSING + 2, &mut notes);
        assert_eq!(notes.text, "ab!!ef");
    }
}
