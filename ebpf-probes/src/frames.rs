//! HTTP/2 on a socket (RFC 9113 section 4.1): the way from frame to frame.
//!
//! A buffer of 64 KiB may hold several frames, and only their headers say where the next one is. The daemon, which learns of a
//! frame when it has long passed, could not steer from one to the next. So the way begins where a stream does, or where the daemon
//! says that a frame ends, and goes on here: of long DATA frames the ends are told, of all others everything.
//!
//! That is done by programs of their own, to which the others hand a buffer over: all in one would be too much for the verifier.

use aya_ebpf::{
    bindings::__sk_buff,
    helpers::generated::bpf_skb_load_bytes,
    macros::{cgroup_skb, map},
    maps::{Array, ProgramArray},
    programs::SkBuffContext,
};
use goldwire_probe_events::{
    FRAME_MIN, LARGEST_LIMIT, STEERING_SLOTS, WHOLE_BUFFER,
    direction::{EGRESS, INGRESS},
    tcp_flag::FIN,
};

use crate::{
    packet::Packet,
    segment::{self, PIECE, Segment},
    steering::{self, Steering},
};

const HEADER: u32 = 9;
/// Of a header, so much is read: length, type, flags and most of the stream's number.
const READ: u32 = 8;
/// So many bytes of a header have the length and the type.
const SAYS_ALL: u32 = 4;
/// Frames that are looked at before the program calls itself for the next ones. Each is work for the verifier.
const FRAMES: u32 = 3;
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
    /// Sequence number from which on the way is known: what comes late from before it was not followed.
    since: u32,
    /// Bytes of the last long DATA frame, its header among them; 0 before one.
    stride: u32,
}

/// Once the way is so long, its beginning is moved up, so that sequence numbers do not go half around between them.
const LONGEST: u32 = 1 << 30;

/// All is told of the frame that is under way.
const TOLD_WHOLE: u64 = 1 << 32;
/// From this bit on stands how long the beginning is.
const BEGUN_LENGTH: u32 = 40;

const PASS: i32 = 1;

/// The programs below, each in the array of its own kind: the kernel takes no other.
#[map]
static FRAMES_RECEIVED: ProgramArray = ProgramArray::with_max_entries(1, 0);
#[map]
static FRAMES_SENT: ProgramArray = ProgramArray::with_max_entries(1, 0);

/// By slot of [`Steering`] and by direction.
#[map]
static WAYS: Array<[Way; 2]> = Array::with_max_entries(STEERING_SLOTS, 0);

/// Goes on in a program that follows frames. Returns where there is none.
#[inline(always)]
pub fn hand_over(segment: &Segment) {
    let context = SkBuffContext::new(segment.skb);
    let programs = if segment.direction == INGRESS { &FRAMES_RECEIVED } else { &FRAMES_SENT };
    // SAFETY: nothing here has to be dropped.
    unsafe { programs.tail_call(&context, 0) };
}

/// hook: none; called by `buffer_received`
/// needs: tail calls, beside what its caller needs
/// since: 5.10
#[cgroup_skb(ingress)]
pub fn frames_received(ctx: SkBuffContext) -> i32 {
    on_buffer(&ctx, INGRESS);
    PASS
}

/// hook: none; called by `buffer_sent`
/// needs: tail calls, beside what its caller needs
/// since: 5.10
#[cgroup_skb(egress)]
pub fn frames_sent(ctx: SkBuffContext) -> i32 {
    on_buffer(&ctx, EGRESS);
    PASS
}

#[inline(always)]
fn on_buffer(ctx: &SkBuffContext, direction: u8) -> Option<()> {
    let packet = Packet::read(ctx.skb.skb)?;
    let mut segment = segment::read(&packet, direction)?;
    segment.find_socket();
    let wish = steering::of(segment.cookie, direction)?;
    let way = way_of(&segment)?;
    let Some(mut steps) = Steps::so_far(segment.skb).or_else(|| Steps::first(&segment, &wish, way)) else {
        return segment::tell_wanted(&mut segment, &wish, WHOLE);
    };
    let (first, length) = (segment.sequence, segment.length);
    segment.begin_at(steps.told);
    let came = steps.go(&mut segment, length);
    if came == Came::OnAndOn {
        steps.keep(segment.skb);
        // Each buffer is allowed 33 of these. Behind them, this returns.
        hand_over(&segment);
    }
    segment.length = length - steps.told;
    let Steps { since, stride, .. } = steps;
    let (known, limit) = match came {
        Came::Behind { begun } => {
            let next = first.wrapping_add(steps.at);
            let since = if next.wrapping_sub(since) > LONGEST { next.wrapping_sub(LONGEST / 2) } else { since };
            let (whole, limit) = if steps.limit == ENDS { (0, ENDS) } else { (TOLD_WHOLE, WHOLE) };
            (Way { next: word(wish.tag, next), begun: begun | whole, since, stride }, limit)
        }
        Came::OnAndOn | Came::Astray => (Way { next: 0, begun: 0, since: 0, stride: 0 }, WHOLE),
    };
    // SAFETY: the kernel gave the pointer. Buffers of one direction of a socket may race: a way that is lost costs capture only.
    unsafe { way.write(known) };
    if segment.length > 0 || segment.tcp_flags & FIN != 0 {
        segment::tell_limited(&mut segment, limit);
    }
    Some(())
}

/// How far the frames of a segment were followed. Offsets count from its beginning.
struct Steps {
    /// Where the next frame begins.
    at: u32,
    /// What is before it was told.
    told: u32,
    /// How the rest of what is before `at` is told.
    limit: u8,
    /// As in [`Way`].
    since: u32,
    stride: u32,
}

/// Where some steps led.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    /// To the end of the segment. `begun` as in [`Way`].
    Behind { begun: u64 },
    /// To bytes that are no frame.
    Astray,
    /// To one more frame.
    OnAndOn,
}

impl Steps {
    /// Marks words of a buffer as written.
    const KEPT: u32 = 1 << 8;

    /// What was kept with a buffer. The kernel hands its words over as zeros.
    #[inline(always)]
    fn so_far(skb: *mut __sk_buff) -> Option<Self> {
        // SAFETY: the context of this program.
        let [at, told, rest, since, stride] =
            unsafe { [0, 1, 2, 3, 4].map(|index| (&raw const (*skb).cb[index]).read_volatile()) };
        (rest & Self::KEPT != 0).then_some(Self { at, told, limit: rest as u8 & 7, since, stride })
    }

    #[inline(always)]
    fn keep(&self, skb: *mut __sk_buff) {
        // SAFETY: the context of this program.
        unsafe {
            (&raw mut (*skb).cb[0]).write_volatile(self.at);
            (&raw mut (*skb).cb[1]).write_volatile(self.told);
            (&raw mut (*skb).cb[2]).write_volatile(u32::from(self.limit) | Self::KEPT);
            (&raw mut (*skb).cb[3]).write_volatile(self.since);
            (&raw mut (*skb).cb[4]).write_volatile(self.stride);
        }
    }

    /// Where the first frame is that begins in a segment, if that is known.
    #[inline(always)]
    fn first(segment: &Segment, wish: &Steering, way: *mut Way) -> Option<Self> {
        // SAFETY: the kernel gave the pointer.
        let known = unsafe { way.read() };
        let named = wish.take_skip(segment.direction);
        let (next, stride) = (known.next as u32, known.stride);
        let found = |at, limit, since| Some(Self { at, told: 0, limit, since, stride });
        if (known.next >> 32) as u32 == wish.tag {
            if (segment.sequence.wrapping_sub(known.since) as i32) < 0 {
                return None;
            }
            let ahead = next.wrapping_sub(segment.sequence) as i32;
            if ahead >= 0 {
                let limit = if known.begun & TOLD_WHOLE == 0 { ENDS } else { LARGEST_LIMIT };
                return found(ahead as u32, limit, known.since);
            }
            let behind = ahead.unsigned_abs();
            if behind <= READ
                && let Some((at, limit)) = rest_of_begun(segment, known.begun, behind)
            {
                return found(at, limit, known.since);
            }
            if let Some(at) = next_of_same_length(segment, behind, stride) {
                return found(at, LARGEST_LIMIT, segment.sequence);
            }
        }
        match named.map(|last| last.wrapping_add(1).wrapping_sub(segment.sequence)) {
            Some(ahead) if ahead as i32 >= 0 => found(ahead, ENDS, segment.sequence),
            _ if begins_long_data(segment, 0).is_some() => found(0, ENDS, segment.sequence),
            _ => found(first_frame(segment)?, LARGEST_LIMIT, segment.sequence),
        }
    }

    /// Goes some steps on in what is left of a segment of this length. Short frames are told together.
    #[inline(always)]
    fn go(&mut self, segment: &mut Segment, length: u32) -> Came {
        let tcp_flags = segment.tcp_flags;
        for _ in 0..FRAMES {
            if self.at >= length {
                return Came::Behind { begun: 0 };
            }
            let left = length - self.at;
            let Some(bytes) = bytes_at(segment, self.at - self.told, left) else { return Came::Astray };
            if left < HEADER {
                return Came::Behind { begun: bytes & 0xffff_ffff | u64::from(left) << BEGUN_LENGTH };
            }
            let Some(frame) = Frame::parse(bytes) else { return Came::Astray };
            let ends_here = self.limit == ENDS || frame.is_long_data;
            if ends_here && self.at > self.told {
                let part = self.at - self.told;
                if self.limit != ENDS && part > PIECE {
                    return Came::Astray;
                }
                (segment.length, segment.tcp_flags) = (part, tcp_flags & !FIN);
                segment::tell(segment, self.limit);
                segment.begin_at(part);
                segment.tcp_flags = tcp_flags;
                self.told = self.at;
            }
            if frame.is_long_data {
                self.stride = HEADER + frame.length;
            }
            self.at += HEADER + frame.length;
            self.limit = frame.limit();
        }
        Came::OnAndOn
    }
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

/// Bytes of the long DATA frame that seems to begin at an offset of a segment, as those of servers mostly do with buffers. Asked
/// where the way was lost, since the daemon cannot name a place before it has passed. Other bytes hardly look so, and if they do, the
/// worst is that some of them are not captured.
#[inline(always)]
fn begins_long_data(segment: &Segment, offset: u32) -> Option<u32> {
    /// Of the length's highest byte, the type, all flags but END_STREAM and PADDED, and the stream's highest byte.
    const ZEROS: u64 = 0xff_f6_ff_00_00_ff;
    let bytes = bytes_at(segment, offset, segment.length.checked_sub(offset)?)?;
    let frame = Frame::parse(bytes)?;
    (bytes & ZEROS == 0 && frame.is_long_data).then_some(HEADER + frame.length)
}

/// The place of a DATA frame, where all since the last known one, `behind` bytes before the segment, were as long as that. So it
/// is in a long body, and the way is found again where buffers were seen out of their order.
#[inline(always)]
fn next_of_same_length(segment: &Segment, behind: u32, stride: u32) -> Option<u32> {
    if stride == 0 {
        return None;
    }
    let at = behind.div_ceil(stride).wrapping_mul(stride).wrapping_sub(behind);
    (at < segment.length && begins_long_data(segment, at)? == stride).then_some(at)
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
