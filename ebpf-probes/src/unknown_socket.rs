//! Segments of sockets that no event had announced: those older than the daemon, and those that do not exist yet.

use aya_ebpf::{
    bindings::{__sk_buff, BPF_NOEXIST, bpf_sock},
    helpers::generated::{bpf_skb_load_bytes, bpf_skc_to_tcp_sock},
};
use goldwire_probe_events::{
    ABSENT, Addresses, LISTENER_CAPTURE, SOCKETS_FULL, Socket, TcpAdopted, TcpCounters, TcpEstablished,
    TcpSegmentAtListener, TcpTranslated, direction::INGRESS, kind, role, socket_flag, transport,
};

use crate::{
    beginning, bounds,
    kernel::{Struct, offset},
    loss,
    maps::SOCKETS,
    packet::{self, Packet},
    ring,
    segment::{self, Segment},
    tcp_counters,
};

const SYN_RECEIVED: u32 = 3;
const LISTEN: u32 = 10;

/// Takes the socket in; not 0 if it is known now and its segment may be told. A segment at a listener belongs to a socket
/// to come, and is told as such.
///
/// Rare, so it is a function of its own, with a stack of its own.
#[inline(never)]
pub fn on_segment(packet: &Packet, segment: &Segment) -> u32 {
    u32::from(take_in(packet, segment).is_some())
}

#[inline(always)]
fn take_in(packet: &Packet, segment: &Segment) -> Option<()> {
    if !ring::is_watching() {
        return None;
    }
    let sock = socket_of(segment.skb)?;
    let mut addresses = packet::NO_ADDRESSES;
    if !packet.read_addresses(segment.direction != INGRESS, &mut addresses) {
        return None;
    }
    // SAFETY: not null, and the verifier knows the type.
    if unsafe { (*sock).state } == LISTEN {
        if segment.direction == INGRESS {
            tell_at_listener(segment, &addresses);
        }
        return None;
    }
    let mut socket = Socket { flags: socket_flag::BEGINNING_TOLD, ..Socket::new(transport::TCP) };
    // SAFETY: as above.
    let is_fast_open = unsafe { (*sock).state } == SYN_RECEIVED;
    if is_fast_open {
        socket.role = role::SERVER;
    }
    if SOCKETS.insert(segment.cookie, socket, u64::from(BPF_NOEXIST)).is_err() {
        loss::count(SOCKETS_FULL, 1);
        return None;
    }
    if is_fast_open {
        answer_early(segment, sock, &addresses);
    } else {
        adopt(segment.cookie, sock, &addresses);
        beginning::tell(segment);
    }
    Some(())
}

/// Tells a segment that a listener gets for a connection to come; 0 where the socket is none. A confined daemon has seen the
/// listener's creation, so that the socket is not unknown.
#[inline(never)]
pub fn tell_if_at_listener(packet: &Packet, segment: &Segment) -> u32 {
    let Some(sock) = socket_of(segment.skb) else { return 0 };
    let mut addresses = packet::NO_ADDRESSES;
    // SAFETY: not null, and the verifier knows the type.
    if unsafe { (*sock).state } != LISTEN || !packet.read_addresses(false, &mut addresses) {
        return 0;
    }
    tell_at_listener(segment, &addresses);
    1
}

/// A server answers what came with the SYN before its connection is established (Fast Open, RFC 7413), so this is its
/// announcement; the one that comes later is the second.
#[inline(never)]
fn answer_early(segment: &Segment, sock: *mut bpf_sock, addresses: &Addresses) {
    // SAFETY: not null, and the verifier knows the type.
    let Some(tcp) = Struct::new(unsafe { bpf_skc_to_tcp_sock(sock.cast()) }.cast()) else { return };
    ring::tell(TcpEstablished {
        header: ring::header(kind::TCP_ESTABLISHED),
        cookie: segment.cookie,
        syn_time: 0,
        addresses: *addresses,
        first_sent: beginning::sent_from(tcp),
        first_received: beginning::first_received(tcp),
        owner_pid: 0,
        role: role::SERVER,
        unused: [0; 7],
    });
}

#[inline(never)]
fn adopt(cookie: u64, sock: *mut bpf_sock, addresses: &Addresses) {
    let Some(mut entry) = ring::reserve::<TcpAdopted>() else { return };
    let event = entry.as_mut_ptr();
    // SAFETY: the ring gave room for the whole event; each field is written.
    unsafe {
        (&raw mut (*event).header).write(ring::header(kind::TCP_ADOPTED));
        (*event).cookie = cookie;
        (*event).addresses = *addresses;
        (*event).unused = 0;
        (*event).counters = counters_of(sock);
    }
    ring::submit(entry);
}

/// Tells where packets go, if that is not where the socket asked.
#[inline(never)]
pub fn compare_address(packet: &Packet, cookie: u64) {
    let _ = compare(packet, cookie);
}

#[inline(always)]
fn compare(packet: &Packet, cookie: u64) -> Option<()> {
    let mut sent_to = packet::NO_ADDRESSES;
    if !packet.read_addresses(true, &mut sent_to) {
        return None;
    }
    let (asked_for, port) = remote_of(packet.skb);
    if sent_to.remote_port == port && sent_to.remote == asked_for {
        return None;
    }
    ring::tell(TcpTranslated {
        header: ring::header(kind::TCP_TRANSLATED),
        cookie,
        remote: sent_to.remote,
        remote_port: sent_to.remote_port,
        unused: [0; 6],
    });
    Some(())
}

/// The remote end that the socket itself knows; zeros where it is not connected.
#[inline(always)]
pub fn remote_of(skb: *mut __sk_buff) -> ([u8; 16], u16) {
    const AF_INET: u32 = 2;
    // All fields are read before one is chosen, and volatile: the verifier refuses an access to the context at an offset that
    // was computed, which the compiler would make of a choice between two.
    // SAFETY: fields of the context.
    let (family, port, ipv4, ipv6) = unsafe {
        (
            (&raw const (*skb).family).read_volatile(),
            (&raw const (*skb).remote_port).read_volatile(),
            (&raw const (*skb).remote_ip4).read_volatile(),
            (&raw const (*skb).remote_ip6).read_volatile(),
        )
    };
    // SAFETY: both are 16 bytes, and any bytes will do.
    let ipv6 = unsafe { core::mem::transmute::<[u32; 4], [u8; 16]>(ipv6) };
    (if family == AF_INET { packet::mapped(ipv4) } else { ipv6 }, u32::from_be(port) as u16)
}

#[inline(always)]
fn socket_of(skb: *mut __sk_buff) -> Option<*mut bpf_sock> {
    // SAFETY: a field of the context.
    let sock = unsafe { (*skb).__bindgen_anon_2.sk };
    (!sock.is_null()).then_some(sock)
}

#[inline(always)]
fn counters_of(sock: *mut bpf_sock) -> TcpCounters {
    if offset!(tcp_bytes_received) == ABSENT {
        return TcpCounters::NONE;
    }
    // SAFETY: not null, and the verifier knows the type.
    let tcp = unsafe { bpf_skc_to_tcp_sock(sock.cast()) };
    Struct::new(tcp.cast()).map_or(TcpCounters::NONE, tcp_counters::read)
}

#[repr(C)]
struct AtListener {
    segment: TcpSegmentAtListener,
    payload: [u8; LISTENER_CAPTURE],
}

#[inline(never)]
fn tell_at_listener(segment: &Segment, addresses: &Addresses) {
    let Some(mut entry) = ring::reserve_data::<AtListener>(segment.length) else { return };
    let event = entry.as_mut_ptr();
    let captured = if segment.length < LISTENER_CAPTURE as u32 { segment.length } else { LISTENER_CAPTURE as u32 };
    let mut wire = segment::wire(segment, captured, false);
    wire.header.kind = kind::TCP_SEGMENT_AT_LISTENER;
    // SAFETY: the ring gave room for the whole event, and the helper's length is within the array.
    let fault = unsafe {
        (&raw mut (*event).segment).write(TcpSegmentAtListener { segment: wire, addresses: *addresses, unused: 0 });
        bpf_skb_load_bytes(
            segment.skb.cast_const().cast(),
            segment.start,
            (&raw mut (*event).payload).cast(),
            bounds::length(captured, LISTENER_CAPTURE as u32),
        )
    };
    if fault != 0 {
        ring::discard(entry);
        return;
    }
    ring::submit(entry);
}
