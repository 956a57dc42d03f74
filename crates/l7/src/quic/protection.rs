//! Opens a client's first packets: their keys come from the connection id that the client chose for the server, RFC 9001
//! section 5.2. That is no secret: it keeps others from forging, not from reading.

use std::fmt;

use rustls::{
    Side,
    crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256,
    quic::{DirectionalKeys, Suite},
};

use super::{packet::Packet, version::Version};

/// The sample of a packet is taken behind a packet number of the greatest length, RFC 9001 section 5.4.2.
const NUMBER_MAX: usize = 4;

/// Keys of what the client sends first.
pub(super) struct Keys {
    version: Version,
    connection_id: Box<[u8]>,
    keys: DirectionalKeys,
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keys").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Keys {
    /// Of the connection that begins with this packet. Absent for versions of which the salt is not known.
    pub(super) fn of(packet: &Packet<'_>) -> Option<Self> {
        let Packet { version, destination, .. } = *packet;
        let suite = TLS13_AES_128_GCM_SHA256.tls13()?;
        let quic = suite.quic?;
        let keys = Suite { suite, quic }.keys(destination, Side::Server, version.protection()?).remote;
        Some(Self { version, connection_id: destination.into(), keys })
    }

    /// Whether the packet's own header leads to these keys.
    pub(super) fn are_of(&self, packet: &Packet<'_>) -> bool {
        self.version == packet.version && *self.connection_id == *packet.destination
    }

    /// The frames of a packet; absent where it is protected with other keys, or was not captured whole.
    pub(super) fn open<'a>(&self, packet: &Packet<'_>, room: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        room.clear();
        room.extend_from_slice(packet.bytes);
        let (header, protected) = room.split_at_mut_checked(packet.number_at)?;
        let (number, behind) = protected.split_at_mut_checked(NUMBER_MAX)?;
        let sample = behind.get(..self.keys.header.sample_len())?;
        let first = header.first_mut()?;
        self.keys.header.decrypt_in_place(sample, first, number).ok()?;
        let number_length = usize::from(*first & 3) + 1;
        let value = number[..number_length].iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let (header, payload) = room.split_at_mut_checked(packet.number_at + number_length)?;
        self.keys.packet.decrypt_in_place(value, header, payload).ok()
    }
}
