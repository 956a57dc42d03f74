//! What was seen of one segment of a byte stream.

/// Nanoseconds of whatever clock the caller uses; only differences matter here.
pub type Nanos = u64;

/// Which way bytes travel, whoever observes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client, who opened the connection, to the server.
    Request,
    /// From the server to the client.
    Response,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Request => Self::Response,
            Self::Response => Self::Request,
        }
    }
}

/// A segment of a stream: its place, and the bytes of it that were captured at its two ends.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Place of the first byte in the stream, counted from 0 at the stream's (or the observation's) start.
    pub offset: u64,
    /// Payload bytes of the segment, captured or not.
    pub length: u32,
    /// The first bytes of the segment.
    pub prefix: &'a [u8],
    /// The last bytes of the segment, where it is longer than the prefix; may be empty, and never overlaps the prefix.
    pub tail: &'a [u8],
    /// When it was seen.
    pub time: Nanos,
    /// The observed socket itself sent it. Its own sends are seen in order, so a gap before it is a loss of events and
    /// never a segment that is still under way.
    pub sent_here: bool,
}

impl<'a> Segment<'a> {
    /// A segment that was captured whole.
    #[must_use]
    pub fn whole(offset: u64, bytes: &'a [u8], time: Nanos) -> Self {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self { offset, length, prefix: bytes, tail: &[], time, sent_here: false }
    }

    /// Place behind the last byte.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(u64::from(self.length))
    }

    /// Bytes between prefix and tail that were not captured.
    #[must_use]
    pub fn unseen(&self) -> u64 {
        u64::from(self.length).saturating_sub((self.prefix.len() + self.tail.len()) as u64)
    }

    /// The same with its captured parts cut to the length they claim, so that nothing overlaps whatever the input says.
    #[must_use]
    pub fn normalised(self) -> Self {
        let length = self.length as usize;
        let prefix = &self.prefix[..self.prefix.len().min(length)];
        let room = length - prefix.len();
        let tail = &self.tail[self.tail.len() - self.tail.len().min(room)..];
        Self { prefix, tail, ..self }
    }

    /// What lies behind `position`, for a segment that repeats bytes before it. A normalised segment is expected.
    #[must_use]
    pub fn after(self, position: u64) -> Self {
        let cut = position.saturating_sub(self.offset).min(u64::from(self.length));
        let unseen = self.unseen();
        let from_prefix = cut.min(self.prefix.len() as u64) as usize;
        let from_tail = cut.saturating_sub(self.prefix.len() as u64 + unseen) as usize;
        Self {
            offset: self.offset + cut,
            length: self.length - cut as u32,
            prefix: &self.prefix[from_prefix..],
            tail: &self.tail[from_tail..],
            ..self
        }
    }
}

/// A segment with its own copy of what was captured: for what has to wait.
#[derive(Clone, Debug)]
pub struct OwnedSegment {
    pub(crate) offset: u64,
    pub(crate) length: u32,
    pub(crate) prefix: Box<[u8]>,
    tail: Box<[u8]>,
    pub(crate) time: Nanos,
    sent_here: bool,
}

impl OwnedSegment {
    /// Copies what a segment has.
    #[must_use]
    pub fn copy_of(segment: &Segment<'_>) -> Self {
        let Segment { offset, length, prefix, tail, time, sent_here } = *segment;
        Self { offset, length, prefix: prefix.into(), tail: tail.into(), time, sent_here }
    }

    /// The segment again.
    #[must_use]
    pub fn borrowed(&self) -> Segment<'_> {
        let Self { offset, length, prefix, tail, time, sent_here } = self;
        Segment { offset: *offset, length: *length, prefix, tail, time: *time, sent_here: *sent_here }
    }

    /// How many bytes were captured.
    #[must_use]
    pub fn captured(&self) -> usize {
        self.prefix.len() + self.tail.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(length: u32, prefix: &'static [u8], tail: &'static [u8]) -> Segment<'static> {
        Segment { offset: 100, length, prefix, tail, time: 0, sent_here: false }.normalised()
    }

    #[test]
    fn a_cut_takes_prefix_then_hole_then_tail() {
        let whole = segment(10, b"abc", b"xyz");
        let in_prefix = whole.after(102);
        assert_eq!((in_prefix.prefix, in_prefix.unseen(), in_prefix.tail), (&b"c"[..], 4, &b"xyz"[..]));
        let in_hole = whole.after(105);
        assert_eq!((in_hole.prefix, in_hole.unseen(), in_hole.tail), (&b""[..], 2, &b"xyz"[..]));
        let in_tail = whole.after(108);
        assert_eq!((in_tail.offset, in_tail.length, in_tail.unseen(), in_tail.tail), (108, 2, 0, &b"yz"[..]));
        assert_eq!(whole.after(200).length, 0);
    }

    #[test]
    fn captured_parts_never_exceed_the_length() {
        let lying = segment(4, b"abc", b"wxyz");
        assert_eq!((lying.prefix, lying.tail, lying.unseen()), (&b"abc"[..], &b"z"[..], 0));
        let longer = segment(2, b"abc", b"xyz");
        assert_eq!((longer.prefix, longer.tail), (&b"ab"[..], &b""[..]));
    }
}
