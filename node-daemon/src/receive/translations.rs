//! Where datagrams go behind the network namespace of their socket: what connection tracking on this node translated.
//!
//! A probe sees a datagram as its socket sends it. Where another namespace of this node passes it on, as a container's host does,
//! its connection tracking knows both ends' addresses on the far side. It is asked about each conversation once, when it begins,
//! by `nfnetlink` (`include/uapi/linux/netfilter/nfnetlink_conntrack.h`). Runs in a thread of its own, since it enters other
//! network namespaces.

use std::{
    collections::HashMap,
    fs, io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use zerocopy::{FromBytes, IntoBytes};

use super::{
    OpenError,
    namespace::{Home, Namespaces},
    netlink::{MessageHeader, Netlink, attribute, error},
    socket_sweep::now,
};
use crate::{
    decode::{Addresses, Conversation, ConversationOpened, ConversationTranslated, Direction},
    privileges::{self, Role},
};

/// Conversations that wait to be asked about, and answers that wait to be told. Beyond it none is asked: both ends' reports of
/// such a conversation stay apart.
const QUEUE: usize = 1_024;
/// Namespaces that are asked.
const MOST_NAMESPACES: usize = 64;
/// How often it is looked which namespaces track connections.
const LOOK: Duration = Duration::from_secs(2);
/// The kernel answers at once, or not at all.
const PATIENCE_MS: i64 = 100;
/// DNS is joined by what is asked, and its conversations are many.
const DNS: u16 = 53;

const CONNTRACK_GET: u16 = 1 << 8 | 1;
const CTA_TUPLE_ORIG: u16 = 1;
const CTA_TUPLE_REPLY: u16 = 2;
const CTA_TUPLE_IP: u16 = 1;
const CTA_TUPLE_PROTO: u16 = 2;
const CTA_IP_V4_SRC: u16 = 1;
const CTA_IP_V6_SRC: u16 = 3;
const CTA_PROTO_NUM: u16 = 1;
const CTA_PROTO_SRC_PORT: u16 = 2;
const CTA_PROTO_DST_PORT: u16 = 3;
const NESTED: u16 = 1 << 15;

#[derive(Clone, Copy)]
struct Wanted {
    conversation: Conversation,
    local: SocketAddr,
}

/// The thread that asks. Dropping this ends it.
pub(super) struct Translations {
    /// Some namespace tracks connections.
    is_tracked: Arc<AtomicBool>,
    found: Receiver<ConversationTranslated>,
    running: Option<(SyncSender<Wanted>, thread::JoinHandle<()>)>,
}

impl Translations {
    pub(super) fn start() -> Result<Self, OpenError> {
        let (wanted, ask) = sync_channel(QUEUE);
        let (tell, found) = sync_channel(QUEUE);
        let is_tracked = Arc::new(AtomicBool::new(false));
        let mut trackers = Trackers { is_tracked: Arc::clone(&is_tracked), ..Trackers::default() };
        let thread = thread::Builder::new().name("goldwire-transl".into());
        let thread = thread.spawn(move || trackers.run(&ask, &tell)).map_err(OpenError::Thread)?;
        Ok(Self { is_tracked, found, running: Some((wanted, thread)) })
    }

    /// Whether anything on this node may translate.
    pub(super) fn is_tracked(&self) -> bool {
        self.is_tracked.load(Ordering::Relaxed)
    }

    /// Has connection tracking asked about a conversation that this node's end began.
    pub(super) fn opened(&self, opened: &ConversationOpened) {
        let ConversationOpened { conversation, first, local, .. } = *opened;
        let may_be_translated = first == Direction::Egress && conversation.remote.port() != DNS;
        if let Some((queue, _)) = self.running.as_ref().filter(|_| may_be_translated && self.is_tracked()) {
            let _ = queue.try_send(Wanted { conversation, local });
        }
    }

    /// What was found since the last call.
    pub(super) fn found(&self) -> impl Iterator<Item = ConversationTranslated> {
        self.found.try_iter()
    }
}

impl Drop for Translations {
    fn drop(&mut self) {
        if let Some((queue, thread)) = self.running.take() {
            drop(queue);
            let _ = thread.join();
        }
    }
}

/// A socket in each namespace that tracks connections, by the namespace's inode.
#[derive(Default)]
struct Trackers {
    is_tracked: Arc<AtomicBool>,
    namespaces: Namespaces,
    sockets: HashMap<u32, Netlink>,
}

impl Trackers {
    fn run(&mut self, ask: &Receiver<Wanted>, tell: &SyncSender<ConversationTranslated>) {
        privileges::confine_or_warn(Role::Sockets);
        self.look();
        let mut looked = Instant::now();
        loop {
            let wanted = match ask.recv_timeout(LOOK.saturating_sub(looked.elapsed())) {
                Ok(wanted) => Some(wanted),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if looked.elapsed() >= LOOK {
                self.look();
                looked = Instant::now();
            }
            if let Some(translated) = wanted.and_then(|wanted| self.translated(&wanted)) {
                let _ = tell.try_send(translated);
            }
        }
    }

    /// Which namespaces track connections now. A socket holds its namespace, so none is kept longer than its processes.
    fn look(&mut self) {
        let Some(home) = Home::of_thread() else { return };
        let all = self.namespaces.look();
        self.sockets.retain(|inode, _| all.contains(inode));
        for inode in all {
            if self.namespaces.enter(inode) {
                self.look_here(inode);
            }
        }
        home.enter();
        self.is_tracked.store(!self.sockets.is_empty(), Ordering::Relaxed);
    }

    fn look_here(&mut self, inode: u32) {
        if !tracks_connections() {
            self.sockets.remove(&inode);
        } else if !self.sockets.contains_key(&inode) && self.sockets.len() < MOST_NAMESPACES {
            match open() {
                Ok(socket) => {
                    self.sockets.insert(inode, socket);
                }
                Err(error) => tracing::debug!(%error, "failed to reach connection tracking"),
            }
        }
    }

    /// Where two networks have the same addresses and say different things, nothing is known.
    fn translated(&self, wanted: &Wanted) -> Option<ConversationTranslated> {
        let Wanted { conversation, local } = *wanted;
        let asked = Addresses { local, remote: conversation.remote };
        let answers = self.sockets.values().filter_map(|socket| far_side(socket, asked).ok().flatten());
        let mut translated = answers.filter(|far| *far != asked);
        let far = translated.next()?;
        translated.all(|other| other == far).then(|| ConversationTranslated {
            time: now(),
            conversation,
            remote: far.remote,
            local: Some(far.local),
        })
    }
}

/// Whether the thread's namespace has tracked connections.
fn tracks_connections() -> bool {
    let count = fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_count");
    count.is_ok_and(|count| count.trim() != "0")
}

fn open() -> io::Result<Netlink> {
    let socket = Netlink::open(libc::NETLINK_NETFILTER)?;
    socket.wait_at_most(PATIENCE_MS)?;
    Ok(socket)
}

/// The addresses that the other end sees, of what this end sends with the given ones. `None` where it is not tracked.
fn far_side(socket: &Netlink, near: Addresses) -> io::Result<Option<Addresses>> {
    socket.send(&request(near))?;
    let mut room = [0_u8; 4 << 10];
    let length = socket.receive(&mut room)?;
    let (header, _) =
        MessageHeader::read_from_prefix(&room[..length]).map_err(|_| io::Error::other("a message cut short"))?;
    let body = &room[size_of::<MessageHeader>()..length];
    if i32::from(header.kind) != libc::NLMSG_ERROR {
        return Ok(read_far_side(body, near));
    }
    let error = error(body);
    if error.raw_os_error() == Some(libc::ENOENT) { Ok(None) } else { Err(error) }
}

fn request(near: Addresses) -> Vec<u8> {
    let (source, destination) = (near.local.ip(), near.remote.ip());
    let kind = if source.is_ipv4() { CTA_IP_V4_SRC } else { CTA_IP_V6_SRC };
    let ends = nested(CTA_TUPLE_IP, &[plain(kind, &octets(source)), plain(kind + 1, &octets(destination))]);
    let ports = nested(
        CTA_TUPLE_PROTO,
        &[
            plain(CTA_PROTO_NUM, &[libc::IPPROTO_UDP as u8]),
            plain(CTA_PROTO_SRC_PORT, &near.local.port().to_be_bytes()),
            plain(CTA_PROTO_DST_PORT, &near.remote.port().to_be_bytes()),
        ],
    );
    let tuple = nested(CTA_TUPLE_ORIG, &[ends, ports]);
    let family = if source.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    // `struct nfgenmsg`: the family, a version and a resource, both 0.
    let general = [family as u8, 0, 0, 0];
    let length = size_of::<MessageHeader>() + general.len() + tuple.len();
    let flags = libc::NLM_F_REQUEST as u16;
    let header = MessageHeader { length: length as u32, kind: CONNTRACK_GET, flags, sequence: 1, port: 0 };
    [header.as_bytes(), &general, &tuple].concat()
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn plain(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = 4 + body.len();
    let mut bytes = [&(length as u16).to_ne_bytes(), &kind.to_ne_bytes(), body].concat();
    bytes.resize(length.next_multiple_of(4), 0);
    bytes
}

fn nested(kind: u16, parts: &[Vec<u8>]) -> Vec<u8> {
    plain(kind | NESTED, &parts.concat())
}

/// The answer is about what was asked only in the direction in which it was asked.
fn read_far_side(body: &[u8], near: Addresses) -> Option<Addresses> {
    let attributes = body.get(4..)?;
    let asked = read_tuple(attribute(attributes, CTA_TUPLE_ORIG)?)?;
    let answer = read_tuple(attribute(attributes, CTA_TUPLE_REPLY)?)?;
    (asked == near).then_some(Addresses { local: answer.remote, remote: answer.local })
}

fn read_tuple(tuple: &[u8]) -> Option<Addresses> {
    let (ends, ports) = (attribute(tuple, CTA_TUPLE_IP)?, attribute(tuple, CTA_TUPLE_PROTO)?);
    let address = |offset: u16| {
        let of_four = attribute(ends, CTA_IP_V4_SRC + offset).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        let of_six = || attribute(ends, CTA_IP_V6_SRC + offset).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        of_four.map(IpAddr::from).or_else(|| of_six().map(IpAddr::from))
    };
    let port = |kind| Some(u16::from_be_bytes(attribute(ports, kind)?.try_into().ok()?));
    Some(Addresses {
        local: SocketAddr::new(address(0)?, port(CTA_PROTO_SRC_PORT)?),
        remote: SocketAddr::new(address(1)?, port(CTA_PROTO_DST_PORT)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(local: &str, remote: &str) -> Addresses {
        Addresses { local: local.parse().unwrap(), remote: remote.parse().unwrap() }
    }

    fn answer(asked: Addresses, reply: Addresses) -> Vec<u8> {
        let tuple = |addresses| {
            let request = request(addresses);
            request[size_of::<MessageHeader>() + 8..].to_vec()
        };
        let parts = [(CTA_TUPLE_ORIG, asked), (CTA_TUPLE_REPLY, reply)];
        let attributes = parts.map(|(kind, addresses)| plain(kind | NESTED, &tuple(addresses)));
        [vec![0; 4], attributes.concat()].concat()
    }

    #[test]
    fn an_answer_tells_what_the_other_end_sees() {
        for (near, far) in [
            (("10.0.1.1:5000", "10.96.0.1:514"), ("10.9.9.9:61000", "10.0.2.2:1514")),
            (("[fd01::1]:5000", "[fd96::1]:514"), ("[fd09::9]:61000", "[fd02::2]:1514")),
        ] {
            let (near, far) = (addresses(near.0, near.1), addresses(far.0, far.1));
            let reply = Addresses { local: far.remote, remote: far.local };
            let body = answer(near, reply);
            assert_eq!(read_far_side(&body, near), Some(far));
            assert_eq!(read_far_side(&body, reply), None, "it is about the other direction");
            for length in 0..body.len() {
                let _ = read_far_side(&body[..length], near);
            }
        }
    }

    #[test]
    fn this_kernel_knows_nothing_of_what_nobody_sent() {
        let socket = open().unwrap();
        let near = addresses("192.0.2.1:1", "192.0.2.2:2");
        match far_side(&socket, near) {
            Ok(found) => assert_eq!(found, None),
            Err(error) => panic!("{error}"),
        }
    }
}
