//! The start of a session (section "Connection Phase"): what both sides can do decides how results look.

use super::packets::Packet;

/// Version of the protocol, the greeting's first byte.
pub(super) const PROTOCOL: u8 = 10;
/// Flags of what a side can do.
pub(super) const PROTOCOL_41: u32 = 1 << 9;
const COMPRESS: u32 = 1 << 5;
const SSL: u32 = 1 << 11;
const DEPRECATE_EOF: u32 = 1 << 24;
const OPTIONAL_METADATA: u32 = 1 << 25;
const ZSTD: u32 = 1 << 26;
const QUERY_ATTRIBUTES: u32 = 1 << 27;
/// Payload of a client that wants to encrypt: flags, longest packet, character set, filler.
const SSL_REQUEST_LENGTH: u64 = 32;
/// Longest version that is believed.
const VERSION_MAX: usize = 128;

/// What the two sides agreed on. Absent where the start was not seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Agreed {
    /// Rows end with an OK packet, and nothing is between definitions and rows.
    pub(super) deprecate_eof: Option<bool>,
    /// The number of columns has a flag in front of it.
    pub(super) optional_metadata: bool,
    /// Statements have their attributes in front of them.
    pub(super) query_attributes: Option<bool>,
}

/// What the server can do. Nothing where this is no greeting.
pub(super) fn server_flags(payload: &[u8]) -> Option<u32> {
    let version = payload.get(1..).filter(|_| payload[0] == PROTOCOL)?;
    let end = version.iter().take(VERSION_MAX).position(|byte| *byte == 0)?;
    // Thread, the first 8 bytes of a random text, a zero.
    let rest = version.get(end + 1 + 4 + 8..)?;
    let [0, low, middle, _, _, _, high, top, ..] = rest else { return None };
    Some(u32::from_le_bytes([*low, *middle, *high, *top]))
}

/// What a client's first packet asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    Encrypt,
    /// Nothing that is compressed is read.
    Compress,
    Speak(Agreed),
}

pub(super) fn client_wish(packet: &Packet<'_>, server_flags: u32) -> Option<Wish> {
    let flags = u32::from_le_bytes(*packet.payload.first_chunk()?);
    if flags & SSL != 0 && packet.length == SSL_REQUEST_LENGTH {
        return Some(Wish::Encrypt);
    }
    let both = flags & server_flags;
    if both & (COMPRESS | ZSTD) != 0 {
        return Some(Wish::Compress);
    }
    Some(Wish::Speak(Agreed {
        deprecate_eof: Some(both & DEPRECATE_EOF != 0),
        optional_metadata: both & OPTIONAL_METADATA != 0,
        query_attributes: Some(both & QUERY_ATTRIBUTES != 0),
    }))
}
