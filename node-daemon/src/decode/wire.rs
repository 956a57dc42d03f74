//! The probes' bytes, checked, as events.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use goldwire_probe_events as wire;
use goldwire_probe_events::kind;
use zerocopy::{FromBytes, Immutable, KnownLayout};

use super::{
    Addresses, Arguments, BootTime, Comm, Conversation, ConversationOpened, ConversationTranslated, Cookie, Datagram,
    Direction, Event, KernelTime, Owner, Plaintext, PlaintextEnded, PlaintextSession, ProcessExecuted, ProcessExited,
    ProcessForked, Reset, Role, SequenceNumber, SessionNumber, SocketOwned, SocketState, TcpAdopted, TcpBeginning,
    TcpClosed, TcpConnecting, TcpCounters, TcpEstablished, TcpListening, TcpSegment, TcpTranslated,
};

/// When the event of a record happened; the end of time for a record that is too short.
#[must_use]
pub fn time_of(record: &[u8]) -> KernelTime {
    KernelTime(wire::Header::ref_from_prefix(record).map_or(u64::MAX, |(header, _)| header.time))
}

/// The cookie of a UDP socket that was closed, if that is what a record tells. No event is made of it: the receiver ends the
/// socket's conversations.
#[must_use]
pub fn released_socket(record: &[u8]) -> Option<u64> {
    let (event, _) = wire::SocketReleased::ref_from_prefix(record).ok()?;
    (event.header.kind == kind::SOCKET_RELEASED).then_some(event.cookie)
}

/// Reads one record of either ring. `None` for what no probe of this version writes.
#[must_use]
pub fn decode(record: &[u8]) -> Option<Event<'_>> {
    let (header, _) = wire::Header::ref_from_prefix(record).ok()?;
    Some(match header.kind {
        kind::TCP_SEGMENT => Event::TcpSegment(segment(record)?),
        kind::TCP_SEGMENT_AT_LISTENER => Event::TcpSegment(segment_at_listener(record)?),
        kind::TCP_CONNECTING => Event::TcpConnecting(connecting(part(record)?)),
        kind::TCP_ESTABLISHED => Event::TcpEstablished(established(part(record)?)?),
        kind::TCP_TRANSLATED => Event::TcpTranslated(translated(part(record)?)),
        kind::TCP_ADOPTED => Event::TcpAdopted(adopted(part(record)?)),
        kind::TCP_BEGINNING => Event::TcpBeginning(beginning(part(record)?)?),
        kind::TCP_LISTENING => Event::TcpListening(listening(part(record)?)),
        kind::TCP_CLOSED => Event::TcpClosed(closed(part(record)?)?),
        kind::SOCKET_OWNED => Event::SocketOwned(owned(part(record)?)),
        kind::CONVERSATION_TRANSLATED => Event::ConversationTranslated(conversation_translated(part(record)?)),
        kind::CONVERSATION_OPENED => Event::ConversationOpened(conversation_opened(part(record)?)?),
        kind::DATAGRAM => Event::Datagram(datagram(record)?),
        kind::PLAINTEXT_SESSION => Event::PlaintextSession(plaintext_session(part(record)?)),
        kind::PLAINTEXT => Event::Plaintext(plaintext(record)?),
        kind::PLAINTEXT_ENDED => Event::PlaintextEnded(plaintext_ended(part(record)?)),
        kind::PROCESS_FORKED => Event::ProcessForked(forked(part(record)?)),
        kind::PROCESS_EXECUTED => Event::ProcessExecuted(executed(part(record)?)?),
        kind::PROCESS_EXITED => Event::ProcessExited(exited(part(record)?)),
        _ => return None,
    })
}

/// The fixed part at the beginning of a record.
fn part<T: FromBytes + KnownLayout + Immutable>(record: &[u8]) -> Option<&T> {
    T::ref_from_prefix(record).ok().map(|(part, _)| part)
}

fn segment(record: &[u8]) -> Option<TcpSegment<'_>> {
    let (head, rest) = wire::TcpSegment::ref_from_prefix(record).ok()?;
    let prefix = rest.get(..head.captured as usize)?;
    // The tail may repeat the end of the prefix; only what the prefix lacks is handed on.
    let not_captured = head.length.checked_sub(head.skipped)?.checked_sub(head.captured)? as usize;
    let kept = not_captured.min(usize::from(head.tail_length));
    let tail = rest.get(rest.len().checked_sub(kept)?..)?;
    segment_with(head, prefix, tail, None)
}

fn segment_at_listener(record: &[u8]) -> Option<TcpSegment<'_>> {
    let (head, rest) = wire::TcpSegmentAtListener::ref_from_prefix(record).ok()?;
    let prefix = rest.get(..head.segment.captured as usize)?;
    segment_with(&head.segment, prefix, &[], Some(addresses(&head.addresses)))
}

fn segment_with<'a>(
    head: &wire::TcpSegment,
    prefix: &'a [u8],
    tail: &'a [u8],
    at_listener: Option<Addresses>,
) -> Option<TcpSegment<'a>> {
    Some(TcpSegment {
        time: KernelTime(head.header.time),
        cookie: Cookie(head.cookie),
        direction: direction(head.direction)?,
        sequence: SequenceNumber(head.sequence),
        length: head.length,
        skipped: head.skipped,
        prefix,
        tail,
        tcp_flags: head.tcp_flags,
        at_listener,
    })
}

fn connecting(event: &wire::TcpConnecting) -> TcpConnecting {
    TcpConnecting {
        time: KernelTime(event.header.time),
        cookie: Cookie(event.cookie),
        addresses: addresses(&event.addresses),
        owner: owner(&event.owner),
    }
}

fn established(event: &wire::TcpEstablished) -> Option<TcpEstablished> {
    let role = role(event.role)?;
    let latency = Duration::from_nanos(event.header.time.saturating_sub(event.syn_time));
    Some(TcpEstablished {
        time: KernelTime(event.header.time),
        cookie: Cookie(event.cookie),
        addresses: addresses(&event.addresses),
        role,
        connect_latency: (role == Role::Client && event.syn_time != 0).then_some(latency),
        first_sent: SequenceNumber(event.first_sent),
        first_received: SequenceNumber(event.first_received),
        owner_pid: present(event.owner_pid),
    })
}

fn translated(event: &wire::TcpTranslated) -> TcpTranslated {
    TcpTranslated {
        time: KernelTime(event.header.time),
        cookie: Cookie(event.cookie),
        remote: socket_address(event.remote, event.remote_port),
    }
}

fn adopted(event: &wire::TcpAdopted) -> TcpAdopted {
    TcpAdopted {
        time: KernelTime(event.header.time),
        cookie: Cookie(event.cookie),
        addresses: addresses(&event.addresses),
        role: Role::Unknown,
        base: counters(&event.counters),
        owner_pid: None,
    }
}

fn beginning(event: &wire::TcpBeginning) -> Option<TcpBeginning> {
    Some(TcpBeginning {
        time: KernelTime(event.header.time),
        cookie: Cookie(event.cookie),
        role: role(event.role)?,
        sent_from: SequenceNumber(event.sent_from),
        first_received: SequenceNumber(event.first_received),
    })
}

fn listening(event: &wire::TcpListening) -> TcpListening {
    TcpListening {
        time: KernelTime(event.header.time),
        cookie: Cookie(event.cookie),
        local: socket_address(event.local, event.local_port),
        owner_pid: present(event.owner_pid),
    }
}

fn closed(event: &wire::TcpClosed) -> Option<TcpClosed> {
    let from = SocketState::from_number(event.from)?;
    let errno = i32::try_from(event.errno).ok().filter(|errno| *errno != 0);
    Some(TcpClosed {
        time: KernelTime(event.header.time),
        cookie: Cookie(event.cookie),
        addresses: addresses(&event.addresses),
        role: role(event.role)?,
        from,
        errno,
        reset: reset(event.flags, from, errno),
        is_orphan: event.flags & wire::ORPHANED != 0,
        counters: counters(&event.counters),
        tcp_flags: event.tcp_flags,
        owner_pid: present(event.owner_pid),
    })
}

/// A process that closes a connection with unread data, or wants no lingering, makes the kernel send the reset after the
/// socket has left its state: such a leap from an open state without an error is a local reset too.
fn reset(flags: u8, from: SocketState, errno: Option<i32>) -> Option<Reset> {
    let is_open = matches!(from, SocketState::Established | SocketState::CloseWait);
    if flags & wire::socket_flag::RESET_RECEIVED != 0 {
        Some(Reset::Remote)
    } else if flags & wire::socket_flag::RESET_SENT != 0 || (is_open && errno.is_none()) {
        Some(Reset::Local)
    } else {
        None
    }
}

fn owned(event: &wire::SocketOwned) -> SocketOwned {
    SocketOwned { time: KernelTime(event.header.time), cookie: Cookie(event.cookie), owner: owner(&event.owner) }
}

fn conversation_translated(event: &wire::ConversationTranslated) -> ConversationTranslated {
    let asked = socket_address(event.asked, event.asked_port);
    ConversationTranslated {
        time: KernelTime(event.header.time),
        conversation: Conversation { cookie: Cookie(event.cookie), remote: asked },
        remote: socket_address(event.remote, event.remote_port),
        local: None,
    }
}

fn conversation_opened(event: &wire::ConversationOpened) -> Option<ConversationOpened> {
    let Addresses { local, remote } = addresses(&event.addresses);
    Some(ConversationOpened {
        time: KernelTime(event.header.time),
        conversation: Conversation { cookie: Cookie(event.cookie), remote },
        first: direction(event.direction)?,
        local,
        owner_pid: present(event.owner_pid),
    })
}

fn datagram(record: &[u8]) -> Option<Datagram<'_>> {
    let (head, rest) = wire::Datagram::ref_from_prefix(record).ok()?;
    let Addresses { local, remote } = addresses(&head.addresses);
    Some(Datagram {
        time: KernelTime(head.header.time),
        conversation: Conversation { cookie: Cookie(head.cookie), remote },
        local,
        direction: direction(head.direction)?,
        length: head.length,
        payload: rest.get(..head.captured as usize)?,
    })
}

fn plaintext_session(event: &wire::PlaintextSession) -> PlaintextSession<'_> {
    let names_socket = event.names_socket != 0;
    PlaintextSession {
        time: KernelTime(event.header.time),
        session: SessionNumber(event.number),
        pid: event.pid,
        object: event.object,
        watched_since: KernelTime(event.attached),
        memory: if names_socket { [&[], &[]] } else { [&event.copy, &event.part] },
        names_socket,
    }
}

fn plaintext(record: &[u8]) -> Option<Plaintext<'_>> {
    let (head, rest) = wire::Plaintext::ref_from_prefix(record).ok()?;
    let cookie = |cookie: u64| (cookie != 0).then_some(Cookie(cookie));
    let not_captured = head.length.checked_sub(head.captured)? as usize;
    let kept = not_captured.min(usize::from(head.tail_length));
    Some(Plaintext {
        time: KernelTime(head.header.time),
        began: KernelTime(head.began),
        session: SessionNumber(head.number),
        pid: head.pid,
        cookie: cookie(head.cookie),
        received_from: cookie(head.received_from),
        direction: direction(head.direction)?,
        offset: head.offset,
        awaits: (head.awaits != 0).then_some(KernelTime(head.awaits)),
        length: head.length,
        prefix: rest.get(..head.captured as usize)?,
        tail: rest.get(rest.len().checked_sub(kept)?..)?,
    })
}

fn plaintext_ended(event: &wire::PlaintextEnded) -> PlaintextEnded {
    let [received, sent] = event.passed;
    PlaintextEnded { time: KernelTime(event.header.time), session: SessionNumber(event.number), received, sent }
}

fn forked(event: &wire::ProcessForked) -> ProcessForked {
    let Owner { pid, comm, cgroup } = owner(&event.process);
    ProcessForked { time: KernelTime(event.header.time), pid, parent: event.parent, comm, cgroup }
}

fn executed(event: &wire::ProcessExecuted) -> Option<ProcessExecuted<'_>> {
    let Owner { pid, comm, cgroup } = owner(&event.process);
    Some(ProcessExecuted {
        time: KernelTime(event.header.time),
        pid,
        parent: event.parent,
        comm,
        cgroup,
        cgroup_name: text(&event.cgroup_name),
        executable: text(&event.executable),
        started: boot_time(event.started),
        user: user(event.user),
        arguments: Arguments {
            bytes: &event.arguments[..event.arguments.len().min(event.arguments_length as usize)],
            is_cut: event.arguments_length as usize > event.arguments.len(),
        },
    })
}

fn exited(event: &wire::ProcessExited) -> ProcessExited {
    ProcessExited {
        time: KernelTime(event.header.time),
        pid: event.pid,
        status: event.status.cast_signed(),
        started: boot_time(event.started),
        user: user(event.user),
    }
}

fn boot_time(nanoseconds: u64) -> Option<BootTime> {
    (nanoseconds != 0).then_some(BootTime(nanoseconds))
}

fn user(id: u32) -> Option<u32> {
    (id != wire::NO_USER).then_some(id)
}

fn owner(process: &wire::Process) -> Owner {
    Owner { pid: process.pid, comm: Comm(process.comm), cgroup: process.cgroup }
}

fn counters(counters: &wire::TcpCounters) -> TcpCounters {
    let microseconds = |value: u32| Duration::from_micros(u64::from(value));
    TcpCounters {
        bytes_sent: counters.bytes_sent.saturating_sub(counters.bytes_retransmitted),
        bytes_received: counters.bytes_received,
        bytes_acked: counters.bytes_acked,
        segments_sent: counters.segments_sent,
        segments_received: counters.segments_received,
        data_segments_sent: counters.data_segments_sent,
        data_segments_received: counters.data_segments_received,
        retransmits: counters.retransmits,
        rtt: (counters.srtt_us_by_8 != 0).then(|| microseconds(counters.srtt_us_by_8 >> 3)),
        rtt_min: (counters.rtt_min_us != u32::MAX && counters.rtt_min_us != 0)
            .then(|| microseconds(counters.rtt_min_us)),
    }
}

fn addresses(addresses: &wire::Addresses) -> Addresses {
    Addresses {
        local: socket_address(addresses.local, addresses.local_port),
        remote: socket_address(addresses.remote, addresses.remote_port),
    }
}

/// An address of the border; IPv4-mapped is IPv4.
#[must_use]
pub fn socket_address(bytes: [u8; 16], port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical(), port)
}

const fn direction(number: u8) -> Option<Direction> {
    match number {
        wire::direction::INGRESS => Some(Direction::Ingress),
        wire::direction::EGRESS => Some(Direction::Egress),
        _ => None,
    }
}

const fn role(number: u8) -> Option<Role> {
    match number {
        wire::role::UNKNOWN => Some(Role::Unknown),
        wire::role::CLIENT => Some(Role::Client),
        wire::role::SERVER => Some(Role::Server),
        _ => None,
    }
}

fn present(pid: u32) -> Option<u32> {
    (pid != 0).then_some(pid)
}

/// Text up to its NUL; bytes that are no UTF-8 end it.
fn text(bytes: &[u8]) -> &str {
    let text = &bytes[..bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len())];
    match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or_default(),
    }
}
