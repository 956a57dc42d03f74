//! Packets with a long header, RFC 9000 section 17.2; several may come in one datagram (section 12.2).

use crate::tls::Fields;

use super::version::Version;

/// Long header form, and the bit that is fixed.
const LONG_HEADER: u8 = 0b1100_0000;
/// RFC 9000 section 17.2: longer ones are for other versions.
const CONNECTION_ID_MAX: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Initial,
    ZeroRtt,
    Handshake,
    Retry,
}

/// One packet. Its number and payload are protected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) version: Version,
    pub(super) kind: Kind,
    /// The connection id that it goes to.
    pub(super) destination: &'a [u8],
    /// All of it, as far as it was captured.
    pub(super) bytes: &'a [u8],
    /// Where in it the packet number begins.
    pub(super) number_at: usize,
    /// What comes behind it in its datagram.
    pub(super) rest: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads the header of the first packet. Absent where it has a short one, or none of a known version.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let first = fields.byte().filter(|first| first & LONG_HEADER == LONG_HEADER)?;
        let version = Version::of(u32::from_be_bytes(*fields.take(4)?.first_chunk()?))?;
        let kind = version.kind(first);
        let destination = connection_id(&mut fields)?;
        let _source = connection_id(&mut fields)?;
        if kind == Kind::Retry {
            return Some(Self { version, kind, destination, bytes, number_at: bytes.len(), rest: &[] });
        }
        if kind == Kind::Initial {
            let token = varint(&mut fields)?;
            fields.take(usize::try_from(token).ok()?)?;
        }
        let length = usize::try_from(varint(&mut fields)?).ok()?;
        let number_at = bytes.len() - fields.0.len();
        let (bytes, rest) = bytes.split_at(number_at.saturating_add(length).min(bytes.len()));
        Some(Self { version, kind, destination, bytes, number_at, rest })
    }
}

/// The packets of a datagram, up to one that cannot be read.
pub(super) fn packets(datagram: &[u8]) -> impl Iterator<Item = Packet<'_>> {
    let mut next = Packet::read(datagram);
    std::iter::from_fn(move || {
        let packet = next?;
        next = Packet::read(packet.rest);
        Some(packet)
    })
}

fn connection_id<'a>(fields: &mut Fields<'a>) -> Option<&'a [u8]> {
    fields.short_vector().filter(|id| id.len() <= CONNECTION_ID_MAX)
}

/// RFC 9000 section 16.
pub(super) fn varint(fields: &mut Fields<'_>) -> Option<u64> {
    let first = fields.byte()?;
    let more = fields.take((1 << (first >> 6)) - 1)?;
    Some(more.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length() {
        let read = |bytes: &[u8]| varint(&mut Fields(bytes));
        assert_eq!(read(&[0x25]), Some(37));
        assert_eq!(read(&[0x7b, 0xbd]), Some(15_293));
        assert_eq!(read(&[0x9d, 0x7f, 0x3e, 0x7d]), Some(494_878_333));
        assert_eq!(read(&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c]), Some(151_288_809_941_952_652));
        assert_eq!(read(&[0xc2, 0x19]), None);
    }

    #[test]
    fn several_packets_in_a_datagram() {
        let initial = [0xc0, 0, 0, 0, 1, 2, 8, 8, 1, 9, 0, 4, 1, 2, 3, 4];
        let handshake = [0xe0, 0, 0, 0, 1, 2, 8, 8, 1, 9, 3, 1, 2, 3];
        let datagram = [&initial[..], &handshake, &[0x40, 1, 2]].concat();
        let kinds: Vec<_> = packets(&datagram).map(|packet| (packet.kind, packet.bytes.len())).collect();
        assert_eq!(kinds, [(Kind::Initial, initial.len()), (Kind::Handshake, handshake.len())]);
        assert_eq!(packets(&datagram).map(|packet| packet.number_at).collect::<Vec<_>>(), [12, 11]);
    }

    #[test]
    fn what_is_none_is_not_read() {
        for wrong in [&[][..], &[0xc0], &[0x40, 0, 0, 0, 1], &[0xc0, 9, 9, 9, 9, 0, 0], &[0xc0, 0, 0, 0, 1, 21]] {
            assert!(Packet::read(wrong).is_none());
        }
        let endless = [0xc0, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 7];
        assert_eq!(packets(&endless).map(|packet| packet.bytes.len()).collect::<Vec<_>>(), [endless.len()]);
    }
}
