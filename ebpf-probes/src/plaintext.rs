//! What passes sessions of TLS libraries, in the clear.

use aya_ebpf::{
    bindings::BPF_NOEXIST,
    helpers::generated::{bpf_get_current_pid_tgid, bpf_probe_read_user},
    macros::map,
    maps::LruHashMap,
};
use goldwire_probe_events::{
    OBJECT_COPY, OBJECT_PART, PART_COPY, PLAINTEXT_CAPTURE, Plaintext, PlaintextEnded, PlaintextSession, READ_FAULT,
    TAIL_LENGTH, TlsSession, TlsSessionKey,
    direction::{EGRESS, INGRESS},
    kind, tls_function, verdict,
};

use crate::{atomic, bounds, clock, loss, owner, ring, steering, tls_call::Call};

/// Sessions that are open, and some that were left. Those that were longest without a call go first.
#[map]
static SESSIONS: LruHashMap<TlsSessionKey, TlsSession> = LruHashMap::with_max_entries(16_384, 0);

/// Bytes on their way to the daemon.
struct Passing {
    buffer: u64,
    length: u32,
    event: Plaintext,
}

/// Go allows calls at the same time, even of one direction, so a call is noted at its beginning.
#[inline(always)]
pub fn begin(call: &Call) {
    let Some(session) = session_of(call) else { return };
    let direction = direction_of(call);
    // SAFETY: the kernel gave the pointer; aligned words are written whole.
    unsafe {
        (*session).began[direction as usize] = call.began;
        (*session).under_way[direction as usize] = call.began;
    }
}

/// A call of Go's wrote or read so many bytes, or none. Whoever reads an answer while the question's call has not returned is
/// told to wait for it; so each call that writes is told, and is under way until it is. The last to end after the close ends the
/// session.
#[inline(always)]
pub fn on_go_passed(call: &Call, length: u64) -> Option<()> {
    on_passed(call, 0, length);
    let session = SESSIONS.get_ptr_mut(key_of(call.object))?;
    // SAFETY: the kernel gave the pointer; aligned words are read and written whole. The addition keeps the order.
    let is_over = unsafe {
        let under_way = &raw mut (*session).under_way[direction_of(call) as usize];
        if *under_way == call.began {
            *under_way = 0;
        }
        atomic::fetch_add(&raw mut (*session).closed, 0) != 0 && (*session).under_way == [0; 2]
    };
    if is_over {
        forget(call.object);
    }
    Some(())
}

/// Go closes a session. Another goroutine may be about to leave a call that wrote or read something.
#[inline(always)]
pub fn on_go_closed(object: u64) {
    let Some(session) = SESSIONS.get_ptr_mut(key_of(object)) else { return };
    // SAFETY: as above; one of both sees what the other did.
    let is_over = unsafe {
        atomic::fetch_add(&raw mut (*session).closed, 1);
        (*session).under_way == [0; 2]
    };
    if is_over {
        forget(object);
    }
}

/// A call wrote or read so many bytes.
#[inline(always)]
pub fn on_passed(call: &Call, received_from: u64, length: u64) -> Option<()> {
    let direction = direction_of(call);
    let session = session_of(call)?;
    // SAFETY: the kernel gave the pointer. Libraries have one thread at a time for each direction of a session; where Go has
    // several, the addition leaves each its own place.
    let (number, cookie, offset, is_alone, awaits) = unsafe {
        if length == 0 && (*session).is_told == 0 {
            return None;
        }
        let offset = atomic::fetch_add(&raw mut (*session).passed[direction as usize], length);
        if (*session).is_told == 0 {
            tell_session(session, call);
        }
        let last = (*session).began[direction as usize];
        let awaits = if direction == INGRESS { (*session).under_way[EGRESS as usize] } else { 0 };
        ((*session).number, (*session).cookie, offset, !call.names_socket() || last == call.began, awaits)
    };
    let length = if length > u64::from(u32::MAX) { u32::MAX } else { length as u32 };
    let wish = steering::of_session(number)?;
    if wish.verdict == verdict::IGNORE {
        return None;
    }
    let skipped = match wish.skipped(direction, offset as u32, length) {
        Some(skipped) => skipped,
        None if call.names_socket() && direction == EGRESS => length,
        None => return None,
    };
    let event = Plaintext {
        header: ring::header(kind::PLAINTEXT),
        number,
        cookie,
        received_from,
        began: call.began,
        offset: offset + u64::from(skipped),
        awaits,
        pid: owner::current_pid(),
        length: length - skipped,
        captured: 0,
        direction,
        tail_length: 0,
        unused: [0; 2],
    };
    // Another call began before this one ended, and nobody saw in which order their bytes went.
    if !is_alone && length > 0 {
        loss::count(READ_FAULT, 1);
    }
    let has_bytes = is_alone && length > skipped && call.function as u8 != tls_function::SEND_FILE && call.buffer != 0;
    let buffer = if has_bytes { call.buffer + u64::from(skipped) } else { 0 };
    tell(&Passing { buffer, length: length - skipped, event });
    Some(())
}

#[inline(always)]
fn direction_of(call: &Call) -> u8 {
    match call.function as u8 {
        tls_function::READ | tls_function::READ_EX | tls_function::RECEIVE | tls_function::GO_READ => INGRESS,
        _ => EGRESS,
    }
}

/// The session of a call. A call that uses another socket than the calls before it is another session.
#[inline(always)]
fn session_of(call: &Call) -> Option<*mut TlsSession> {
    let key = key_of(call.object);
    if let Some(known) = SESSIONS.get_ptr_mut(key) {
        // SAFETY: the kernel gave the pointer.
        unsafe {
            let (before, now) = ((*known).cookie, call.cookie());
            if now == 0 || before == now {
                return Some(known);
            }
            if before == 0 {
                (*known).cookie = now;
                return Some(known);
            }
        }
        let _ = SESSIONS.remove(key);
    }
    if call.names_socket() && call.cookie() == 0 {
        return None;
    }
    let session = TlsSession {
        number: number_of(call.object),
        cookie: call.cookie(),
        passed: [0; 2],
        began: [0; 2],
        under_way: [0; 2],
        closed: 0,
        attached: call.attached,
        is_told: 0,
        unused: 0,
    };
    // Two goroutines may begin their first calls at once; both are of the session that is there first.
    let _ = SESSIONS.insert(key, session, u64::from(BPF_NOEXIST));
    SESSIONS.get_ptr_mut(key)
}

#[inline(always)]
fn key_of(object: u64) -> TlsSessionKey {
    TlsSessionKey { object, pid: owner::current_pid(), unused: 0 }
}

/// Threads that do the same at the same time get different numbers, and so do objects at the same address one after another.
#[inline(always)]
fn number_of(object: u64) -> u64 {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    // SAFETY: takes nothing and cannot fail.
    let thread = unsafe { bpf_get_current_pid_tgid() };
    let mixed = (clock::now() ^ thread.rotate_left(24)).wrapping_mul(SPREAD) ^ object;
    (mixed ^ mixed >> 31).wrapping_mul(SPREAD)
}

/// The library's object is given back, or starts anew.
#[inline(always)]
pub fn forget(object: u64) {
    let key = key_of(object);
    let Some(session) = SESSIONS.get_ptr(key) else { return };
    // SAFETY: the kernel gave the pointer.
    let (number, passed, is_told) = unsafe { ((*session).number, (*session).passed, (*session).is_told != 0) };
    if is_told && let Some(mut entry) = ring::reserve_plaintext::<PlaintextEnded>(0) {
        entry.write(PlaintextEnded { header: ring::header(kind::PLAINTEXT_ENDED), number, passed });
        ring::submit(entry);
    }
    let _ = SESSIONS.remove(key);
}

/// # Safety
///
/// `session` points into the map.
#[inline(always)]
unsafe fn tell_session(session: *mut TlsSession, call: &Call) {
    let Some(mut entry) = ring::reserve_plaintext::<PlaintextSession>(0) else { return };
    let event = entry.as_mut_ptr();
    // SAFETY: the ring gave room for the whole event; each field is written.
    unsafe {
        (&raw mut (*event).header).write(ring::header(kind::PLAINTEXT_SESSION));
        (*event).number = (*session).number;
        (*event).attached = (*session).attached;
        (*event).object = call.object;
        (*event).pid = owner::current_pid();
        (*event).names_socket = u32::from(call.names_socket());
        copy(&raw mut (*event).copy, if call.names_socket() { 0 } else { call.object });
        let part = (&raw const (*event).copy).cast::<u8>().add(OBJECT_PART).cast::<u64>().read_unaligned();
        copy(&raw mut (*event).part, part);
        (*session).is_told = 1;
    }
    ring::submit(entry);
}

/// Copies in pieces, so that what lies before a page that is not there is told.
///
/// # Safety
///
/// `to` is room for that many bytes, a multiple of the size of a piece.
#[inline(always)]
unsafe fn copy<const ROOM: usize>(to: *mut [u8; ROOM], from: u64) {
    const PIECE: usize = 128;
    const { assert!(OBJECT_COPY % PIECE == 0 && PART_COPY % PIECE == 0) };
    let mut offset = 0;
    while offset < ROOM {
        // SAFETY: by the caller; the helper writes zeros where it fails.
        unsafe {
            let piece = to.cast::<u8>().add(offset);
            bpf_probe_read_user(
                piece.cast(),
                PIECE as u32,
                from.wrapping_add(offset as u64) as *const core::ffi::c_void,
            );
        }
        offset += PIECE;
    }
}

/// Chooses room for the payload by its size: a ring's reservations have constant sizes.
#[inline(never)]
fn tell(passing: &Passing) {
    if passing.buffer == 0 {
        return tell_empty(passing);
    }
    match passing.length {
        0..=256 => tell_sized::<256>(passing),
        257..=1024 => tell_sized::<1024>(passing),
        1025..=4096 => tell_sized::<4096>(passing),
        _ => tell_sized::<PLAINTEXT_CAPTURE>(passing),
    }
}

/// An event with room for so much payload.
#[repr(C)]
struct Sized<const ROOM: usize> {
    event: Plaintext,
    payload: [u8; ROOM],
    tail: [u8; TAIL_LENGTH],
}

#[inline(always)]
fn tell_sized<const ROOM: usize>(passing: &Passing) {
    let Some(mut entry) = ring::reserve_plaintext::<Sized<ROOM>>(passing.length) else { return };
    let captured = if passing.length < ROOM as u32 { passing.length } else { ROOM as u32 };
    let has_tail = captured < passing.length;
    let room = entry.as_mut_ptr();
    // SAFETY: the ring gave room for the whole event, and the helper's lengths are within its arrays.
    unsafe {
        let payload = (&raw mut (*room).payload).cast();
        let mut faults =
            bpf_probe_read_user(payload, bounds::length(captured, ROOM as u32), passing.buffer as *const _);
        if has_tail {
            let last = passing.buffer + u64::from(passing.length) - TAIL_LENGTH as u64;
            faults |= bpf_probe_read_user((&raw mut (*room).tail).cast(), TAIL_LENGTH as u32, last as *const _);
        }
        let mut event = passing.event;
        if faults == 0 {
            event.captured = captured;
            event.tail_length = if has_tail { TAIL_LENGTH as u8 } else { 0 };
        } else {
            // Told all the same: it is known where the unread bytes are.
            loss::count(READ_FAULT, 1);
        }
        (&raw mut (*room).event).write(event);
    }
    ring::submit(entry);
}

/// Bytes that no call had in memory.
#[inline(always)]
fn tell_empty(passing: &Passing) {
    let Some(mut entry) = ring::reserve_plaintext::<Plaintext>(passing.length) else { return };
    entry.write(passing.event);
    ring::submit(entry);
}
