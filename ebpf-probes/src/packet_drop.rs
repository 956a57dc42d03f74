//! Dropped packets, counted by flow, reason and place.

use aya_ebpf::{bindings::BPF_NOEXIST, macros::btf_tracepoint, programs::BtfTracePointContext};
use goldwire_probe_events::{DROPS_FULL, DropCounters, DropKey, READ_FAULT};

use crate::{
    atomic, clock,
    kernel::{self, Struct, offset},
    loss,
    maps::{DROPS, REPORTED_REASONS, SOCKETS},
    packet, ring, scope,
};

const ETH_P_IP: u16 = 0x0800;
const ETH_P_IPV6: u16 = 0x86dd;

/// What the IP header says of a packet.
struct Ip {
    source: [u8; 16],
    destination: [u8; 16],
    protocol: u8,
    /// Address of the transport header; 0 in fragments other than the first.
    transport: u64,
    length: u64,
}

/// hook: tp_btf/kfree_skb
/// needs: BTF, the reason as third argument
/// since: 5.17
#[btf_tracepoint(function = "kfree_skb")]
pub fn packet_dropped(ctx: BtfTracePointContext) -> i32 {
    on_drop(&ctx);
    0
}

#[inline(always)]
fn on_drop(ctx: &BtfTracePointContext) -> Option<()> {
    let reason: u32 = ctx.arg(2);
    // SAFETY: the kernel gave the pointer.
    if unsafe { *REPORTED_REASONS.get_ptr(reason)? } == 0 {
        return None;
    }
    let skb = Struct::new(ctx.arg(0))?;
    let namespace = namespace_of(skb);
    if !is_wanted(skb, namespace) {
        return None;
    }
    let Some(ip) = read_ip(skb) else {
        loss::count(READ_FAULT, 1);
        return None;
    };
    let (source_port, destination_port) = ports(&ip);
    let key = DropKey {
        location: ctx.arg(1),
        source: ip.source,
        destination: ip.destination,
        source_port,
        destination_port,
        reason: reason as u16,
        protocol: ip.protocol,
        unused: 0,
        network_namespace: namespace,
        unused2: 0,
    };
    count(&key, ip.length);
    ring::note_drop();
    Some(())
}

#[inline(always)]
fn count(key: &DropKey, bytes: u64) {
    if let Some(known) = DROPS.get_ptr_mut(key) {
        // SAFETY: the kernel gave the pointer; the fields are aligned.
        unsafe {
            atomic::add(&raw mut (*known).count, 1);
            atomic::add(&raw mut (*known).bytes, bytes);
            (*known).last = clock::now();
        }
        return;
    }
    let first = DropCounters { count: 1, bytes, last: clock::now() };
    if DROPS.insert(key, first, u64::from(BPF_NOEXIST)).is_err() {
        loss::count(DROPS_FULL, 1);
    }
}

/// Confined, only packets of known sockets and of the daemon's own network namespace are ours.
#[inline(always)]
fn is_wanted(skb: Struct, namespace: u32) -> bool {
    if !scope::is_confined() || (namespace != 0 && namespace == scope::own_network_namespace()) {
        return true;
    }
    let Some(sock) = skb.follow(offset!(skb_socket)) else { return false };
    SOCKETS.get_ptr(sock.field::<u64>(offset!(sock_cookie))).is_some()
}

/// Of the device, else of the socket.
#[inline(always)]
fn namespace_of(skb: Struct) -> u32 {
    let device = skb.follow(offset!(skb_device)).and_then(|device| device.follow(offset!(device_namespace)));
    if let Some(namespace) = device {
        return namespace.field(offset!(namespace_inode));
    }
    let socket = skb.follow(offset!(skb_socket)).and_then(|sock| sock.follow(offset!(sock_namespace)));
    socket.map_or(0, |namespace| namespace.field(offset!(namespace_inode)))
}

/// Reads the IP header from where the kernel says it is.
#[inline(always)]
fn read_ip(skb: Struct) -> Option<Ip> {
    let head: u64 = skb.field(offset!(skb_head));
    let at = head + u64::from(skb.field::<u16>(offset!(skb_network_header)));
    match u16::from_be(skb.field::<u16>(offset!(skb_protocol))) {
        ETH_P_IP => {
            let header: [u32; 5] = kernel::read(at)?;
            let [version_and_length, _, high, low] = header[0].to_ne_bytes();
            let fragment = u32::from_be(header[1]) & 0x1fff;
            Some(Ip {
                source: packet::mapped(header[3]),
                destination: packet::mapped(header[4]),
                protocol: header[2].to_ne_bytes()[1],
                transport: if fragment == 0 { at + u64::from(version_and_length & 0xf) * 4 } else { 0 },
                length: u64::from(u16::from_be_bytes([high, low])),
            })
        }
        ETH_P_IPV6 => {
            let header: [u8; 40] = kernel::read(at)?;
            let mut ip = Ip {
                source: [0; 16],
                destination: [0; 16],
                protocol: header[6],
                transport: at + 40,
                length: u64::from(u16::from_be_bytes([header[4], header[5]])) + 40,
            };
            ip.source.copy_from_slice(&header[8..24]);
            ip.destination.copy_from_slice(&header[24..40]);
            Some(ip)
        }
        _ => None,
    }
}

#[inline(always)]
fn ports(ip: &Ip) -> (u16, u16) {
    if ip.transport == 0 || (ip.protocol != packet::TCP && ip.protocol != packet::UDP) {
        return (0, 0);
    }
    let Some([a, b, c, d]) = kernel::read::<[u8; 4]>(ip.transport) else { return (0, 0) };
    (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
}
