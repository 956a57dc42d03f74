//! Whether a client asks for more than one thing in a buffer, so that there may be many answers in a buffer too.

use aya_ebpf::helpers::generated::bpf_skb_load_bytes;
use goldwire_probe_events::{SMALLEST_CAPTURE, USUAL_LIMIT};

use crate::{bounds, segment::Segment};

/// A buffer that is longer holds many requests, or a body. Also what is looked through.
const DEEP: u32 = SMALLEST_CAPTURE << USUAL_LIMIT;
/// So much is read at once.
const PART: u32 = 64;
const WORDS: usize = PART as usize / 8;

/// First byte of a TLS record with a handshake.
const HANDSHAKE: u8 = 0x16;

/// Not 0 where a buffer holds more than one request, or may: what begins like HTTP/1 or Redis' protocol is looked through, TLS
/// asks for one thing, and of all else nothing is known.
///
/// Asked only while the daemon has not decided, so it may cost more than what is done for every buffer. A function of its own,
/// with a stack of its own.
#[inline(never)]
pub fn holds_several(segment: &Segment) -> u32 {
    u32::from(is_several(segment))
}

#[inline(always)]
fn is_several(segment: &Segment) -> bool {
    if segment.length > DEEP {
        return true;
    }
    let mut first = 0_u8;
    // SAFETY: the helper writes one byte.
    if unsafe { bpf_skb_load_bytes(segment.skb.cast_const().cast(), segment.start, (&raw mut first).cast(), 1) } != 0 {
        return true;
    }
    match first {
        // A head ends with an empty line: something follows it, a body or the next head.
        b'A'..=b'Z' => has_line_with(segment, b'\r'),
        // The next command begins on a line of its own.
        b'*' => has_line_with(segment, b'*'),
        HANDSHAKE => false,
        _ => true,
    }
}

/// Whether a line begins with this byte, other than the empty one at the very end.
#[inline(always)]
fn has_line_with(segment: &Segment, byte: u8) -> bool {
    // Without the last two bytes, the end of the last line.
    let length = segment.length.saturating_sub(2);
    let (mut at, mut before) = (0, 0);
    for _ in 0..DEEP / PART {
        if at >= length {
            return false;
        }
        let left = length - at;
        let mut words = [0_u64; WORDS];
        let (start, read) = (segment.start + at, if left < PART { left } else { PART });
        let room = (&raw mut words).cast();
        // SAFETY: the helper writes at most so many bytes.
        if unsafe { bpf_skb_load_bytes(segment.skb.cast_const().cast(), start, room, bounds::length(read, PART)) } != 0
        {
            return true;
        }
        for word in words {
            let word = u64::from_le(word);
            if has_pair(word << 8 | before, word, byte) {
                return true;
            }
            before = word >> 56;
        }
        at += PART;
    }
    false
}

/// Whether a line feed stands in a byte of `before` and `byte` in the same one of `word`.
#[inline(always)]
fn has_pair(before: u64, word: u64, byte: u8) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let differs = (before ^ (ONES * b'\n' as u64)) | (word ^ (ONES * u64::from(byte)));
    // The usual test for a byte that is zero.
    differs.wrapping_sub(ONES) & !differs & (ONES << 7) != 0
}
