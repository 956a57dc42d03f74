//! What follows a head, and where it ends.

use super::chunked::Chunked;

/// How the rest of a message is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes are left; 0 where there is no body.
    Length(u64),
    Chunked(Chunked),
    /// Everything until the connection closes.
    UntilClose,
    /// The place was lost (bytes in between were not captured, or the length was told wrongly). It ends before the next
    /// segment that starts like a message, or with a segment that ends like the last chunk. `lost` says that events went
    /// missing behind the last byte that was seen.
    Blind {
        lost: bool,
    },
    /// The connection is no longer HTTP.
    Tunnel,
}

impl Body {
    pub(super) const NONE: Self = Self::Length(0);
    pub(super) const BLIND: Self = Self::Blind { lost: false };

    /// What the request and the status say about a response's body, RFC 9112 section 6.3, rules 1 and 2.
    pub(super) fn of_response(self, status: u16, method: Option<&str>) -> Self {
        match (status, method) {
            (101, _) => Self::Tunnel,
            (200..=299, Some("CONNECT")) => Self::Tunnel,
            (100..=199 | 204 | 304, _) | (_, Some("HEAD")) => Self::NONE,
            _ => self,
        }
    }

    /// Bytes that are known to belong to the body and tell nothing by themselves.
    pub(super) fn needless(self) -> u64 {
        match self {
            Self::Length(left) => left,
            Self::Chunked(chunked) => chunked.needless(),
            Self::UntilClose | Self::Blind { .. } | Self::Tunnel => 0,
        }
    }
}
