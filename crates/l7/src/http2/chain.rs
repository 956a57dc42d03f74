//! Are these bytes frames? Asked where no one says so: on connections joined in their middle, and behind gaps.

use crate::Direction;

use super::{
    frame::{END_HEADERS, Frame, HEADER, Kind, block_fragment},
    hpack,
};

/// So many frames in a row are no accident. Fewer may be, where bytes are mostly zeros.
const SURE: u8 = 3;
/// Longer header blocks are not read to judge them, so that bytes made to look like many of them cost little.
const JUDGED_BLOCK: usize = 512;
/// For the same reason, so many single frames at an end are judged.
const JUDGED_ENDS: u8 = 16;

/// Bytes that read as frames from the first on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) first: Frame,
    /// Frames whose headers are there.
    frames: u8,
    /// The last frame ends where the bytes end.
    pub(super) is_exact: bool,
}

impl Chain {
    /// Absent where they do not. `admits` says which frames may be expected.
    pub(super) fn read(bytes: &[u8], direction: Direction, admits: impl Fn(&Frame) -> bool) -> Option<Self> {
        let first = frame_at(bytes, 0)?;
        let mut chain = Self { first, frames: 0, is_exact: false };
        let mut at = 0;
        while let Some(frame) = frame_at(bytes, at) {
            let is_torn = at == 0 && frame.kind == Kind::Continuation;
            let is_likely = frame.is_usual(direction) && admits(&frame) && !is_torn;
            if !is_likely || !fits(bytes, at, &frame) {
                return None;
            }
            chain.frames = chain.frames.saturating_add(1);
            at += frame.size() as usize;
        }
        chain.is_exact = at == bytes.len();
        Some(chain)
    }

    /// Whether these are frames beyond doubt.
    pub(super) fn is_sure(&self) -> bool {
        self.frames >= SURE
    }

    pub(super) fn has_several(&self) -> bool {
        self.frames > 1
    }
}

fn frame_at(bytes: &[u8], at: usize) -> Option<Frame> {
    let header = bytes.get(at..)?.first_chunk::<HEADER>()?;
    Some(Frame::parse(header))
}

/// Whether what is in a frame, and what is behind it, is as it must be (RFC 9113 section 4.3): a header block can be read, or
/// goes on in the next frame.
fn fits(bytes: &[u8], at: usize, frame: &Frame) -> bool {
    let end = at + frame.size() as usize;
    let next = frame_at(bytes, end);
    let continued = next.filter(|next| next.kind == Kind::Continuation).map(|next| next.stream);
    if !frame.has_block() {
        return continued.is_none();
    }
    if !frame.has(END_HEADERS) {
        return next.is_none() || continued == Some(frame.stream);
    }
    let is_readable = match bytes.get(at + HEADER..end) {
        Some(payload) if frame.kind == Kind::Headers && payload.len() <= JUDGED_BLOCK => {
            hpack::is_block(block_fragment(frame, payload, false))
        }
        _ => true,
    };
    is_readable && continued.is_none()
}

/// The first place from which there is nothing but frames: many in a row, or some up to the end where that is a segment's
/// end. A single one there must be convincing.
pub(super) fn find(
    bytes: &[u8],
    ends_segment: bool,
    direction: Direction,
    admits: impl Fn(&Frame) -> bool,
    convinces: impl Fn(&Frame, &[u8]) -> bool,
) -> Option<usize> {
    // By place: frames in a row from there on. The end of a segment is as good as a frame.
    let mut rows = vec![0_u8; bytes.len() + 1];
    rows[bytes.len()] = u8::from(ends_segment);
    let (mut found, mut judged) = (None, 0);
    for at in (0..bytes.len()).rev() {
        let Some(frame) = frame_at(bytes, at).filter(|frame| frame.is_usual(direction) && admits(frame)) else {
            continue;
        };
        if !fits(bytes, at, &frame) {
            continue;
        }
        let next = usize::try_from(at as u64 + frame.size()).unwrap_or(usize::MAX);
        let behind = rows.get(next).copied().unwrap_or(0);
        rows[at] = behind.saturating_add(1);
        let is_judged = ends_segment && next == bytes.len() && judged < JUDGED_ENDS;
        judged += u8::from(is_judged);
        let is_sure = rows[at] >= SURE || (is_judged && convinces(&frame, &bytes[at + HEADER..]));
        if is_sure && frame.kind != Kind::Continuation {
            found = Some(at);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: fn(&Frame) -> bool = |_| true;
    const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0abcdefgh";
    const END: &[u8] = b"\0\0\0\0\x01\0\0\0\x05";

    #[test]
    fn a_chain_is_exact_or_goes_on() {
        let two = [PING, END].concat();
        let chain = Chain::read(&two, Direction::Response, ANY).expect("frames");
        assert!(chain.is_exact && chain.has_several() && !chain.is_sure());
        let cut = Chain::read(&two[..two.len() - 1], Direction::Response, ANY).expect("frames");
        assert!(!cut.is_exact && !cut.has_several());
        let wrong = [PING, b"GET / HTTP/1.1"].concat();
        assert!(Chain::read(&wrong, Direction::Response, ANY).is_none());
        assert!(Chain::read(&[0; 64], Direction::Request, ANY).is_none());
    }

    #[test]
    fn frames_are_found_behind_other_bytes() {
        let find = |bytes: &[u8], ends_segment| find(bytes, ends_segment, Direction::Response, ANY, |_, _| false);
        let bytes = [b"rest of a body", PING, END].concat();
        assert_eq!(find(&bytes, true), Some(14));
        assert_eq!(find(&bytes, false), None);
        assert_eq!(find(&[b"rest of a body", PING].concat(), true), None);
        let three = [b"rest of a body", PING, END, PING, b"\0\0"].concat();
        assert_eq!(find(&three, false), Some(14));
    }

    #[test]
    fn a_single_frame_must_convince() {
        let bytes = [b"rest of a body", END].concat();
        let find = |is_one: bool| find(&bytes, true, Direction::Response, ANY, |_, _| is_one);
        assert_eq!((find(true), find(false)), (Some(14), None));
    }
}
