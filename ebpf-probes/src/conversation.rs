//! UDP: what passes between a socket and a remote address is counted in a map; datagrams that may be DNS are told.
//!
//! What a socket sends to a service address passes here with the address of who is behind it (DNAT), and the answer with that of
//! the service again. So the address that was asked for names the conversation, in both directions: the one that the socket is
//! connected to, or that its program gave with the datagram.

use aya_ebpf::{
    bindings::BPF_NOEXIST,
    helpers::generated::{bpf_get_socket_cookie, bpf_skb_load_bytes},
};
use goldwire_probe_events::{
    Addresses, CONVERSATIONS_FULL, ConversationCounters, ConversationKey, ConversationOpened, ConversationTranslated,
    DATAGRAM_CAPTURE, Datagram, READ_FAULT, Socket,
    direction::{EGRESS, INGRESS},
    kind, socket_flag, transport, verdict,
};

use crate::{
    asked, atomic, bounds, clock, loss,
    maps::{CONVERSATIONS, SOCKETS},
    packet::{self, Packet},
    ring, steering, unknown_socket,
};

const HEADER: u32 = 8;
const DNS_HEADER: usize = 12;

/// A datagram on its way through a socket.
struct Passing<'a> {
    packet: &'a Packet,
    cookie: u64,
    /// The remote one is the conversation's.
    addresses: Addresses,
    /// Where the packet goes or comes from.
    remote: [u8; 16],
    remote_port: u16,
    /// Of the payload.
    length: u32,
    direction: u8,
}

/// Counts a datagram, and tells it where it may be DNS or open a QUIC connection.
#[inline(never)]
pub fn on_datagram(packet: &Packet, direction: u8) {
    let _ = pass(packet, direction);
}

#[inline(always)]
fn pass(packet: &Packet, direction: u8) -> Option<()> {
    let mut passing = Passing {
        packet,
        cookie: 0,
        addresses: packet::NO_ADDRESSES,
        remote: [0; 16],
        remote_port: 0,
        length: 0,
        direction,
    };
    if !packet.read_addresses(direction == EGRESS, &mut passing.addresses) {
        return None;
    }
    (passing.remote, passing.remote_port) = (passing.addresses.remote, passing.addresses.remote_port);
    // SAFETY: the context of this program.
    passing.cookie = unsafe { bpf_get_socket_cookie(packet.skb.cast()) };
    if direction == INGRESS || !asked::take(passing.cookie, &mut passing.addresses) {
        name_connected(packet, &mut passing.addresses);
    }
    passing.length = packet.length().saturating_sub(packet.offset + HEADER);
    count(&passing)?;
    let wish = steering::of(passing.cookie, direction)?;
    match wish.verdict {
        verdict::IGNORE => return None,
        verdict::TELL => {}
        _ => plausible(&passing)?,
    }
    if passing.length > 0 {
        tell(&passing);
    }
    Some(())
}

/// What a socket is connected to. What is asked for with one datagram goes before it.
#[inline(never)]
fn name_connected(packet: &Packet, addresses: &mut Addresses) {
    let (address, port) = unknown_socket::remote_of(packet.skb);
    if port != 0 {
        (addresses.remote, addresses.remote_port) = (address, port);
    }
}

/// Absent where not all probes are attached yet.
#[inline(always)]
fn count(passing: &Passing<'_>) -> Option<()> {
    let key = ConversationKey {
        cookie: passing.cookie,
        remote: passing.addresses.remote,
        remote_port: passing.addresses.remote_port,
        unused: [0; 6],
    };
    if let Some(known) = CONVERSATIONS.get_ptr_mut(key) {
        // SAFETY: the kernel gave the pointer.
        unsafe {
            add(known, passing);
            note_destination(known, passing);
        }
    } else if ring::is_watching() {
        open(&key, passing);
    } else {
        return None;
    }
    Some(())
}

/// Of a buffer that holds several datagrams, how many.
#[inline(always)]
fn datagrams(passing: &Passing<'_>) -> u64 {
    // SAFETY: a field of the context.
    let segments = unsafe { (*passing.packet.skb).gso_segs };
    if segments > 1 { u64::from(segments) } else { 1 }
}

/// Rare, so it is a function of its own, with a stack of its own.
#[inline(never)]
fn open(key: &ConversationKey, passing: &Passing<'_>) {
    let counters = ConversationCounters {
        datagrams_received: 0,
        datagrams_sent: 0,
        bytes_received: 0,
        bytes_sent: 0,
        last: 0,
        local: passing.addresses.local,
        local_port: passing.addresses.local_port,
        unused: [0; 2],
        sent_to: 0,
    };
    let is_first = CONVERSATIONS.insert(key, counters, u64::from(BPF_NOEXIST)).is_ok();
    let Some(known) = CONVERSATIONS.get_ptr_mut(key) else {
        loss::count(CONVERSATIONS_FULL, datagrams(passing));
        return;
    };
    // SAFETY: the kernel gave the pointer.
    unsafe { add(known, passing) };
    if is_first {
        tell_opened(passing);
    }
    // SAFETY: as above.
    unsafe { note_destination(known, passing) };
}

/// Tells where datagrams go, if that is not where the socket asked, or not any more.
///
/// # Safety
///
/// `counters` points into the map.
#[inline(always)]
unsafe fn note_destination(counters: *mut ConversationCounters, passing: &Passing<'_>) {
    if passing.direction != EGRESS {
        return;
    }
    let digest = digest(&passing.remote, passing.remote_port);
    // SAFETY: by the caller. Two datagrams that pass at once both tell, which does no harm.
    let before = unsafe { core::mem::replace(&mut (*counters).sent_to, digest) };
    let is_translated =
        passing.remote_port != passing.addresses.remote_port || passing.remote != passing.addresses.remote;
    if before != digest && (is_translated || before != 0) {
        tell_translated(passing);
    }
}

/// Never 0. Tells apart what a service's backends have different: the last bytes and the port.
#[inline(always)]
fn digest(address: &[u8; 16], port: u16) -> u32 {
    let word = |at: usize| u32::from_ne_bytes([address[at], address[at + 1], address[at + 2], address[at + 3]]);
    let mixed = word(0).rotate_left(7) ^ word(4).rotate_left(14) ^ word(8).rotate_left(21) ^ word(12);
    (mixed ^ u32::from(port).rotate_left(11)) | 1 << 31
}

#[inline(never)]
fn tell_translated(passing: &Passing<'_>) {
    ring::tell(ConversationTranslated {
        header: ring::header(kind::CONVERSATION_TRANSLATED),
        cookie: passing.cookie,
        asked: passing.addresses.remote,
        remote: passing.remote,
        asked_port: passing.addresses.remote_port,
        remote_port: passing.remote_port,
        unused: [0; 12],
    });
}

/// # Safety
///
/// `counters` points into the map.
#[inline(always)]
unsafe fn add(counters: *mut ConversationCounters, passing: &Passing<'_>) {
    let datagrams = datagrams(passing);
    // All headers but the first were taken off.
    let bytes = u64::from(passing.length);
    // SAFETY: by the caller; the fields are aligned.
    unsafe {
        if passing.direction == INGRESS {
            atomic::add(&raw mut (*counters).datagrams_received, datagrams);
            atomic::add(&raw mut (*counters).bytes_received, bytes);
        } else {
            atomic::add(&raw mut (*counters).datagrams_sent, datagrams);
            atomic::add(&raw mut (*counters).bytes_sent, bytes);
        }
        (*counters).last = clock::now();
    }
}

#[inline(always)]
fn tell_opened(passing: &Passing<'_>) {
    let owner_pid = if let Some(socket) = SOCKETS.get_ptr_mut(passing.cookie) {
        // SAFETY: the kernel gave the pointer.
        unsafe {
            (*socket).flags |= socket_flag::CONVERSED;
            (*socket).owner_pid
        }
    } else {
        // Older than the daemon: taken in, so that its first reader or writer is told.
        let mut socket = Socket::new(transport::UDP);
        socket.flags = socket_flag::CONVERSED;
        let _ = SOCKETS.insert(passing.cookie, socket, u64::from(BPF_NOEXIST));
        0
    };
    ring::tell(ConversationOpened {
        header: ring::header(kind::CONVERSATION_OPENED),
        cookie: passing.cookie,
        addresses: passing.addresses,
        owner_pid,
        direction: passing.direction,
        unused: [0; 7],
    });
}

/// Whether the payload begins like a DNS message, or like the first datagram of a QUIC client.
#[inline(always)]
fn plausible(passing: &Passing<'_>) -> Option<()> {
    let mut header = [0_u8; DNS_HEADER];
    if passing.length <= DNS_HEADER as u32 {
        return None;
    }
    let start = passing.packet.offset + HEADER;
    // SAFETY: the helper writes the array.
    let fault = unsafe {
        bpf_skb_load_bytes(passing.packet.skb.cast_const().cast(), start, header.as_mut_ptr().cast(), DNS_HEADER as u32)
    };
    if fault != 0 {
        loss::count(READ_FAULT, 1);
        return None;
    }
    (is_quic_initial(passing.length, &header) || is_dns(passing, &header)).then_some(())
}

/// A long header with a version that can be opened, in a datagram as long as a client must make it (RFC 9000, sections 14.1 and
/// 17.2): 1, 2, and the drafts that had the same form.
#[inline(always)]
fn is_quic_initial(length: u32, header: &[u8; DNS_HEADER]) -> bool {
    let version = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
    let is_known = matches!(version, 1 | 0x6b33_43cf | 0xff00_001b..=0xff00_0022);
    length >= 1200 && header[0] & 0xc0 == 0xc0 && is_known && header[5] <= 20
}

/// An operation there is, reserved bit zero, and counts that a real message
/// has. Random payload passes once in 100,000 times.
#[inline(always)]
fn is_dns(passing: &Passing<'_>, header: &[u8; DNS_HEADER]) -> bool {
    const DNS_PORTS: [u16; 3] = [53, 5353, 5355];
    let operation = header[2] >> 3 & 0xf;
    let questions = u16::from_be_bytes([header[4], header[5]]);
    let (answers, authorities) = (header[6], header[8]);
    if !matches!(operation, 0 | 4 | 5) || answers != 0 || authorities != 0 {
        return false;
    }
    let Addresses { local_port, remote_port, .. } = passing.addresses;
    if questions == 1 {
        return header[3] & 0x40 == 0;
    }
    // Multicast DNS answers without a question.
    questions < 32 && (DNS_PORTS.contains(&local_port) || DNS_PORTS.contains(&remote_port))
}

#[inline(never)]
fn tell(passing: &Passing<'_>) {
    if passing.length <= 512 {
        tell_sized::<512>(passing);
    } else {
        tell_sized::<DATAGRAM_CAPTURE>(passing);
    }
}

#[repr(C)]
struct Sized<const ROOM: usize> {
    datagram: Datagram,
    payload: [u8; ROOM],
}

#[inline(always)]
fn tell_sized<const ROOM: usize>(passing: &Passing<'_>) {
    let Some(mut entry) = ring::reserve_data::<Sized<ROOM>>(passing.length) else { return };
    let captured = if passing.length < ROOM as u32 { passing.length } else { ROOM as u32 };
    let event = entry.as_mut_ptr();
    // SAFETY: the ring gave room for the whole event, and the helper's length is within the array.
    let fault = unsafe {
        (&raw mut (*event).datagram).write(Datagram {
            header: ring::header(kind::DATAGRAM),
            cookie: passing.cookie,
            addresses: passing.addresses,
            length: passing.length,
            captured,
            direction: passing.direction,
            unused: [0; 3],
        });
        bpf_skb_load_bytes(
            passing.packet.skb.cast_const().cast(),
            passing.packet.offset + HEADER,
            (&raw mut (*event).payload).cast(),
            bounds::length(captured, ROOM as u32),
        )
    };
    if fault != 0 {
        ring::discard(entry);
        return;
    }
    ring::submit(entry);
}
