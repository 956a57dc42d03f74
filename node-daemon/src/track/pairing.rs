//! What both ends of a connection have in common, whatever translates addresses between them.

use goldwire_l7::Position;
use goldwire_model::record::{Detail, Ends, PairingId, Transport};

use crate::decode::{Direction, SequenceNumber};

use super::flow::Flow;

/// Numbers of the first bytes of a connection's streams, as its socket sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Firsts {
    pub(super) sent: SequenceNumber,
    pub(super) received: SequenceNumber,
}

impl Firsts {
    /// The id of a TCP connection. The client's number is in the upper half.
    pub(super) fn pairing(self, is_client: bool) -> PairingId {
        let (client, server) = if is_client { (self.sent, self.received) } else { (self.received, self.sent) };
        PairingId(u64::from(client.0) << 32 | u64::from(server.0))
    }

    const fn of(self, direction: Direction) -> SequenceNumber {
        match direction {
            Direction::Egress => self.sent,
            Direction::Ingress => self.received,
        }
    }
}

impl Flow {
    /// Learns the numbers of the streams' first bytes.
    pub(super) fn begins_with(&mut self, firsts: Firsts, is_client: bool) {
        self.firsts = Some(firsts);
        self.about.ends.pairing = Some(firsts.pairing(is_client));
    }

    /// How far behind the client's first byte the offsets of its stream begin to count. Absent where that byte's number is not
    /// known.
    pub(super) fn origin(&self) -> Option<u32> {
        let direction = if self.is_client() { Direction::Egress } else { Direction::Ingress };
        let (first, base) = (self.firsts?.of(direction), self.streams[direction as usize].base()?);
        Some(base.0.wrapping_sub(first.0))
    }
}

/// Where an exchange is, for its record.
pub(super) fn position(position: Option<Position>, origin: Option<u32>) -> Option<u32> {
    match position? {
        // The lower half is enough to tell it from others of its time.
        Position::Offset(offset) => origin.map(|origin| origin.wrapping_add(offset as u32)),
        Position::Number(number) => Some(number),
    }
}

/// The id of an exchange over UDP, by what both ends read: of DNS the id of its messages, and its question.
pub(super) fn of_datagrams(ends: &Ends, position: Option<Position>, detail: &Detail) -> Option<PairingId> {
    let (Transport::Udp, Some(Position::Number(number))) = (ends.transport, position) else { return None };
    let Detail::Dns { name, question_type, .. } = detail else { return None };
    let name = name.bytes().map(|byte| byte.to_ascii_lowercase());
    let bytes = number.to_be_bytes().into_iter().chain(name).chain([b'/']).chain(question_type.bytes());
    Some(PairingId(digest(bytes)))
}

/// FNV-1a, which every node computes alike.
pub(super) fn digest(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_have_one_id() {
        let client = Firsts { sent: SequenceNumber(7), received: SequenceNumber(u32::MAX) };
        let server = Firsts { sent: client.received, received: client.sent };
        assert_eq!(client.pairing(true), server.pairing(false));
        assert_eq!(client.pairing(true), PairingId(0x7_ffff_ffff));
        assert_ne!(client.pairing(true), server.pairing(true));
    }

    #[test]
    fn an_offset_counts_from_the_first_byte_and_a_number_does_not() {
        assert_eq!(position(Some(Position::Offset(1 << 33 | 5)), Some(10)), Some(15));
        assert_eq!(position(Some(Position::Offset(5)), None), None);
        assert_eq!(position(Some(Position::Number(5)), None), Some(5));
        assert_eq!(position(None, Some(0)), None);
    }
}
