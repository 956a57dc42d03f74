//! The kernel's own list of sockets with their counters (`NETLINK_SOCK_DIAG`), for the network namespace of the thread.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::netlink::{MessageHeader, Netlink, attribute, error};
use crate::decode::{Addresses, Cookie, Role, TcpCounters};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// The older request for TCP: it lists both families in one walk over the kernel's table, which is most of the cost.
const TCPDIAG_GETSOCK: u16 = 18;
const INET_DIAG_INFO: u8 = 2;
/// All states but `TIME_WAIT` and `CLOSE`, which hold no socket that could move.
const TCP_STATES: u32 = 0b1111_0011_1110;
const ALL_STATES: u32 = u32::MAX;
const ESTABLISHED: u8 = 1;
const CLOSE_WAIT: u8 = 8;
const LAST_ACK: u8 = 9;
const LISTEN: u8 = 10;
const CLOSING: u8 = 11;
/// Room for one answer of the kernel, which sends at most 32 KiB at once.
const ROOM: usize = 64 << 10;

/// A socket of the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListedSocket {
    pub(super) cookie: Cookie,
    pub(super) addresses: Addresses,
    pub(super) is_listening: bool,
    /// Who opened the connection, where the kernel's counters tell.
    pub(super) role: Role,
    /// 0 where no file holds it any more.
    pub(super) inode: u32,
    /// All zero for UDP.
    pub(super) counters: TcpCounters,
}

/// `struct nlmsghdr` and `struct inet_diag_req`.
#[repr(C)]
#[derive(IntoBytes, Immutable)]
struct TcpRequest {
    length: u32,
    kind: u16,
    flags: u16,
    sequence: u32,
    port: u32,
    family: u8,
    source_prefix: u8,
    destination_prefix: u8,
    extensions: u8,
    id: [u8; 48],
    states: u32,
    unused: u32,
}

/// `struct nlmsghdr` and `struct inet_diag_req_v2`.
#[repr(C)]
#[derive(IntoBytes, Immutable)]
struct Request {
    length: u32,
    kind: u16,
    flags: u16,
    sequence: u32,
    port: u32,
    family: u8,
    protocol: u8,
    extensions: u8,
    unused: u8,
    states: u32,
    id: [u8; 48],
}

/// `struct inet_diag_msg`
#[repr(C)]
#[derive(FromBytes, Immutable, KnownLayout, Clone, Copy)]
struct Message {
    family: u8,
    state: u8,
    timer: u8,
    retransmits: u8,
    source_port: [u8; 2],
    destination_port: [u8; 2],
    source: [u8; 16],
    destination: [u8; 16],
    device: u32,
    cookie: [u32; 2],
    expires: u32,
    receive_queue: u32,
    send_queue: u32,
    user: u32,
    inode: u32,
}

/// Every TCP socket of the thread's namespace.
pub(super) fn tcp_sockets(visit: &mut impl FnMut(ListedSocket)) -> io::Result<()> {
    let request = TcpRequest {
        length: u32::try_from(size_of::<TcpRequest>()).map_err(io::Error::other)?,
        kind: TCPDIAG_GETSOCK,
        flags: dump_flags()?,
        sequence: 1,
        port: 0,
        family: 0,
        source_prefix: 0,
        destination_prefix: 0,
        extensions: 1 << (INET_DIAG_INFO - 1),
        id: [0; 48],
        states: TCP_STATES,
        unused: 0,
    };
    list(request.as_bytes(), visit)
}

/// Every UDP socket of the thread's namespace.
pub(super) fn udp_sockets(visit: &mut impl FnMut(ListedSocket)) -> io::Result<()> {
    for family in [libc::AF_INET, libc::AF_INET6] {
        let request = Request {
            length: u32::try_from(size_of::<Request>()).map_err(io::Error::other)?,
            kind: SOCK_DIAG_BY_FAMILY,
            flags: dump_flags()?,
            sequence: 1,
            port: 0,
            family: u8::try_from(family).map_err(io::Error::other)?,
            protocol: u8::try_from(libc::IPPROTO_UDP).map_err(io::Error::other)?,
            extensions: 0,
            unused: 0,
            states: ALL_STATES,
            id: [0; 48],
        };
        list(request.as_bytes(), visit)?;
    }
    Ok(())
}

fn dump_flags() -> io::Result<u16> {
    u16::try_from(libc::NLM_F_REQUEST | libc::NLM_F_DUMP).map_err(io::Error::other)
}

fn list(request: &[u8], visit: &mut impl FnMut(ListedSocket)) -> io::Result<()> {
    let socket = Netlink::open(libc::NETLINK_SOCK_DIAG)?;
    socket.send(request)?;
    let mut room = vec![0_u8; ROOM];
    loop {
        let length = socket.receive(&mut room)?;
        if read_messages(&room[..length], visit)? {
            return Ok(());
        }
    }
}

/// Whether the list ended in here.
fn read_messages(mut rest: &[u8], visit: &mut impl FnMut(ListedSocket)) -> io::Result<bool> {
    while let Ok((header, _)) = MessageHeader::read_from_prefix(rest) {
        let length = header.length as usize;
        let body =
            rest.get(size_of::<MessageHeader>()..length).ok_or_else(|| io::Error::other("a message cut short"))?;
        match i32::from(header.kind) {
            libc::NLMSG_DONE => return Ok(true),
            libc::NLMSG_ERROR => return Err(error(body)),
            _ => {
                if let Some(socket) = read_socket(body) {
                    visit(socket);
                }
            }
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(false)
}

fn read_socket(body: &[u8]) -> Option<ListedSocket> {
    let (message, attributes) = Message::read_from_prefix(body).ok()?;
    let information = attribute(attributes, u16::from(INET_DIAG_INFO));
    Some(ListedSocket {
        cookie: Cookie(u64::from(message.cookie[1]) << 32 | u64::from(message.cookie[0])),
        addresses: Addresses {
            local: address(message.family, message.source, message.source_port),
            remote: address(message.family, message.destination, message.destination_port),
        },
        is_listening: message.state == LISTEN,
        inode: message.inode,
        role: information.map_or(Role::Unknown, |information| role(information, message.state)),
        counters: information.map(|information| read_counters(information, message.state)).unwrap_or_default(),
    })
}

fn address(family: u8, bytes: [u8; 16], port: [u8; 2]) -> SocketAddr {
    let ip = if i32::from(family) == libc::AF_INET {
        IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))
    } else {
        IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
    };
    SocketAddr::new(ip, u16::from_be_bytes(port))
}

/// From `struct tcp_info`, which only ever grows: a field that this kernel lacks is 0.
fn read_counters(bytes: &[u8], state: u8) -> TcpCounters {
    // The kernel counts the other side's FIN as a received byte.
    let has_ended = matches!(state, CLOSE_WAIT | LAST_ACK | CLOSING);
    let (word, long) = (|at| word(bytes, at).unwrap_or(0), |at| long(bytes, at).unwrap_or(0));
    let microseconds = |value: u32| Duration::from_micros(u64::from(value));
    let (rtt, rtt_min) = (word(68), word(148));
    TcpCounters {
        bytes_sent: long(200).saturating_sub(long(208)),
        bytes_received: long(128).saturating_sub(u64::from(has_ended)),
        bytes_acked: long(120),
        segments_sent: word(136),
        segments_received: word(140),
        data_segments_sent: word(156),
        data_segments_received: word(152),
        retransmits: word(100),
        rtt: (rtt != 0).then(|| microseconds(rtt)),
        rtt_min: (rtt_min != 0 && rtt_min != u32::MAX).then(|| microseconds(rtt_min)),
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::read_from_prefix(bytes.get(at..)?).ok()?.0)
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::read_from_prefix(bytes.get(at..)?).ok()?.0)
}

/// A client's SYN is among what was acknowledged, beside the payload; a server has sent none that counts. Told only where
/// nothing is under way, and where no FIN may be among it.
fn role(bytes: &[u8], state: u8) -> Role {
    let acknowledged = || {
        let (under_way, not_sent) = (word(bytes, 24)?, word(bytes, 144)?);
        let payload = long(bytes, 200)?.checked_sub(long(bytes, 208)?)?;
        (under_way == 0 && not_sent == 0).then_some(long(bytes, 120)?.wrapping_sub(payload))
    };
    match acknowledged().filter(|_| matches!(state, ESTABLISHED | CLOSE_WAIT)) {
        Some(0) => Role::Server,
        Some(1) => Role::Client,
        _ => Role::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        net::{TcpListener, TcpStream, UdpSocket},
    };

    use super::*;

    #[test]
    fn lists_a_listener_and_both_ends_of_a_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(server).unwrap();
        let (_accepted, _) = listener.accept().unwrap();
        client.write_all(&[7; 1234]).unwrap();
        let mut found = Vec::new();
        tcp_sockets(&mut |socket| found.push(socket)).unwrap();

        assert!(found.iter().any(|socket| socket.is_listening && socket.addresses.local == server));
        let ours = client.local_addr().unwrap();
        let socket = found.iter().find(|socket| socket.addresses.local == ours).unwrap();
        assert_eq!(socket.addresses.remote, server);
        assert_eq!(socket.counters.bytes_sent, 1234);
        assert_ne!(socket.cookie.0, 0);
        assert_ne!(socket.inode, 0);
    }

    #[test]
    fn lists_both_families_at_once() {
        let listeners = ["127.0.0.1:0", "[::1]:0"].map(|address| TcpListener::bind(address).unwrap());
        let mut found = Vec::new();
        tcp_sockets(&mut |socket| found.push(socket.addresses.local)).unwrap();
        assert!(listeners.iter().all(|listener| found.contains(&listener.local_addr().unwrap())));
    }

    #[test]
    fn lists_udp() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut found = false;
        udp_sockets(&mut |listed| found |= listed.addresses.local == socket.local_addr().unwrap()).unwrap();
        assert!(found);
    }

    #[test]
    fn a_short_message_is_refused() {
        let mut bytes = [0_u8; 32];
        bytes[0] = 200;
        assert!(read_messages(&bytes, &mut |_| ()).is_err());
    }
}
