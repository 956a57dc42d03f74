//! HTTP/2 on a socket (RFC 9113 section 4.1): the way from frame to frame.
//!
//! A buffer of 64 KiB may hold several frames, and only their headers say where the next one is. The daemon, which learns of a
//! frame when it has long passed, could not steer from one to the next. So the way begins where a stream does, or where the daemon
//! says that a frame ends, and goes on here: of long DATA frames the ends are told, of all others everything.

use aya_ebpf::{helpers::generated::bpf_skb_load_bytes, macros::map, maps::Array};
use goldwire_probe_events::{FRAME_MIN, LARGEST_LIMIT, STEERING_SLOTS, WHOLE_BUFFER, tcp_flag::FIN};

use crate::{
    segment::{self, PIECE, Segment},
    steering::Steering,
};

const HEADER: u32 = 9;
/// Of a header, so much is read: length, type, flags and most of the stream's number.
const READ: u32 = 8;
/// So many bytes of a header have the length and the type.
const SAYS_ALL: u32 = 4;
/// Frames that are looked at in one buffer. Where there are more, it is captured whole. Each is work for the verifier.
const FRAMES: u32 = 10;
/// A DATA frame is captured as little as can be.
const ENDS: u8 = 0;
const WHOLE: u8 = LARGEST_LIMIT | WHOLE_BUFFER;

/// The way in one direction of a socket.
#[repr(C)]
#[derive(Clone, Copy)]
struct Way {
    /// Where the next frame begins: `tag << 32 | sequence`, as in a slot of [`Steering`].
    next: u64,
    /// Its first bytes, the first of them lowest, at most [`SAYS_ALL`], where the buffer before ended in its header, and
    /// how long that beginning was. Else [`TOLD_WHOLE`], or 0.
    begun: u64,
}

/// All is told of the frame that is under way.
const TOLD_WHOLE: u64 = 1 << 32;
/// From this bit on stands how long the beginning is.
const BEGUN_LENGTH: u32 = 40;

/// By slot of [`Steering`] and by direction.
#[map]
static WAYS: Array<[Way; 2]> = Array::with_max_entries(STEERING_SLOTS, 0);

/// Notes that a frame begins `offset` bytes behind the beginning of a segment.
#[inline(always)]
pub fn begin(segment: &Segment, wish: &Steering, offset: u32) {
    if let Some(way) = way_of(segment) {
        let next = word(wish.tag, segment.sequence.wrapping_add(offset));
        // SAFETY: the kernel gave the pointer.
        unsafe { way.write(Way { next, begun: 0 }) };
    }
}

/// Tells a segment frame by frame, as far as it is longer than one event. What is left of it is told as this limit says; 0 bytes
/// may be left. `None` where it is not known where a frame begins in it: then nothing was told.
#[inline(always)]
pub fn follow(segment: &mut Segment, wish: &Steering) -> Option<u8> {
    match walk(segment, wish) {
        UNKNOWN => None,
        limit => Some(limit as u8),
    }
}

/// No limit.
const UNKNOWN: u32 = u32::MAX;

/// A function of its own, with a stack of its own.
#[inline(never)]
fn walk(segment: &mut Segment, wish: &Steering) -> u32 {
    go_on(segment, wish).map_or(UNKNOWN, u32::from)
}

#[inline(always)]
fn way_of(segment: &Segment) -> Option<*mut Way> {
    let ways = WAYS.get_ptr_mut(segment.cookie as u32 & (STEERING_SLOTS - 1))?;
    // SAFETY: the kernel gave the pointer; the index is 0 or 1.
    Some(unsafe { (&raw mut (*ways)[segment.direction as usize & 1]).cast() })
}

#[inline(always)]
fn word(tag: u32, sequence: u32) -> u64 {
    u64::from(tag) << 32 | u64::from(sequence)
}

#[inline(always)]
fn go_on(segment: &mut Segment, wish: &Steering) -> Option<u8> {
    let way = way_of(segment)?;
    // SAFETY: the kernel gave the pointer. Buffers of one direction of a socket may race: a way that is lost costs capture only.
    let known = unsafe { way.read() };
    let named = wish.take_skip(segment.direction);
    let first = segment.sequence;
    let ahead = (known.next as u32).wrapping_sub(first) as i32;
    let (at, limit) = if (known.next >> 32) as u32 != wish.tag || ahead < -(READ as i32) {
        match named.map(|last| last.wrapping_add(1).wrapping_sub(first)) {
            Some(ahead) if ahead as i32 >= 0 => (ahead, ENDS),
            _ if begins_long_data(segment) => (0, ENDS),
            _ => return None,
        }
    } else if ahead >= 0 {
        (ahead as u32, if known.begun & TOLD_WHOLE == 0 { ENDS } else { LARGEST_LIMIT })
    } else {
        rest_of_begun(segment, known.begun, ahead.unsigned_abs())?
    };
    let passed = pass(segment, at, limit, (known.begun >> 63) as u32);
    let (next, begun) = match passed.next {
        Some(next) => (word(wish.tag, first.wrapping_add(next)), passed.begun),
        None => (0, 0),
    };
    // SAFETY: as above.
    unsafe { way.write(Way { next, begun }) };
    Some(passed.limit)
}

/// Whether a segment looks like a long DATA frame that begins with it, as those of servers mostly do. Asked where the way was lost,
/// since the daemon cannot name a place before it has passed. Other bytes hardly look so, and if they do, the worst is that
/// some of them are not captured.
#[inline(always)]
fn begins_long_data(segment: &Segment) -> bool {
    /// Of the length's highest byte, the type, all flags but END_STREAM and PADDED, and the stream's highest byte.
    const ZEROS: u64 = 0xff_f6_ff_00_00_ff;
    bytes_at(segment, 0, segment.length)
        .is_some_and(|bytes| bytes & ZEROS == 0 && Frame::parse(bytes).is_some_and(|frame| frame.is_long_data))
}

/// Where the frame ends that began `before` bytes before the segment, and what is told of it.
#[inline(always)]
fn rest_of_begun(segment: &Segment, begun: u64, before: u32) -> Option<(u32, u8)> {
    if (begun >> BEGUN_LENGTH) as u32 != before {
        return None;
    }
    let bytes = match before {
        SAYS_ALL.. => begun,
        _ => begun & 0xff_ffff | bytes_at(segment, 0, segment.length)? << (8 * before),
    };
    let frame = Frame::parse(bytes)?;
    Some(((HEADER + frame.length).checked_sub(before)?, frame.limit()))
}

/// What came of the frames of a segment.
struct Passed {
    /// How what is left of it is told.
    limit: u8,
    /// Where the first frame begins that does not begin in it, or whose header does not end in it, if that is certain.
    next: Option<u32>,
    /// As in [`Way`].
    begun: u64,
}

/// Passes the frames of a segment, the first of which ends at `at` and is told as `limit` says. Short ones are told together.
/// `zero` is 0 and the verifier does not know it, so that it need not follow each choice to the end of all frames.
#[inline(always)]
fn pass(segment: &mut Segment, mut at: u32, mut limit: u8, zero: u32) -> Passed {
    let (length, tcp_flags) = (segment.length, segment.tcp_flags);
    let (mut told, mut next, mut begun) = (0, None, 0);
    for _ in 0..=FRAMES {
        if at >= length {
            next = Some(at);
            break;
        }
        let left = length - at;
        let Some(bytes) = bytes_at(segment, at - told, left) else { break };
        if left < HEADER {
            (next, begun) = (Some(at), bytes & 0xffff_ffff | u64::from(left) << BEGUN_LENGTH);
            break;
        }
        let Some(frame) = Frame::parse(bytes) else { break };
        let ends_here = limit == ENDS || frame.is_long_data;
        if ends_here && at > told {
            let part = at - told;
            if limit != ENDS && part > PIECE {
                break;
            }
            (segment.length, segment.tcp_flags) = (part, tcp_flags & !FIN);
            segment::tell(segment, limit);
            segment.begin_at(part);
            told = at;
        }
        at += HEADER + frame.length;
        limit = frame.limit() + zero as u8;
    }
    (segment.length, segment.tcp_flags) = (length - told, tcp_flags);
    let is_whole = next.is_none() || limit != ENDS;
    Passed { limit: if is_whole { WHOLE } else { ENDS }, next, begun: begun | if is_whole { TOLD_WHOLE } else { 0 } }
}

/// The first bytes at an offset, at most [`READ`], the first of them lowest; `left` are there. `None` for none, or where they
/// cannot be read.
#[inline(always)]
fn bytes_at(segment: &Segment, offset: u32, left: u32) -> Option<u64> {
    let short = READ.saturating_sub(left);
    if short == READ {
        return None;
    }
    let mut bytes = 0_u64;
    // Where there are fewer, those before them are read too, and cut off.
    let at = (segment.start + offset).checked_sub(short)?;
    // SAFETY: the helper writes so many bytes.
    let missing = unsafe { bpf_skb_load_bytes(segment.skb.cast_const().cast(), at, (&raw mut bytes).cast(), READ) };
    (missing == 0).then_some(u64::from_le(bytes) >> (8 * short))
}

#[derive(Clone, Copy)]
struct Frame {
    /// Of its payload.
    length: u32,
    is_long_data: bool,
}

impl Frame {
    /// Of the first bytes of a header. RFC 9113 section 6 has ten types, and there are few more: behind others nothing is
    /// believed.
    #[inline(always)]
    fn parse(header: u64) -> Option<Self> {
        const TYPES: u8 = 0x20;
        let length = (header as u32).swap_bytes() >> 8;
        let kind = (header >> 24) as u8;
        (kind < TYPES).then_some(Self { length, is_long_data: kind == 0 && length >= FRAME_MIN })
    }

    #[inline(always)]
    fn limit(self) -> u8 {
        if self.is_long_data { ENDS } else { LARGEST_LIMIT }
    }
}

/// Where the first frame begins in a stream that begins with this segment, if HTTP/2 runs there: behind the client's preface
/// (RFC 9113 section 3.4), or at once, with the server's settings.
#[inline(always)]
pub fn first_frame(segment: &Segment) -> Option<u32> {
    const PREFACE: u64 = u64::from_le_bytes(*b"PRI * HT");
    const PREFACE_LENGTH: u32 = 24;
    /// All of a header but the length's last byte and the stream's: type 4, and zeros.
    const SETTINGS: u64 = 0x04_000000;
    const SETTINGS_MASK: u64 = 0xffff_ffff_ff00_ffff;
    let bytes = bytes_at(segment, 0, segment.length)?;
    if bytes == PREFACE {
        Some(PREFACE_LENGTH)
    } else {
        (segment.length >= HEADER && bytes & SETTINGS_MASK == SETTINGS).then_some(0)
    }
}
