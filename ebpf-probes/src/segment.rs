//! TCP segments: which of them are told, and how much of each.

use aya_ebpf::{
    bindings::__sk_buff,
    helpers::generated::{bpf_get_socket_cookie, bpf_skb_load_bytes},
};
use goldwire_probe_events::{
    HTTP2_FRAMES, LARGEST_LIMIT, PIECES, READ_FAULT, SMALLEST_CAPTURE, Socket, TAIL_LENGTH, TcpSegment, UNDECIDED,
    UNDECIDED_BYTES, UNDECIDED_LIMIT, UNDECIDED_LOST_BYTES, UNDECIDED_WHOLE_BYTES, USUAL_LIMIT, WHOLE_BUFFER,
    direction::{EGRESS, INGRESS},
    kind, role, socket_flag,
    tcp_flag::{ACK, FIN, RST, SYN},
    verdict,
};

use crate::{
    beginning, bounds, frames, lane, loss,
    maps::SOCKETS,
    messages,
    packet::Packet,
    ring,
    steering::{self, Steering},
    unknown_socket,
};

/// A segment on its way to the daemon.
#[derive(Clone, Copy)]
pub struct Segment {
    pub skb: *mut __sk_buff,
    pub cookie: u64,
    pub sequence: u32,
    /// Where the payload begins, from the IP header.
    pub start: u32,
    /// Of the payload.
    pub length: u32,
    pub skipped: u32,
    pub direction: u8,
    pub tcp_flags: u8,
}

/// All of a buffer is told.
const WHOLE: u8 = LARGEST_LIMIT | WHOLE_BUFFER;

/// Most payload of one event.
pub const PIECE: u32 = SMALLEST_CAPTURE << LARGEST_LIMIT;

impl Segment {
    /// Learns the cookie of its socket.
    #[inline(always)]
    pub fn find_socket(&mut self) {
        // SAFETY: the context of this program.
        self.cookie = unsafe { bpf_get_socket_cookie(self.skb.cast()) };
    }

    /// Moves the beginning of the payload.
    #[inline(always)]
    pub fn begin_at(&mut self, offset: u32) {
        self.sequence = self.sequence.wrapping_add(offset);
        self.start += offset;
    }
}

/// Tells a segment, if anybody wants it. A pure acknowledgement leaves first.
#[inline(always)]
pub fn on_segment(packet: &Packet, direction: u8) -> Option<()> {
    let mut segment = read(packet, direction)?;
    if segment.length == 0 && segment.tcp_flags & (SYN | FIN | RST) == 0 {
        return None;
    }
    segment.find_socket();
    let wish = steering::of(segment.cookie, direction)?;
    if segment.tcp_flags & (SYN | FIN | RST) != 0 {
        on_flags(packet, &segment);
        // An end without payload is told; SYN and RST have events of their own.
        if segment.length == 0 && segment.tcp_flags & FIN == 0 {
            return None;
        }
    }
    let wanted = match wish.verdict {
        verdict::IGNORE => return None,
        verdict::TELL => wish.limit(segment.length),
        _ => undecided(packet, &segment)?,
    };
    if wanted & HTTP2_FRAMES != 0 && segment.length > 0 {
        // Where this returns, frames are not followed here.
        frames::hand_over(&segment);
    }
    tell_wanted(&mut segment, &wish, wanted)
}

/// Tells of a segment what is wanted.
#[inline(always)]
pub fn tell_wanted(segment: &mut Segment, wish: &Steering, wanted: u8) -> Option<()> {
    if wish.verdict == verdict::TELL {
        segment.skipped = wish.skipped(segment.direction, segment.sequence, segment.length)?;
    }
    tell_limited(segment, wanted);
    Some(())
}

/// Tells a segment up to a limit of capture.
#[inline(always)]
pub fn tell_limited(segment: &mut Segment, limit: u8) {
    if limit & WHOLE_BUFFER != 0 {
        tell_in_pieces(segment);
    }
    let limit = limit & !(WHOLE_BUFFER | HTTP2_FRAMES);
    tell(segment, if limit > LARGEST_LIMIT { LARGEST_LIMIT } else { limit });
}

/// The segment of a packet.
#[inline(always)]
pub fn read(packet: &Packet, direction: u8) -> Option<Segment> {
    let header = packet.transport(20)?;
    // SAFETY: 20 bytes are there.
    let (sequence, tcp_flags, length) = unsafe {
        (
            u32::from_be(header.add(4).cast::<u32>().read_unaligned()),
            *header.add(13),
            u32::from(*header.add(12) >> 4) * 4,
        )
    };
    let start = packet.offset + length;
    Some(Segment {
        skb: packet.skb,
        cookie: 0,
        sequence: sequence.wrapping_add(u32::from(tcp_flags & SYN != 0)),
        start,
        length: packet.length().saturating_sub(start),
        skipped: 0,
        direction,
        tcp_flags,
    })
}

/// Messages may begin anywhere in this buffer: tells what one event has no room for. Its last piece is left.
#[inline(always)]
fn tell_in_pieces(segment: &mut Segment) {
    let (mut left, tcp_flags) = (segment.length - segment.skipped, segment.tcp_flags);
    segment.begin_at(segment.skipped);
    segment.skipped = 0;
    for _ in 0..PIECES {
        if left <= PIECE {
            break;
        }
        (segment.length, segment.tcp_flags) = (PIECE, tcp_flags & !FIN);
        tell(segment, LARGEST_LIMIT);
        segment.begin_at(PIECE);
        left -= PIECE;
    }
    (segment.length, segment.tcp_flags) = (left, tcp_flags);
}

/// The daemon has not decided about the socket: so many bytes are told, no more. The limit of capture.
#[inline(always)]
fn undecided(packet: &Packet, segment: &Segment) -> Option<u8> {
    let Some(socket) = SOCKETS.get_ptr_mut(segment.cookie) else {
        return (segment.length > 0 && unknown_socket::on_segment(packet, segment) != 0).then_some(WHOLE);
    };
    // SAFETY: the kernel gave the pointer.
    let may_listen = segment.direction == INGRESS && unsafe { (*socket).role } == role::UNKNOWN;
    if may_listen && segment.length > 0 && unknown_socket::tell_if_at_listener(packet, segment) != 0 {
        return None;
    }
    // SAFETY: as above. Races between CPUs cost a buffer more or less of the bound.
    let (told, first) = unsafe {
        note(socket, packet, segment);
        if (*socket).flags & socket_flag::BEGINNING_TOLD == 0 && segment.tcp_flags & SYN == 0 {
            (*socket).flags |= socket_flag::BEGINNING_TOLD;
            beginning::tell(segment);
        }
        (*socket).flags |= look(&*socket, segment);
        let told = &raw mut (*socket).undecided[segment.direction as usize & 1];
        (told, first_limit(&*socket, segment.direction))
    };
    // SAFETY: as above.
    let before = unsafe { *told };
    if before >= UNDECIDED_BYTES {
        loss::count(UNDECIDED, 1);
        loss::count(UNDECIDED_LOST_BYTES, u64::from(segment.length));
        return None;
    }
    let limit = if before < UNDECIDED_WHOLE_BYTES { first } else { UNDECIDED_LIMIT };
    let most = match limit {
        _ if limit & HTTP2_FRAMES != 0 => SMALLEST_CAPTURE + (segment.length >> 4),
        _ if limit & WHOLE_BUFFER != 0 => UNDECIDED_WHOLE_BYTES,
        _ => SMALLEST_CAPTURE << limit,
    };
    let captured = if segment.length < most { segment.length } else { most };
    // SAFETY: as above.
    unsafe { *told = before + captured + size_of::<TcpSegment>() as u32 };
    Some(limit)
}

/// Requests come in deep pipelines, so the direction that has them is captured whole; so are the answers to many at once.
#[inline(always)]
fn first_limit(socket: &Socket, direction: u8) -> u8 {
    match (socket.role, direction) {
        _ if socket.flags & socket_flag::HTTP2 != 0 => WHOLE | HTTP2_FRAMES,
        _ if socket.flags & socket_flag::PIPELINED != 0 => WHOLE,
        (role::SERVER, EGRESS) | (role::CLIENT, INGRESS) => USUAL_LIMIT,
        _ => WHOLE,
    }
}

/// What a buffer says about how the socket is captured: a flag of the socket, or 0.
#[inline(always)]
fn look(socket: &Socket, segment: &Segment) -> u8 {
    let direction = segment.direction as usize & 1;
    let is_first = socket.undecided[direction] == 0;
    if is_first && frames::first_frame(segment).is_some() {
        return socket_flag::HTTP2;
    }
    let asks = matches!((socket.role, segment.direction), (role::CLIENT, EGRESS) | (role::SERVER, INGRESS));
    if !asks || socket.flags & socket_flag::PIPELINED != 0 || segment.length == 0 {
        return 0;
    }
    let is_behind_another = !is_first && socket.undecided[direction ^ 1] == 0;
    let is_pipelined = is_behind_another || messages::holds_several(segment) != 0;
    if is_pipelined { socket_flag::PIPELINED } else { 0 }
}

/// # Safety
///
/// `socket` points into the map.
#[inline(always)]
unsafe fn note(socket: *mut Socket, packet: &Packet, segment: &Segment) {
    // SAFETY: by the caller.
    unsafe {
        (*socket).tcp_flags |= segment.tcp_flags;
        if segment.direction == EGRESS && (*socket).flags & socket_flag::ADDRESS_COMPARED == 0 {
            (*socket).flags |= socket_flag::ADDRESS_COMPARED;
            if (*socket).role != role::SERVER {
                unknown_socket::compare_address(packet, segment.cookie);
            }
        }
    }
}

#[inline(always)]
fn on_flags(packet: &Packet, segment: &Segment) {
    // A SYN that answers comes with the listener's socket.
    if segment.tcp_flags & (SYN | ACK) == SYN | ACK && segment.direction == EGRESS {
        return;
    }
    if let Some(socket) = SOCKETS.get_ptr_mut(segment.cookie) {
        // SAFETY: the kernel gave the pointer.
        unsafe { note(socket, packet, segment) };
    }
}

/// Tells a segment by this processor's lane, else by a ring.
#[inline(always)]
pub fn tell(segment: &Segment, limit: u8) {
    let available = segment.length - segment.skipped;
    let most = SMALLEST_CAPTURE << limit;
    let captured = if available < most { available } else { most };
    if !tell_by_lane(segment, captured) {
        tell_by_ring(segment, captured);
    }
}

/// Whether the lane took it.
#[inline(always)]
fn tell_by_lane(segment: &Segment, captured: u32) -> bool {
    const HEAD: u32 = size_of::<TcpSegment>() as u32;
    const MOST: u32 = SMALLEST_CAPTURE << LARGEST_LIMIT;
    let Some(room) = lane::take((HEAD + MOST) as usize + TAIL_LENGTH) else { return false };
    let has_tail = segment.skipped + captured < segment.length;
    let skb = segment.skb.cast_const().cast();
    let mut length = HEAD + captured;
    let mut faults = 0;
    // SAFETY: the lane has room for all of it: an event of the largest capture fits.
    unsafe {
        room.at(0).cast::<TcpSegment>().write(wire(segment, captured, has_tail));
        if captured > 0 {
            let start = segment.start + segment.skipped;
            faults |= bpf_skb_load_bytes(skb, start, room.at(HEAD).cast(), bounds::length(captured, MOST));
        }
        if has_tail {
            let last = segment.start + segment.length - TAIL_LENGTH as u32;
            faults |= bpf_skb_load_bytes(skb, last, room.at(bounds::opaque(length)).cast(), TAIL_LENGTH as u32);
            length += TAIL_LENGTH as u32;
        }
    }
    if faults == 0 {
        room.submit(length);
    } else {
        loss::count(READ_FAULT, 1);
        room.discard();
    }
    true
}

/// Chooses room for the payload by its size: a ring's reservations have constant sizes. Not inlined, since it is the way for
/// few segments.
#[inline(never)]
fn tell_by_ring(segment: &Segment, captured: u32) {
    match captured {
        0 => tell_empty(segment),
        1..=256 => tell_sized::<256>(segment, captured),
        257..=512 => tell_sized::<512>(segment, captured),
        513..=1024 => tell_sized::<1024>(segment, captured),
        1025..=2048 => tell_sized::<2048>(segment, captured),
        2049..=4096 => tell_sized::<4096>(segment, captured),
        4097..=8192 => tell_sized::<8192>(segment, captured),
        _ => tell_sized::<16384>(segment, captured),
    }
}

/// An event with room for so much payload.
#[repr(C)]
struct Sized<const ROOM: usize> {
    segment: TcpSegment,
    payload: [u8; ROOM],
    tail: [u8; TAIL_LENGTH],
}

#[inline(always)]
fn tell_sized<const ROOM: usize>(segment: &Segment, captured: u32) {
    let Some(mut entry) = ring::reserve_data::<Sized<ROOM>>(segment.length) else { return };
    let has_tail = segment.skipped + captured < segment.length;
    let event = entry.as_mut_ptr();
    // SAFETY: the ring gave room for the whole event, and the helper's lengths are within its arrays.
    let faults = unsafe {
        (&raw mut (*event).segment).write(wire(segment, captured, has_tail));
        let start = segment.start + segment.skipped;
        let skb = segment.skb.cast_const().cast();
        let room = (&raw mut (*event).payload).cast();
        let mut faults = bpf_skb_load_bytes(skb, start, room, bounds::length(captured, ROOM as u32));
        if has_tail {
            let last = segment.start + segment.length - TAIL_LENGTH as u32;
            faults |= bpf_skb_load_bytes(skb, last, (&raw mut (*event).tail).cast(), TAIL_LENGTH as u32);
        }
        faults
    };
    if faults != 0 {
        ring::discard(entry);
        return;
    }
    ring::submit(entry);
}

/// A buffer of which no byte is wanted, but that it came.
#[inline(always)]
fn tell_empty(segment: &Segment) {
    let Some(mut entry) = ring::reserve_data::<TcpSegment>(segment.length) else { return };
    entry.write(wire(segment, 0, false));
    ring::submit(entry);
}

#[inline(always)]
pub fn wire(segment: &Segment, captured: u32, has_tail: bool) -> TcpSegment {
    TcpSegment {
        header: ring::header(kind::TCP_SEGMENT),
        cookie: segment.cookie,
        sequence: segment.sequence,
        length: segment.length,
        skipped: segment.skipped,
        captured,
        direction: segment.direction,
        tcp_flags: segment.tcp_flags,
        tail_length: if has_tail { TAIL_LENGTH as u8 } else { 0 },
        unused: [0; 5],
    }
}
