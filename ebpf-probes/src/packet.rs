//! Headers of a packet, by direct access.

use aya_ebpf::bindings::__sk_buff;
use goldwire_probe_events::Addresses;

pub const TCP: u8 = 6;
pub const UDP: u8 = 17;

/// Above all offsets that [`Packet::read`] finds.
const LARGEST_OFFSET: u32 = 0x1fff;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const DESTINATION_OPTIONS: u8 = 60;

/// Where the transport header is.
#[derive(Clone, Copy)]
pub struct Packet {
    pub skb: *mut __sk_buff,
    pub protocol: u8,
    is_ipv6: bool,
    /// Of the transport header, from the IP header.
    pub offset: u32,
}

impl Packet {
    /// Reads the IP header. `None` for anything else, and for fragments other than the first.
    #[inline(always)]
    pub fn read(skb: *mut __sk_buff) -> Option<Self> {
        let first: *const u8 = bytes(skb, 0, 20)?;
        // SAFETY: 20 bytes are there.
        let version_and_length = unsafe { *first };
        if version_and_length >> 4 == 4 {
            // SAFETY: as above.
            let (protocol, fragment) = unsafe { (*first.add(9), u16::from_be_bytes([*first.add(6), *first.add(7)])) };
            if fragment & 0x1fff != 0 {
                return None;
            }
            return Some(Self { skb, protocol, is_ipv6: false, offset: u32::from(version_and_length & 0xf) * 4 });
        }
        if version_and_length >> 4 != 6 {
            return None;
        }
        let first: *const u8 = bytes(skb, 0, 40)?;
        // SAFETY: 40 bytes are there.
        let mut protocol = unsafe { *first.add(6) };
        let mut offset = 40;
        // A big buffer has a hop-by-hop header with its length, other extensions are rare.
        if protocol == HOP_BY_HOP || protocol == ROUTING || protocol == DESTINATION_OPTIONS {
            (protocol, offset) = extension(skb, offset)?;
            if protocol == HOP_BY_HOP || protocol == ROUTING || protocol == DESTINATION_OPTIONS {
                (protocol, offset) = extension(skb, offset)?;
            }
        }
        Some(Self { skb, protocol, is_ipv6: true, offset })
    }

    /// The transport header's first `length` bytes.
    #[inline(always)]
    pub fn transport(&self, length: usize) -> Option<*const u8> {
        bytes(self.skb, self.offset, length)
    }

    /// Length from the IP header on.
    #[inline(always)]
    pub fn length(&self) -> u32 {
        // SAFETY: a field of the context.
        unsafe { (*self.skb).len }
    }

    /// Writes addresses and ports as the socket sees them, of a packet that it sends if `sent`. False where they are not there.
    ///
    /// Not inlined, since each use would take much of the 512 bytes of stack.
    #[inline(never)]
    pub fn read_addresses(&self, sent: bool, to: &mut Addresses) -> bool {
        self.write_addresses(sent, to).is_some()
    }

    #[inline(always)]
    fn write_addresses(&self, sent: bool, to: &mut Addresses) -> Option<()> {
        let (source, destination) =
            if sent { (&mut to.local, &mut to.remote) } else { (&mut to.remote, &mut to.local) };
        if self.is_ipv6 {
            let header = bytes(self.skb, 0, 40)?;
            // SAFETY: 40 bytes are there.
            unsafe {
                *source = header.add(8).cast::<[u8; 16]>().read_unaligned();
                *destination = header.add(24).cast::<[u8; 16]>().read_unaligned();
            }
        } else {
            let header = bytes(self.skb, 0, 20)?;
            // SAFETY: 20 bytes are there.
            unsafe {
                *source = mapped(header.add(12).cast::<u32>().read_unaligned());
                *destination = mapped(header.add(16).cast::<u32>().read_unaligned());
            }
        }
        let ports = self.transport(4)?;
        // SAFETY: 4 bytes are there.
        let (source, destination) = unsafe {
            (
                u16::from_be(ports.cast::<u16>().read_unaligned()),
                u16::from_be(ports.add(2).cast::<u16>().read_unaligned()),
            )
        };
        (to.local_port, to.remote_port) = if sent { (source, destination) } else { (destination, source) };
        Some(())
    }
}

/// No addresses yet.
pub const NO_ADDRESSES: Addresses = Addresses { local: [0; 16], remote: [0; 16], local_port: 0, remote_port: 0 };

/// An IPv4 address, in the network's order, as IPv4-mapped IPv6.
#[inline(always)]
pub fn mapped(address: u32) -> [u8; 16] {
    let [a, b, c, d] = address.to_ne_bytes();
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]
}

/// `length` bytes from `offset` on, where they are in the linear part of the buffer.
#[inline(always)]
fn bytes(skb: *mut __sk_buff, offset: u32, length: usize) -> Option<*const u8> {
    // SAFETY: fields of the context; the verifier knows them as packet pointers.
    let (start, end) = unsafe { ((*skb).data as usize, (*skb).data_end as usize) };
    // The bound is for the verifier, which forgets what it knew of a value that was kept in memory.
    let at = start + (offset & LARGEST_OFFSET) as usize;
    (at + length <= end).then_some(at as *const u8)
}

/// Passes one IPv6 extension header: the next protocol and where it begins.
#[inline(always)]
fn extension(skb: *mut __sk_buff, offset: u32) -> Option<(u8, u32)> {
    let header = bytes(skb, offset, 2)?;
    // SAFETY: 2 bytes are there.
    let (next, length) = unsafe { (*header, *header.add(1)) };
    Some((next, offset + 8 + u32::from(length) * 8))
}
